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

    /// A cancelled handler has not ended within the grace; its request is answered without it.
    func logGivenUp(_ execution: Execution) {
        self.logger.warning(
            "orchestrator_stuck",
            metadata: [
                "orchestrator": "\(execution.request.orchestrator)", "layer": "\(self.identity.layer.rawValue)",
                "tenant_id": "\(execution.request.tenantID)", "request_id": "\(execution.request.requestID)",
                "depth": "\(execution.request.depth)",
            ]
        )
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
