import Delivery
import JSON
import KafkaClient
import Observability
import Orchestration
import Synchronization
import Wire

/// Which executions tell the feedback topics about their orchestrator.
public enum SignalPolicy: Sendable, Hashable {
    /// Every execution.
    case all
    /// This share of them, chosen by the request's id so that a redelivery chooses the same; 0…1.
    case sampled(Double)
    /// None; what orchestrators emit themselves is published all the same.
    case off
}

/// Serves requests: decodes, runs the orchestrator through the facade, encodes the reply and the signals.
final class RequestHandler: RecordHandler {
    /// Whose name stands in replies.
    struct Identity: Sendable {
        var layer: OrchestrationLayer
        var worker: String
        var group: String
        /// The `ce_source` of everything that is published.
        var source: String { "/orchestration-fleet/\(self.layer.rawValue)/\(self.worker)" }
    }

    /// The topics that replies and signals go to.
    struct Topics: Sendable {
        var results: ProducerTopic
        var progress: ProducerTopic
        var deadLetters: DeadLetterTopic
        var signals: [ComponentType: ProducerTopic]
        var decisions: ProducerTopic
        /// A record that comes under the name of one of these is no copy of a request.
        var retries: [String] = []
        /// Topics that a request may not name for its reply: the fleet's own, which have another meaning.
        var refusedForReplies: Set<String> = []
    }

    private let facade: OrchestrationFacade
    let identity: Identity
    private let source: String
    let topics: Topics
    private let limits: WireLimits
    private let signalPolicy: SignalPolicy
    private let retries: RetryPolicy
    private let cancelled: CancelledRequests
    private let chooser: ComponentChooser
    /// Nil when idempotency keys are ignored.
    let memory: Memory?
    let logger: Logger
    let metrics: RequestMetrics
    let throttle = LogThrottle()
    private let directTopics: DirectReplyTopics
    private let events: HandlerEvents?
    private let notify: @Sendable (OutgoingRecord) -> Void

    init(
        facade: OrchestrationFacade,
        identity: Identity,
        topics: Topics,
        limits: WireLimits,
        signalPolicy: SignalPolicy,
        retries: RetryPolicy,
        cancelled: CancelledRequests,
        chooser: ComponentChooser,
        memory: Memory? = nil,
        logger: Logger,
        metrics: RequestMetrics,
        producer: KafkaProducer,
        events: HandlerEvents?,
        notify: @escaping @Sendable (OutgoingRecord) -> Void
    ) {
        self.facade = facade
        self.identity = identity
        self.source = identity.source
        self.topics = topics
        self.limits = limits
        self.signalPolicy = signalPolicy
        self.retries = retries
        self.cancelled = cancelled
        self.chooser = chooser
        self.memory = memory
        self.logger = logger
        self.metrics = metrics
        self.directTopics = DirectReplyTopics(producer: producer, refused: topics.refusedForReplies)
        self.events = events
        self.notify = notify
    }

    func handle(_ record: ConsumedRecord, attempt: DeliveryAttempt) async -> Handling {
        let execution: Execution
        do throws(WireError) {
            if self.topics.retries.contains(record.source.topic) { try self.refuseStray(record) }
            execution = Execution(request: try self.decode(record), record: record, attempt: attempt, handler: self)
        } catch {
            return .done(await self.refuse(record, error))
        }
        await self.cancelled.waitUntilRead()
        switch self.cancelled.begin(execution.request.requestID, now: WireTime.now) {
        case .cancelled(let result):
            return .done(self.answer(cancelled: execution, result))
        case .run(let cancellation):
            defer { self.cancelled.end(execution.request.requestID, cancellation) }
            guard let memory = self.memory, let key = execution.request.event.idempotencyKey else {
                return await self.run(execution, cancellation)
            }
            return await self.handle(execution, cancellation, idempotencyKey: key, memory.idempotency.replies)
        }
    }

    /// Serves a request, or puts it away.
    ///
    /// - Parameter scope: what its reply is remembered by; nil for a request without an idempotency key.
    func run(_ execution: Execution, _ cancellation: RunCancellation, rememberedAs scope: String? = nil) async -> Handling {
        execution.attempt.isPoison ? .done(await self.putAway(execution)) : await self.serve(execution, cancellation, scope)
    }

