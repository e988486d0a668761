import Delivery
import JSON
import KafkaClient
import Observability
import Orchestration
import Wire

/// Requests with an idempotency key.
extension RequestHandler {
    /// The memory of replies, and the topic that it is published to.
    struct Memory: Sendable {
        let idempotency: Idempotency
        let topic: ProducerTopic
    }

    func partitionsCame() { self.memory?.idempotency.partitionsCame() }

    /// Answers a request from memory, or runs it and remembers what came of it.
    ///
    /// One that has to wait gives its runner back and comes again: a runner that slept here would be missing for requests that need not wait.
    func handle(
        _ execution: Execution,
        _ cancellation: RunCancellation,
        idempotencyKey: String,
        _ replies: RememberedReplies
    ) async -> Handling {
        let request = execution.request
        let scope = RememberedReply.scope(tenantID: request.tenantID, idempotencyKey: idempotencyKey)
        let now = WireTime.now
        switch replies.begin(scope, now: now, tick: monotonicMilliseconds()) {
        case .remembered(let reply):
            let isSame = reply.fingerprint == request.fingerprint
            return .done(
                isSame ? self.replay(reply, to: execution) : self.refuse(execution, idempotencyKey: idempotencyKey, usedFor: reply)
            )
        case .wait(let milliseconds):
            // What is not going to run in any case need not wait.
            let isExpired = request.event.deadline.map { $0 <= now } ?? false
            guard isExpired || execution.attempt.isPoison else {
                execution.close()
                return .later(after: .milliseconds(milliseconds))
            }
            return await self.run(execution, cancellation)
        case .run:
            guard execution.attempt.isPoison else { return await self.run(execution, cancellation, rememberedAs: scope) }
            defer { replies.end(scope) }
            return await self.run(execution, cancellation)
        }
    }

    /// What is to be published of a result that is remembered from now on; nil for one that is not, or only in this process.
    func remember(_ result: StepResult, of execution: Execution, as scope: String) -> OutgoingRecord? {
        guard let memory = self.memory, result.isRememberable else { return nil }
        let reply = RememberedReply(
            scope: scope,
            requestID: execution.request.requestID,
            orchestrator: execution.request.orchestrator,
            fingerprint: execution.request.fingerprint,
            time: WireTime.now,
            result: result
        )
        guard let value = memory.idempotency.replies.remember(reply), memory.idempotency.replies.hasTopic else { return nil }
        return OutgoingRecord(
            purpose: .memory,
            topic: memory.topic,
            key: .bytes(reply.key),
            value: value,
            headers: reply.headers(causedBy: execution.request.event, source: self.identity.source)
        )
    }

    private func replay(_ reply: RememberedReply, to execution: Execution) -> [OutgoingRecord] {
        var result = reply.result
        result.metadata["idempotent_replay"] = true
        result.metadata["first_request_id"] = .string(reply.requestID)
        return self.answer(execution, result, outcome: "replayed")
    }

    private func refuse(_ execution: Execution, idempotencyKey: String, usedFor reply: RememberedReply) -> [OutgoingRecord] {
        let isSame = reply.orchestrator == execution.request.orchestrator
        let message = """
            The idempotency key "\(idempotencyKey)" was used for another request: \(reply.requestID), for \(reply.orchestrator)\
            \(isSame ? " with other arguments" : "")
            """
        let result = StepResult.fail(message, category: .validation, metadata: ["first_request_id": .string(reply.requestID)])
        return self.answer(execution, result, outcome: "refused")
    }

    private func answer(_ execution: Execution, _ result: StepResult, outcome: String) -> [OutgoingRecord] {
        execution.close()
        self.metrics.deduplicated(outcome)
        return self.replies(to: execution, result, startedAt: WireTime.now, milliseconds: 0)
    }
}

extension StepResult {
    /// Whether it stands for other requests that mean the same: it was done, or would fail again.
    fileprivate var isRememberable: Bool { self.success ? !self.isSkipped : self.isFailure && !self.retryable }
}
