import JSON
public import KafkaClient
import Observability
public import Orchestration
import Synchronization
public import Wire
public import WorkerRuntime

/// A whole worker against a broker, for tests: submit a request, await its reply.
///
/// ```swift
/// try await FleetHarness.run([Greeter()]) { fleet in
///     let reply = try await fleet.submit("greeter", ["name": "Ada"])
///     #expect(reply.result.success)
/// }
/// ```
/// The broker is the embedded one unless another is named; ``broker`` then injects faults: requests that fail, a node that goes away.
public final class FleetHarness: Sendable {
    /// A reply, a signal or another record did not come in time.
    public struct TimedOut: Error, Sendable, CustomStringConvertible {
        /// What was waited for in vain, and where or why.
        public let description: String
    }

    /// The embedded broker; nil when the harness runs on another.
    public let broker: EmbeddedBroker?
    /// The layer whose topics the harness uses.
    public let layer: OrchestrationLayer
    /// The names of the topics in use, with the harness's prefix.
    public let names: TopicNames
    /// The brokers in use, `host:port` separated by commas, for clients of the test's own.
    public let bootstrapServers: String
    private let inbox: Inbox
    private let producer: KafkaProducer

    /// Runs a worker with these orchestrators while `body` runs, and drains it afterwards.
    ///
    /// - Parameters:
    ///   - layer: whose topics are used; the orchestrators' own layer matters only to the facade's listing.
    ///   - bootstrapServers: a real broker, on which the fleet's topics are created; the embedded one by default.
    ///   - configure: changes the worker's configuration, for example its concurrency.
    /// - Throws: what `body` throws, or a worker or a broker that does not start.
    public static func run<R: Sendable>(
        _ orchestrators: [any Orchestrator],
        layer: OrchestrationLayer = .domain,
        bootstrapServers: String? = nil,
        partitions: Int32 = 4,
        configure: (inout WorkerConfiguration) -> Void = { _ in },
        body: @escaping @Sendable (FleetHarness) async throws -> R
    ) async throws -> R {
        let logger = Logger(label: "fleet.test", factory: { _ in SwiftLogNoOpLogHandler() })
        var configuration = WorkerConfiguration()
        configuration.workerID = "test-worker"
        configuration.commitInterval = 50
        let broker = bootstrapServers == nil ? try EmbeddedBroker(logger: logger) : nil
        configuration.bootstrapServers = bootstrapServers ?? broker?.bootstrapServers ?? ""
        if broker != nil { configuration.kafka = EmbeddedBroker.clientDefaults }
        configure(&configuration)
        let names = TopicNames(prefix: configuration.topicPrefix)
        if let broker {
            try TopicProvision.create(names, partitions: partitions, on: broker)
        } else {
            _ = try await TopicProvision.create(
                names,
                partitions: partitions,
                configuration: KafkaConfiguration(bootstrapServers: configuration.bootstrapServers),
                observer: KafkaObserver(logger: logger)
            )
        }
        let facade = OrchestrationFacade(logger: logger)
        for orchestrator in orchestrators { try facade.register(orchestrator) }
        let harness = try await FleetHarness(broker, layer, names, configuration, logger)
        defer { harness.inbox.close() }

        let (ready, announce) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingOldest(1))
        let worker = Worker(layer, configuration: configuration, facade: facade, logger: logger) { partitions in
            if !partitions.isEmpty { announce.yield() }
        }
        return try await withThrowingTaskGroup(of: R?.self) { group in
            group.addTask {
                defer { announce.finish() }
                try await worker.run()
                return nil
            }
            group.addTask {
                defer { worker.drain() }
                // The stream ends without an element when the worker ended before it was ready.
                for await _ in ready { return try await body(harness) }
                return nil
            }
            var value: R?
            while let next = try await group.next() { value = next ?? value }
            guard let value else { throw TimedOut(description: "the worker ended before the test did") }
            return value
        }
    }

    private init(
        _ broker: EmbeddedBroker?,
        _ layer: OrchestrationLayer,
        _ names: TopicNames,
        _ configuration: WorkerConfiguration,
        _ logger: Logger
    ) async throws {
        self.broker = broker
        self.layer = layer
        self.names = names
        self.bootstrapServers = configuration.bootstrapServers
        let client = KafkaConfiguration(bootstrapServers: configuration.bootstrapServers).merging(configuration.kafka)
        let observer = KafkaObserver(logger: logger)
        self.producer = try KafkaProducer(configuration: client.merging(["linger.ms": "0"]), observer: observer)
        let topics =
            [names.results(layer), names.progress(layer), names.deadLetters(layer), names.decisions]
            + ComponentType.allCases.map { names.signals($0) }
        self.inbox = try await Inbox(configuration: client, observer: observer, topics: topics)
    }

    /// Submits a request and awaits its reply.
    ///
    /// - Throws: ``TimedOut``, `CancellationError`, or a reply that does not keep the contract.
    public func submit(
        _ orchestrator: String,
        _ arguments: Arguments = [:],
        key: String? = nil,
        tenantID: String = "test-tenant",
        timeout: Duration = .seconds(20)
    ) async throws -> Reply {
        let id = "test-\(UInt64.random(in: 0...(.max)))"
        let request = Request(id: id, orchestrator: orchestrator, tenantID: tenantID, kwargs: arguments.object)
        let (value, headers) = request.encode()
        try self.produce(value, headers, key: key)
        let record = try await self.record(on: self.names.results(self.layer), timeout: timeout) { $0.headers["ce_causationid"] == id }
        return try Reply(decoding: record.value ?? [])
    }

    /// Tells the worker what is known of a component, as a feedback orchestrator would; it takes a moment until the worker has read it.
    public func publish(_ policy: PolicySnapshot) throws {
        let (value, headers) = policy.encode(source: "/orchestration-fleet/test", time: WireTime.now)
        try self.produce(value, headers, key: policy.component.description, to: self.names.policies)
    }

    /// Puts any bytes on the layer's request topic.
    public func produce(_ value: [UInt8]?, _ headers: RecordHeaders = RecordHeaders(), key: String? = nil) throws {
        try self.produce(value, headers, key: key, to: self.names.requests(self.layer))
    }

    private func produce(_ value: [UInt8]?, _ headers: RecordHeaders, key: String?, to topicName: String) throws {
        let topic = try self.producer.topic(topicName)
        let outcome = headers.withView { headers in
            func send(_ key: UnsafeRawBufferPointer?) -> KafkaProducer.Outcome {
                guard let value else { return self.producer.produce(to: topic, key: key, value: nil, headers: headers) }
                return value.withUnsafeBytes { self.producer.produce(to: topic, key: key, value: $0, headers: headers) }
            }
            guard let key else { return send(nil) }
            return Array(key.utf8).withUnsafeBytes { send($0) }
        }
        if case .refused(let error) = outcome { throw error }
        self.producer.readReports { _, _ in }
    }

    /// The first record of a topic (results, progress, dead letters of this harness's layer, signals, decisions) that fits, past or to come.
    ///
    /// - Throws: ``TimedOut``, or `CancellationError`.
    public func record(
        on topic: String,
        timeout: Duration = .seconds(20),
        where fits: @escaping @Sendable (ConsumedRecord) -> Bool
    ) async throws -> ConsumedRecord {
        try await self.inbox.first(on: topic, timeout: timeout, where: fits)
    }

    /// What has come so far on a topic.
    public func records(on topic: String) -> [ConsumedRecord] { self.inbox.all.filter { $0.source.topic == topic } }
}