    private func decode(_ record: ConsumedRecord) throws(WireError) -> Request {
        try record.withView { (view) throws(WireError) in
            try Request(
                decoding: view,
                limits: self.limits,
                fallbackID: "\(record.source.topic)-\(record.source.partition)-\(record.offset)"
            )
        }
    }

    private func serve(_ execution: Execution, _ cancellation: RunCancellation, _ scope: String?) async -> Handling {
        let runner = Runner.current
        let run = Execution.Run(
            started: (monotonicNanoseconds(), WireTime.now),
            cancellation: cancellation,
            scope: scope,
            runner: runner
        )
        if let events = self.events { execution.record.withView { events.record(.start, id: execution.request.id, key: $0.key) } }
        let (name, context, arguments) = (
            execution.request.orchestrator, self.context(of: execution), Arguments(execution.request.kwargs)
        )
        guard let runner else {
            return await self.conclude(
                execution,
                run,
                self.facade.orchestrate(name, context, arguments, cancelledBy: cancellation)
            )
        }
        execution.begin(run)
        let result = await self.facade.orchestrate(name, context, arguments, cancelledBy: cancellation, for: execution)
        guard let result else {
            // Given up; the execution has the result.
            runner.leaveBehind()
            return .done([])
        }
        return await self.conclude(execution, run, result)
    }

    /// What becomes of a request whose handler has ended, or was given up; once for each run.
    func conclude(_ execution: Execution, _ run: Execution.Run, _ result: StepResult) async -> Handling {
        defer { if let scope = run.scope { self.memory?.idempotency.replies.end(scope) } }
        var result = result
        let startedAt = run.started.time
        if let events = self.events { execution.record.withView { events.record(.end, id: execution.request.id, key: $0.key) } }
        let milliseconds = Double(monotonicNanoseconds() - run.started.monotonic) / 1_000_000
        if execution.record.timestamp > 0 { self.metrics.queueTime.record(Double(max(0, startedAt - execution.record.timestamp)) / 1000) }
        if run.cancellation.result != nil, result.isCancelled { self.log(cancelled: execution, result, stage: "running") }
        let isExpired = execution.request.event.deadline.map { $0 <= startedAt } ?? false
        let orchestrator = result.success ? nil : self.facade.orchestrator(named: execution.request.orchestrator)
        let isKnown = result.success || orchestrator != nil
        var decision = RetryPolicy.Decision.stands
        if isKnown, !isExpired { decision = self.decide(result, execution, own: orchestrator?.retryPolicy) }
        if case .retry(let pause) = decision {
            execution.close()
            self.logRetry(of: execution, result, after: pause)
            return .retry(after: .milliseconds(pause))
        }
        self.metrics.count(result, orchestrator: isKnown ? execution.request.orchestrator : "unknown", milliseconds: milliseconds)

        var said = execution.close()
        let decisions = said.decisions.isEmpty ? [] : self.publish(said.decisions, of: execution, in: &result, time: startedAt)
        var outputs = self.replies(to: execution, result, startedAt: startedAt, milliseconds: milliseconds)
        outputs += decisions
        if isExpired || !isKnown {
            let error = WireError(isExpired ? .expired : .unknownOrchestrator, result.error ?? "")
            outputs.append(await self.deadLetter(execution.record, error, category: result.errorCategory, execution))
        } else if decision == .exhausted {
            let error = WireError(.exhausted, result.error ?? "")
            outputs.append(await self.deadLetter(execution.record, error, category: result.errorCategory, execution))
        }
        if said.dropped.signals + said.dropped.decisions > 0 {
            self.logger.warning(
                "signals dropped",
                metadata: [
                    "request_id": "\(execution.request.requestID)", "signals": "\(said.dropped.signals)",
                    "decisions": "\(said.dropped.decisions)",
                ]
            )
        }
        if isKnown, !isExpired, self.signalPolicy.includes(execution.request.requestID),
            var signal = ExecutionReward.signal(
                for: result,
                orchestrator: execution.request.orchestrator,
                latencyMilliseconds: milliseconds
            )
        {
            signal.metadata["layer"] = .string(self.identity.layer.rawValue)
            signal.metadata["tenant_id"] = .string(execution.request.tenantID)
            said.signals.append(signal)
        }
        for (ordinal, signal) in said.signals.enumerated() {
            if let output = self.signal(signal, ordinal, execution, startedAt) { outputs.append(output) }
        }
        if let scope = run.scope, isKnown, !isExpired, decision == .stands, let output = self.remember(result, of: execution, as: scope) {
            outputs.append(output)
        }
        return .done(outputs)
    }

