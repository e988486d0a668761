import JSON
import Orchestration
import Wire

/// Fixed values of every kind of message.
enum Samples {
    static let source = "/orchestration-fleet/domain/domain-1"
    /// `2026-11-21T10:15:30.123Z`.
    static let time: Int64 = 1_795_256_130_123
    static let id = "5f0a2c3e-7d1b-4a0e-9d55-2f6f1f0c9a11"
    static let signalID = "article-7.signal.0"

    // MARK: Requests

    static let minimalRequest = Request(id: "req-1", orchestrator: "echo", tenantID: "acme")

    static let fullRequest: Request = {
        var request = Request(
            id: Samples.id,
            orchestrator: "fallback_autonomous",
            tenantID: "acme",
            requestID: "article-7",
            traceID: "4bf92f3577b34da6a3ce929d0e0e4736",
            parentOrchestrator: "newsroom",
            depth: 2,
            metadata: ["desk": "city", "priority": 3, "tags": ["a", nil, true]],
            kwargs: ["url": "file:///samples/transport-policy.txt", "depth": "standard", "title": "Über \"Züge\"\n漢字 😀", "ratio": 0.25],
            source: "/newsroom/submit"
        )
        request.event.time = WireTime.text(Samples.time)
        request.event.correlationID = "job-1"
        request.event.causationID = "parent-1"
        request.event.traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        request.event.tracestate = "vendor=value"
        request.event.deadline = Samples.time + 60_000
        request.event.notBefore = Samples.time + 1_000
        request.event.priority = 7
        request.event.idempotencyKey = "article-7/standard"
        request.event.attempt = 2
        request.event.replyAddress = ReplyAddress(topic: "newsroom.replies")
        return request
    }()

    static let springRequest: Request = {
        var request = Request(id: "req-2", orchestrator: "echo", tenantID: "acme", kwargs: ["greeting": "hello"], source: "/spring")
        request.event.replyAddress = ReplyAddress(
            topic: "spring.replies",
            partition: 3,
            correlationID: [0x00, 0xff, 0x10, 0x80, 0x7f, 0x20, 0x61, 0xc3]
        )
        return request
    }()

    /// `minimalRequest` with a time of expiry, as a producer sends it that puts all into the value.
    static let envelope: [UInt8] = {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("specversion", "1.0")
        writer.member("id", Samples.minimalRequest.id)
        writer.member("type", Request.type)
        writer.member("source", "/orchestration-fleet")
        writer.member("datacontenttype", "application/json")
        writer.member("expirytime", WireTime.text(Samples.time))
        writer.key("data")
        writer.raw(Samples.minimalRequest.encode().value)
        writer.endObject()
        return writer.bytes
    }()

    static let envelopeHeaders = RecordHeaders(["content-type": "application/cloudevents+json; charset=UTF-8", "x-priority": "4"])

    static let enveloped: Request = {
        var request = Samples.minimalRequest
        request.event.deadline = Samples.time
        request.event.priority = 4
        return request
    }()

    // MARK: Replies

    private static func reply(
        _ result: StepResult,
        attempt: Int = 1,
        queued: Double? = 1.25,
        orchestrator: String = "fallback_autonomous"
    ) -> Reply {
        Reply(
            requestID: "article-7",
            orchestrator: orchestrator,
            layer: .domain,
            worker: "domain-1",
            attempt: attempt,
            result: result,
            queuedMilliseconds: queued,
            processingMilliseconds: 8.416
        )
    }

    static let replies: [(name: String, reply: Reply)] = [
        ("success", Self.reply(.ok(["summary": "Trains run more often.", "sources": 2, "scores": [0.5, 1, -0.0, 1e21]]))),
        ("warnings", Self.reply(.successWithWarnings(["The second source was not reachable."], ["sources": 1]))),
        ("uncertain", Self.reply(.uncertain(["claim": "unverified"]))),
        ("skipped", Self.reply(.skip(reason: "already analysed", ["duplicate_of": "article-6"]))),
        ("cancelled", Self.reply(.cancelled(reason: "The desk withdrew the article."))),
        ("input-required", Self.reply(.inputRequired(prompt: "Which edition?", ["choices": ["morning", "evening"]]), queued: nil)),
        ("failure", Self.reply(.fail("The document could not be read", category: .parsingError, retryable: false))),
        ("failure-with-details", Self.reply(Samples.failure, attempt: 3)),
        // What the sender of an undecodable record gets.
        ("refusal", Self.reply(.fail("At byte 1: expected a member name.", category: .validation), queued: nil, orchestrator: "")),
    ]