/// Reads topics on a thread of its own and keeps what came, at most 100,000 records.
private final class Inbox: Sendable {
    private struct State {
        var records: [ConsumedRecord] = []
        var watchers: [UInt64: CheckedContinuation<Void, Never>] = [:]
        var nextWatcher: UInt64 = 0
        var isClosed = false
    }

    private let state = Mutex(State())

    init(configuration: KafkaConfiguration, observer: KafkaObserver, topics: [String]) async throws {
        let (positioned, isPositioned) = AsyncThrowingStream.makeStream(of: Void.self)
        // The thread ends when the inbox is closed.
        Task { [self] in
            do {
                try await onOwnThread {
                    let reader = try TopicReader(configuration: configuration, observer: observer, topics: topics, from: .beginning)
                    isPositioned.finish()
                    while !self.state.withLock({ $0.isClosed }) {
                        let records = try reader.read(milliseconds: 100)
                        if !records.isEmpty { self.add(records) }
                    }
                }
            } catch {
                isPositioned.finish(throwing: error)
            }
        }
        for try await _ in positioned {}
    }

    var all: [ConsumedRecord] { self.state.withLock { $0.records } }

    func close() { self.state.withLock { $0.isClosed = true } }

    private func add(_ records: [ConsumedRecord]) {
        let watchers = self.state.withLock { state in
            state.records.append(contentsOf: records)
            if state.records.count > 100_000 { state.records.removeFirst(state.records.count - 100_000) }
            defer { state.watchers = [:] }
            return state.watchers.values.map { $0 }
        }
        for watcher in watchers { watcher.resume() }
    }

    func first(on topic: String, timeout: Duration, where fits: @escaping @Sendable (ConsumedRecord) -> Bool) async throws -> ConsumedRecord
    {
        let deadline = ContinuousClock.now + timeout
        let timer = Task {
            try await Task.sleep(until: deadline)
            self.add([])
        }
        defer { timer.cancel() }
        var seen = 0
        while true {
            try Task.checkCancellation()
            let (records, count) = self.state.withLock { (Array($0.records.dropFirst(seen)), $0.records.count) }
            if let found = records.first(where: { $0.source.topic == topic && fits($0) }) { return found }
            seen = count
            guard ContinuousClock.now < deadline else {
                throw FleetHarness.TimedOut(description: "nothing that fits came on \(topic) within \(timeout)")
            }
            await withTaskCancellationHandler {
                await withCheckedContinuation { continuation in
                    let isNew = self.state.withLock { state in
                        if state.records.count != seen || ContinuousClock.now >= deadline || Task.isCancelled { return true }
                        state.nextWatcher += 1
                        state.watchers[state.nextWatcher] = continuation
                        return false
                    }
                    if isNew { continuation.resume() }
                }
            } onCancel: {
                self.add([])
            }
        }
    }
}
