import Foundation
import KafkaClient
import KafkaProcess
import Observability
import Orchestration
import Wire
import WorkerRuntime

/// The fleet's topics under a prefix that no other test uses, on the broker that all tests share.
struct TestTopics: Sendable {
    let prefix: String
    let bootstrapServers: String
    var names: TopicNames { TopicNames(prefix: self.prefix) }
    var configuration: KafkaConfiguration { KafkaConfiguration(bootstrapServers: self.bootstrapServers) }

    /// Nothing is created yet.
    static func unused() async throws -> TestTopics {
        let prefix = "t\(UUID().uuidString.prefix(8).lowercased())."
        return TestTopics(prefix: prefix, bootstrapServers: try await RealKafka.shared().bootstrapServers)
    }

    /// Creates what a worker of a layer reads and writes.
    ///
    /// - Parameters:
    ///   - partitions: of the requests topic; the others have one.
    ///   - deadLetterPartitions: of the dead letter topic.
    ///   - settings: of the requests topic and the dead letter topic.
    static func ofLayer(
        _ layer: OrchestrationLayer,
        partitions: Int32 = 4,
        deadLetterPartitions: Int32 = 1,
        settings: [String: String] = [:],
        more: [TopicSpecification] = []
    ) async throws -> TestTopics {
        let topics = try await self.unused()
        let names = topics.names
        try await topics.create(
            [
                TopicSpecification(name: names.requests(layer), partitions: partitions, settings: settings),
                TopicSpecification(name: names.results(layer), partitions: 1),
                TopicSpecification(name: names.progress(layer), partitions: 1),
                TopicSpecification(name: names.deadLetters(layer), partitions: deadLetterPartitions, settings: settings),
            ] + ComponentType.allCases.map { TopicSpecification(name: names.signals($0), partitions: 1) }
                + more.map { specification in
                    var specification = specification
                    specification.name = topics.prefix + specification.name
                    return specification
                }
        )
        return topics
    }

    @discardableResult
    func create(_ specifications: [TopicSpecification]) async throws -> [String] {
        let created = try await self.admin { try $0.createTopics(specifications) }
        // A broker may learn of a topic a little after its creation was answered.
        let configuration = self.configuration
        let names = specifications.map(\.name)
        try await eventually("metadata of \(names)") {
            try await onOwnThread {
                let reader = try? TopicReader(configuration: configuration, observer: .silent, topics: names, from: .end)
                return reader != nil
            }
        }
        return created
    }

    /// Calls the admin client on a thread that may wait.
    func admin<R: Sendable>(_ body: @escaping @Sendable (KafkaAdmin) throws -> R) async throws -> R {
        let configuration = self.configuration
        return try await onOwnThread { try body(KafkaAdmin(configuration: configuration, observer: .silent)) }
    }

    /// The records of a topic that a group has not committed; a partition without a commit counts whole.
    func lag(of group: String, on topic: String) async throws -> Int64 {
        let configuration = self.configuration
        return try await onOwnThread {
            let admin = try KafkaAdmin(configuration: configuration, observer: .silent)
            let ends = try TopicReader(configuration: configuration, observer: .silent, topics: [topic], from: .end).ends
            let committed = try admin.committedOffsets(group: group, partitions: Array(ends.keys))
            return committed.reduce(0) { $0 + (ends[$1.source] ?? 0) - max(0, $1.offset) }
        }
    }
}

extension KafkaObserver {
    /// Drops everything.
    static let silent = KafkaObserver(logger: .silent)
}

extension Logger {
    /// Drops everything below `critical`.
    static let silent = Logger(label: "test") { _ in InMemoryLogHandler(level: .critical) }
}
