import Glibc
import KafkaClient
import KafkaProcess
import Observability
import Synchronization
import Testing
import WorkerRuntime

@Suite("Embedded broker", .timeLimit(.minutes(1)))
struct EmbeddedBrokerTests {
    /// Whether something listens on a port of the loopback interface.
    private func isListening(_ servers: String) throws -> Bool {
        let port = try #require(servers.split(separator: ":").last.flatMap { UInt16($0) })
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        } == 0
    }

    @Test("listens on a port of its own while somebody holds it, and not longer")
    func lifetime() async throws {
        let servers = try { () throws -> String in
            let broker = try EmbeddedBroker(logger: .silent)
            let other = try EmbeddedBroker(logger: .silent)
            return try withExtendedLifetime((broker, other)) { () throws -> String in
                #expect(broker.bootstrapServers.hasPrefix("127.0.0.1:") && broker.bootstrapServers != other.bootstrapServers)
                #expect(try self.isListening(broker.bootstrapServers))
                #expect(try self.isListening(other.bootstrapServers))
                return broker.bootstrapServers
            }
        }()
        try await eventually("a closed port") { try !self.isListening(servers) }
    }

    @Test("has as many nodes as it was asked for")
    func nodes() throws {
        #expect(try EmbeddedBroker(brokers: 3, logger: .silent).bootstrapServers.split(separator: ",").count == 3)
    }

    @Test("makes a topic once, with a positive number of partitions")
    func topics() async throws {
        let broker = try EmbeddedBroker(logger: .silent)
        try broker.createTopic("t", partitions: 3)
        let twice = #expect(throws: KafkaError.self) { try broker.createTopic("t", partitions: 3) }
        #expect(twice?.message.contains("t") == true)
        #expect(throws: KafkaError.self) { try broker.createTopic("none", partitions: 0) }
        #expect(throws: KafkaError.self) { try broker.createTopic("negative", partitions: -1) }
        let description = try await onOwnThread {
            try KafkaAdmin(configuration: broker.client, observer: .silent).describeTopics("t")
        }
        #expect(description.map(\.name) == ["t"])
        #expect(description.first?.partitions.map(\.id).sorted() == [0, 1, 2])
        #expect(description.first?.partitions.allSatisfy { $0.leader == 1 && $0.replicas == 1 } == true)
    }

    @Test("lists every topic")
    func listing() async throws {
        let broker = try EmbeddedBroker(logger: .silent)
        for topic in ["a", "b", "c"] { try broker.createTopic(topic, partitions: 1) }
        let names = try await onOwnThread {
            try KafkaAdmin(configuration: broker.client, observer: .silent).describeTopics().map(\.name)
        }
        #expect(names.sorted() == ["a", "b", "c"])
    }

    @Test("answers no admin calls, which then fail with what was tried")
    func adminCalls() async throws {
        let broker = try EmbeddedBroker(logger: .silent)
        let error = await #expect(throws: KafkaError.self) {
            try await onOwnThread {
                try KafkaAdmin(configuration: broker.client, observer: .silent)
                    .createTopics([TopicSpecification(name: "t", partitions: 1)], milliseconds: 300)
            }
        }
        #expect(error?.message.contains("create topics") == true)
        try await onOwnThread {
            let admin = try KafkaAdmin(configuration: broker.client, observer: .silent)
            #expect(try admin.createTopics([]).isEmpty, "nothing to create needs no broker")
            #expect(throws: KafkaError.self) { try admin.createTopics([TopicSpecification(name: "", partitions: 1)], milliseconds: 300) }
        }
    }

    @Test("tells observers when a node goes away")
    func unreachable() async throws {
        let broker = try EmbeddedBroker.with("t")
        let errors = ErrorLog()
        try await onOwnThread {
            let producer = try KafkaProducer(
                configuration: broker.client,
                observer: KafkaObserver(logger: .silent, onError: { errors.append($0) })
            )
            #expect(try producer.partitionCount(of: try producer.topic("t")) == 1)
            broker.setReachable(false)
            let deadline = ContinuousClock.now + .seconds(20)
            while !errors.all.contains(where: { $0.isRetriable }), ContinuousClock.now < deadline {
                producer.flush(milliseconds: 10) { _, _ in }
                producer.readReports { _, _ in }
                usleep(10_000)
            }
            #expect(errors.all.contains { $0.isRetriable && !$0.isFatal })
        }
    }
}

private final class ErrorLog: Sendable {
    private let errors = Mutex<[KafkaError]>([])
    var all: [KafkaError] { self.errors.withLock { $0 } }
    func append(_ error: KafkaError) { self.errors.withLock { $0.append(error) } }
}