    private func decide(_ result: StepResult, _ execution: Execution, own: ErrorRecoveryPolicy?) -> RetryPolicy.Decision {
        guard result.retryable else { return .stands }
        let now = WireTime.now
        let timestamp = execution.record.timestamp
        return self.retries.decide(
            result,
            own: own,
            attempt: execution.attempts,
            age: timestamp > 0 ? max(0, now - timestamp) : 0,
            timeLeft: execution.request.event.deadline.map { $0 - now },
            random: Double.random(in: 0...1)
        )
    }

    private func logRetry(of execution: Execution, _ result: StepResult, after pause: Int64) {
        guard let leftOut = self.throttle.admit(at: monotonicMilliseconds()) else { return }
        let metadata: Logger.Metadata = [
            "request_id": "\(execution.request.requestID)", "attempt": "\(execution.attempts)", "retry_in_ms": "\(pause)",
            "category": "\(result.errorCategory?.rawValue ?? "none")",
        ]
        self.logger.info("failed, will be tried again", metadata: metadata.merging(leftOut) { $1 })
    }

    /// A request that has ended its worker's process too often: a failed reply and a dead letter, and it is not run again.
    private func putAway(_ execution: Execution) async -> [OutgoingRecord] {
        let message = "The request ended its worker's process \(execution.attempt.crashes) times and is not run again"
        self.logger.error(
            "poison",
            metadata: [
                "request_id": "\(execution.request.requestID)", "orchestrator": "\(execution.request.orchestrator)",
                "partition": "\(execution.record.source)", "offset": "\(execution.record.offset)",
            ]
        )
        let result = StepResult.fail(message, category: .processing, metadata: ["crashes": .integer(Int64(execution.attempt.crashes))])
        var outputs = self.replies(to: execution, result, startedAt: WireTime.now, milliseconds: 0)
        outputs.append(await self.deadLetter(execution.record, WireError(.poison, message), category: .processing, execution))
        execution.close()
        return outputs
    }

    private func context(of execution: Execution) -> OrchestrationContext {
        return OrchestrationContext(
            tenantID: execution.request.tenantID,
            requestID: execution.request.requestID,
            rootID: execution.request.event.correlationID,
            metadata: execution.request.metadata,
            traceID: execution.request.traceID ?? execution.request.event.traceparent.flatMap { TraceParent.traceID($0) },
            parentOrchestrator: execution.request.parentOrchestrator,
            depth: execution.request.depth,
            deadline: execution.request.event.deadline.map { Deadline(millisecondsSince1970: $0) },
            attempt: execution.attempts,
            logger: self.logger,
            recorder: execution,
            chooser: self.chooser
        )
    }

    // MARK: Outputs

    func replies(to execution: Execution, _ result: StepResult, startedAt: Int64, milliseconds: Double) -> [OutgoingRecord] {
        let value = Reply(
            requestID: execution.request.requestID,
            orchestrator: execution.request.orchestrator,
            layer: self.identity.layer,
            worker: self.identity.worker,
            attempt: execution.attempts,
            result: result,
            queuedMilliseconds: execution.record.timestamp > 0 ? Double(max(0, startedAt - execution.record.timestamp)) : nil,
            processingMilliseconds: (milliseconds * 1000).rounded() / 1000
        ).encodeValue()
        let headers = Reply.headers(answering: execution.request.event, source: self.source, time: startedAt + Int64(milliseconds))
        let reply = OutgoingRecord(purpose: .reply, topic: self.topics.results, key: .ofRequest, value: value, headers: headers)
        guard let address = execution.request.event.replyAddress, let direct = self.directReply(reply, address) else { return [reply] }
        return [reply, direct]
    }

