import KafkaClient
import Observability
import Orchestration
import Wire

/// Requests that somebody has cancelled.
extension RequestHandler {
    /// The answer to a request that was cancelled before it began, whether it waited, failed and was to be tried again, or has only just come.
    func answer(cancelled execution: Execution, _ result: StepResult) -> [OutgoingRecord] {
        execution.close()
        self.metrics.cancelledBeforeStart()
        self.log(cancelled: execution, result, stage: "waiting")
        return self.replies(to: execution, result, startedAt: WireTime.now, milliseconds: 0)
    }

    func log(cancelled execution: Execution, _ result: StepResult, stage: String) {
        guard let leftOut = self.throttle.admit(at: monotonicMilliseconds()) else { return }
        let metadata: Logger.Metadata = [
            "request_id": "\(execution.request.requestID)", "orchestrator": "\(execution.request.orchestrator)", "stage": "\(stage)",
            "reason": "\(result.error ?? "")", "issued_by": "\(result.metadata["cancelled_by"]?.stringValue ?? "")",
        ]
        self.logger.info("request cancelled", metadata: metadata.merging(leftOut) { $1 })
    }
}