    private static let failure = StepResult(
        success: false,
        data: ["partial": ["pages": 3]],
        error: "Content acquisition failed: \"timeout\" after 3 tries\n",
        errorCategory: .timeout,
        retryable: true,
        metadata: ["tries": 3],
        errorContext: ErrorContext(
            errorID: "err_1795256130123456",
            timestamp: 1_795_256_130.123,
            operation: "acquire",
            component: "fallback_autonomous",
            tenant: "acme",
            workspace: "city",
            requestID: "article-7",
            stackTrace: "never sent",
            additionalContext: ["url": "file:///samples/broken-captions.srt"]
        ),
        errorSeverity: .high,
        recoveryStrategy: ErrorRecoveryStrategy(
            errorCategories: [.timeout, .network],
            maxRetries: 5,
            retryDelayBase: 0.5,
            alertOnFailure: true
        ),
        performanceImpact: 0.75,
        suggestedActions: ["Increase timeout values"],
        relatedErrors: ["err_1795256129000000"]
    )

    /// Headers of a reply: those of an answer to Spring for one, the usual ones for the others.
    static func headers(of reply: String) -> RecordHeaders {
        let event = reply == "success" ? Samples.fullRequest.event : Samples.springRequest.event
        return Reply.headers(answering: event, source: Samples.source, time: Samples.time)
    }

    // MARK: The others

    static let signals: [(name: String, signal: FeedbackSignal)] = [
        (
            "agent-task",
            FeedbackSignal(
                source: .agentTask,
                componentType: .agent,
                componentID: "fact_checker",
                reward: 0.93,
                context: ["success": true, "duration_s": 0.7],
                metadata: ["request_id": "article-7", "decision_id": "d-1", "policy_version": 12, "propensity": 0.75]
            )
        ),
        (
            "correction",
            FeedbackSignal(
                signalID: "rating-9",
                source: .userExplicit,
                componentType: .prompt,
                componentID: "summary/short",
                reward: 0,
                confidence: 1,
                timestamp: 1_790_000_000.123,
                version: 2
            )
        ),
    ]

    static let decisions: [(name: String, decision: Decision)] = [
        (
            "minimal",
            Decision(
                id: "1011dd5a8f908e424ee825057fa91f4d",
                chosen: ComponentID(.model, "small"),
                candidates: ["small"],
                propensity: 1,
                scopeID: "req-1",
                requestID: "req-1",
                rootID: "req-1",
                decidedAt: 1_795_256_130.123
            )
        ),
        (
            "full",
            Decision(
                id: "d-1",
                chosen: ComponentID(.prompt, "summary/short"),
                candidates: ["summary/long", "summary/short", "„Züge“ 😀"],
                propensity: 0.8125,
                policyVersion: 12,
                situation: ["target": "quality", "complexity": "simple", "tags": ["a", "b"], "input_length": 420],
                scope: .session,
                scopeID: "session-9",
                requestID: "article-7",
                rootID: "job-1",
                depth: 2,
                decidedAt: 1_795_256_130.5,
                experiment: Decision.Experiment(
                    name: "shorter",
                    variant: "control",
                    shadow: Decision.Shadow(variant: "short", componentID: "summary/short")
                )
            )
        ),
    ]

    static let progress = ProgressNotice(
        requestID: "article-7",
        orchestrator: "fallback_autonomous",
        layer: .domain,
        worker: "domain-1",
        progress: Progress(stage: "pipeline", step: 2, total: 5, message: "Running the basic content pipeline", data: ["pages": 3]),
        timestamp: 1_795_256_130.123
    )