    /// The same reply at the address that the request named; nothing when the address cannot be used or is the results topic itself.
    private func directReply(_ reply: OutgoingRecord, _ address: ReplyAddress) -> OutgoingRecord? {
        guard let topic = self.directTopics.topic(address.topic), topic !== self.topics.results else { return nil }
        return OutgoingRecord(
            purpose: .directReply,
            topic: topic,
            partition: address.partition,
            key: reply.key,
            value: reply.value,
            headers: reply.headers
        )
    }

    private func signal(_ signal: FeedbackSignal, _ ordinal: Int, _ execution: Execution, _ time: Int64) -> OutgoingRecord? {
        guard let topic = self.topics.signals[signal.componentType] else { return nil }
        // Request id and ordinal: a redelivered request repeats the ids, and nothing is learned twice.
        let id = signal.signalID ?? "\(execution.request.requestID).signal.\(ordinal)"
        var signal = signal
        if signal.metadata["request_id"] == nil { signal.metadata["request_id"] = .string(execution.request.requestID) }
        self.metrics.signals.increment()
        return OutgoingRecord(
            purpose: .signal,
            topic: topic,
            key: .bytes(Array(signal.componentID.utf8)),
            value: SignalCodec.encode(signal, id: id, timestamp: Double(time) / 1000),
            headers: SignalCodec.headers(id: id, causedBy: execution.request.event, source: self.source, time: time)
        )
    }

    /// Publishes a progress report of a running request.
    func publish(_ progress: Progress, _ ordinal: Int, of execution: Execution) {
        let time = WireTime.now
        let (value, headers) = ProgressNotice(
            requestID: execution.request.requestID,
            orchestrator: execution.request.orchestrator,
            layer: self.identity.layer,
            worker: self.identity.worker,
            progress: progress,
            timestamp: Double(time) / 1000
        ).encode(about: execution.request.event, ordinal: ordinal, source: self.source, time: time)
        let key = execution.record.key.map { OutgoingRecord.Key.bytes($0) } ?? .none
        self.notify(OutgoingRecord(purpose: .notice, topic: self.topics.progress, key: key, value: value, headers: headers))
    }

    // MARK: What cannot be served

    /// A record that is no request: a dead letter, and the answer `validation` where the headers tell where to send it.
    private func refuse(_ record: ConsumedRecord, _ error: WireError) async -> [OutgoingRecord] {
        self.metrics.undecodable.increment()
        if let leftOut = self.throttle.admit(at: monotonicMilliseconds()) {
            let metadata: Logger.Metadata = [
                "reason": "\(error.reason.rawValue)", "error": "\(error.message)", "partition": "\(record.source)",
                "offset": "\(record.offset)",
            ]
            self.logger.notice("dead letter", metadata: metadata.merging(leftOut) { $1 })
        }
        var outputs = [await self.deadLetter(record, error, category: .validation, nil)]
        let sender = record.withView { Request.replyAddress(of: $0) }
        if let (event, address) = sender, let topic = self.directTopics.topic(address.topic) {
            var event = event
            event.id = event.id ?? "\(record.source.topic)-\(record.source.partition)-\(record.offset)"
            let reply = Reply(
                requestID: event.id ?? "",
                orchestrator: "",
                layer: self.identity.layer,
                worker: self.identity.worker,
                result: .fail(error.message, category: .validation)
            )
            outputs.append(
                OutgoingRecord(
                    purpose: .directReply,
                    topic: topic,
                    partition: address.partition,
                    key: .ofRequest,
                    value: reply.encodeValue(),
                    headers: Reply.headers(answering: event, source: self.source, time: WireTime.now)
                )
            )
        }
        return outputs
    }

