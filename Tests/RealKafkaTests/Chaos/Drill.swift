import Delivery
import JSON
import KafkaClient
import KafkaProcess
import Orchestration
import Wire

/// Topics with one for the events of handlers, and what is asked of them.
struct Drill: Sendable {
    /// Milliseconds between a worker's commits.
    static let commitInterval: Int64 = 250

    let topics: TestTopics
    var requests: String { self.topics.names.requests(.application) }
    var results: String { self.topics.names.results(.application) }
    var deadLetters: String { self.topics.names.deadLetters(.application) }
    var events: String { "\(self.topics.prefix)events" }
    var group: String { "\(self.topics.prefix)fleet.application" }
    /// A worker's options.
    var options: [String] { ["--enable-probe", "--probe-events", self.events, "--signals", "off"] }

    init(_ topics: TestTopics) { self.topics = topics }

    /// - Parameter retryTopics: makes these too, with their settings.
    init(partitions: Int32, retryTopics: Bool = false, retrySettings: [String: String] = [:]) async throws {
        let names = retryTopics ? TopicNames().retries(.application) : []
        self.init(
            try await TestTopics.ofLayer(
                .application,
                partitions: partitions,
                more: [TopicSpecification(name: "events", partitions: 1)]
                    + names.map { TopicSpecification(name: $0, partitions: partitions, settings: retrySettings) }
            )
        )
    }

    /// Sends requests to `probe` and returns when they are acknowledged; their ids are their numbers.
    func send(_ requests: [(key: String?, kwargs: JSONObject)]) async throws {
        let records = requests.enumerated().map { number, request in
            TestRecord(Request(id: "\(number)", orchestrator: "probe", tenantID: "acme", kwargs: request.kwargs), key: request.key)
        }
        try await Submitter.send(records, to: self.requests, of: self.topics)
    }

    /// A worker that has its partitions.
    func worker(_ id: String, _ options: [String] = []) async throws -> WorkerProcess {
        try await WorkerProcess.ready("application-worker", id: id, of: self.topics, self.options + options)
    }

    /// The runs so far.
    func runs() async throws -> HandlerRuns { try HandlerRuns(try await self.topics.readAll(self.events)) }

    /// The replies so far by request.
    func replies() async throws -> [String: [DrillReply]] {
        Dictionary(grouping: try await self.topics.readCommitted(self.results).map { try DrillReply($0) }, by: \.cause)
    }

    /// The dead letters so far by request.
    func letters() async throws -> [String: [ConsumedRecord]] {
        Dictionary(grouping: try await self.topics.readCommitted(self.deadLetters)) { $0.header("ce_id") ?? "" }
    }

    /// What the group has committed of each partition, metadata included.
    func committed() async throws -> [TopicPartition: (base: Int64, metadata: CommitMetadata?)] {
        let (group, topic) = (self.group, self.requests)
        let points = try await self.topics.admin { try $0.committedOffsets(group: group) }.filter { $0.source.topic == topic }
        return Dictionary(
            points.map { point in
                guard case .found(let metadata) = CommitMetadata.decode(point.metadata, base: point.offset) else {
                    return (point.source, (point.offset, nil))
                }
                return (point.source, (point.offset, metadata))
            },
            uniquingKeysWith: { $1 }
        )
    }
}

/// A reply as a drill looks at it.
struct DrillReply: Sendable {
    /// The request's id.
    let cause: String
    let worker: String
    let attempt: Int64
    let success: Bool
    let category: String?
    /// Milliseconds since 1970 at which it was handed to the producer.
    let publishedAt: Int64

    init(_ record: ConsumedRecord) throws {
        let value = try JSONValue(parsing: record.text)
        self.cause = record.header("ce_causationid") ?? ""
        self.worker = value["worker"]?.stringValue ?? ""
        self.attempt = value["attempt"]?.integerValue ?? 0
        self.success = value["success"]?.boolValue ?? false
        self.category = value["error_category"]?.stringValue
        self.publishedAt = record.timestamp
    }
}