    static let policy = PolicySnapshot(
        policyVersion: 13,
        componentType: .agent,
        componentID: "fact_checker",
        signals: 412,
        meanReward: 0.871,
        bySource: [.userExplicit: 14, .agentTask: 398],
        availability: .disabled,
        reason: "health 0.21 after 40 signals",
        health: ComponentHealth(
            averageReward: 0.5,
            rewardDeviation: 0.4,
            errorRate: 0.3,
            sampleSize: 100,
            runningReward: 0.625,
            score: 0.21
        ),
        learners: ["lin_ts": ["version": 1, "algorithm": "lin_ts", "learner": ["models": [], "ridge": 1]]],
        details: ["tasks": 7],
        firstSignalAt: 1_790_000_000.5,
        lastSignalAt: 1_795_256_130.25,
        updatedAt: 1_795_256_131,
        worker: "feedback-1"
    )

    static let commands: [(name: String, command: ControlCommand)] = [
        ("minimal", ControlCommand(.cancel(requestID: "req-1"))),
        (
            "disable",
            ControlCommand(
                .component(ComponentID(.model, "openai/gpt-4"), .disable),
                reason: "The provider has an outage",
                issuedBy: "operator@desk",
                time: Samples.time - 5
            )
        ),
        ("enable", ControlCommand(.component(ComponentID(.tool, "search"), .enable), issuedBy: "operator@desk", time: Samples.time - 5)),
        ("reset", ControlCommand(.component(ComponentID(.agent, "writer"), .reset), reason: "It was replaced", time: Samples.time - 5)),
        (
            "define",
            ControlCommand(
                .define(
                    experiment: "claude-for-summaries",
                    definition: ["type": "model", "control": ["policy": "current"], "variants": ["claude": ["fraction": 0.1]]]
                ),
                reason: "It may be as good and cheaper",
                issuedBy: "operator@desk",
                time: Samples.time - 5
            )
        ),
        ("stop", ControlCommand(.stop(experiment: "claude-for-summaries"), reason: "It is not", time: Samples.time - 5)),
        (
            "cancel",
            ControlCommand(
                .cancel(requestID: "article-7"),
                reason: "The desk withdrew the article: „Züge“ 😀",
                issuedBy: "editor@newsroom",
                time: Samples.time - 5
            )
        ),
    ]

    static let remembered: [(name: String, reply: RememberedReply)] = [
        (
            "success",
            RememberedReply(
                scope: "acme/article-7",
                requestID: "article-7",
                orchestrator: "fallback_autonomous",
                fingerprint: Samples.fullRequest.fingerprint,
                time: Samples.time,
                result: .ok(["summary": "Trains run more often.", "sources": 2])
            )
        ),
        (
            "failure",
            RememberedReply(
                scope: "acme/a/b",
                requestID: "req-2",
                orchestrator: "echo",
                fingerprint: 0x00ff_0000_0000_0001,
                time: Samples.time,
                result: .fail("The document could not be read", category: .parsingError)
            )
        ),
    ]

    static let exhausted = Samples.springRequest.encode().headers.withView { original in
        DeadLetter(
            reason: .exhausted,
            sourceTopic: "orchestration.requests.domain",
            sourcePartition: 4,
            sourceOffset: 90_211,
            sourceTimestamp: Samples.time - 1_000,
            consumerGroup: "fleet.domain",
            attempts: 3,
            crashAttempts: 1,
            firstFailureAt: Samples.time,
            lastFailureAt: Samples.time + 12_000,
            errorCategory: ErrorCategory.processing.rawValue,
            errorMessage: String(repeating: "é", count: 600),
            orchestrator: "fallback_autonomous",
            worker: "domain-2",
            replayCount: 1
        ).headers(keeping: original)
    }

    static let undecodable = RecordHeaders(["content-type": "text/plain", "x-dlq-reason": "poison"]).withView { original in
        DeadLetter(
            reason: .undecodable,
            sourceTopic: "orchestration.requests.domain",
            sourcePartition: 0,
            sourceOffset: 0,
            consumerGroup: "fleet.domain",
            firstFailureAt: 0,
            lastFailureAt: 0,
            errorCategory: ErrorCategory.validation.rawValue,
            errorMessage: "content-type \"text/plain\" is not read here: use application/json or application/cloudevents+json",
            worker: "domain-1"
        ).headers(keeping: original)
    }
}