    private func deadLetter(
        _ record: ConsumedRecord,
        _ error: WireError,
        category: ErrorCategory?,
        _ execution: Execution?
    ) async -> OutgoingRecord {
        self.metrics.dead(error.reason)
        let now = WireTime.now
        var letter = DeadLetter(
            reason: error.reason,
            sourceTopic: record.source.topic,
            sourcePartition: record.source.partition,
            sourceOffset: record.offset,
            sourceTimestamp: record.timestamp > 0 ? record.timestamp : nil,
            consumerGroup: self.identity.group,
            attempts: execution?.attempts ?? 1,
            crashAttempts: execution?.attempt.crashes ?? 0,
            firstFailureAt: now,
            lastFailureAt: now,
            errorCategory: (category ?? .processing).rawValue,
            errorMessage: error.message,
            orchestrator: execution?.request.orchestrator,
            worker: self.identity.worker
        )
        record.withView { letter.carryOn(from: $0.headers) }
        return OutgoingRecord(
            purpose: .deadLetter,
            topic: self.topics.deadLetters.topic,
            partition: await self.topics.deadLetters.partition(for: record.source),
            key: .ofRequest,
            value: record.value,
            headers: record.withView { letter.headers(keeping: $0.headers) }
        )
    }

    func substitute(for output: OutgoingRecord, of record: ConsumedRecord, refused error: KafkaError) -> OutgoingRecord? {
        var substitute = output
        switch output.purpose {
        case .reply:
            guard error.isMessageTooLarge, let request = try? self.decode(record) else { return nil }
            let reply = Reply(
                requestID: request.requestID,
                orchestrator: request.orchestrator,
                layer: self.identity.layer,
                worker: self.identity.worker,
                attempt: request.event.attempt,
                result: .fail(
                    "The reply of \(output.value?.count ?? 0) bytes was refused by the broker: \(error.message)",
                    category: .constraintViolation
                )
            )
            substitute.value = reply.encodeValue()
            // The substitute itself is small: if it was refused too, nothing smaller can be said.
            return substitute.value?.count ?? 0 < output.value?.count ?? 0 ? substitute : nil
        case .deadLetter:
            return error.isMessageTooLarge ? output.smallerDeadLetter : nil
        case .retry:
            return error.isMessageTooLarge ? self.deadLetter(insteadOf: output, of: record, error) : nil
        case .directReply, .signal, .memory, .notice:
            return nil
        }
    }
}

/// The topics that requests name for direct replies: looked up when asked for, and at most 1,000, because anybody can name one.
private final class DirectReplyTopics: Sendable {
    private let producer: KafkaProducer
    private let refused: Set<String>
    private let known = Mutex<[String: ProducerTopic]>([:])

    init(producer: KafkaProducer, refused: Set<String>) {
        self.producer = producer
        self.refused = refused
    }

    func topic(_ name: String) -> ProducerTopic? {
        guard !name.isEmpty, name.utf8.count <= 249, !self.refused.contains(name),
            name.utf8.allSatisfy({ byte in
                (0x61...0x7a).contains(byte | 0x20) || (0x30...0x39).contains(byte) || byte == 0x2e || byte == 0x5f || byte == 0x2d
            })
        else { return nil }
        return self.known.withLock { known in
            if let topic = known[name] { return topic }
            guard known.count < 1_000, let topic = try? self.producer.topic(name) else { return nil }
            known[name] = topic
            return topic
        }
    }
}

extension SignalPolicy {
    func includes(_ requestID: String) -> Bool {
        switch self {
        case .all: return true
        case .off: return false
        case .sampled(let share):
            // FNV-1a of the id, as a fraction.
            var hash: UInt64 = 0xcbf2_9ce4_8422_2325
            for byte in requestID.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
            hash = (hash ^ (hash >> 33)) &* 0xff51_afd7_ed55_8ccd
            return Double(hash >> 11) / Double(1 << 53) < share
        }
    }
}

/// W3C Trace Context, as far as a worker needs it.
enum TraceParent {
    /// The trace id of `00-<32 hex digits>-<16 hex digits>-<flags>`; nil for anything else.
    static func traceID(_ header: String) -> String? {
        let parts = header.split(separator: "-", maxSplits: 4, omittingEmptySubsequences: false)
        guard parts.count >= 4, parts[1].utf8.count == 32,
            parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
        else { return nil }
        return String(parts[1])
    }
}
