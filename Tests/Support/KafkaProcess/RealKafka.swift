import Dispatch
import Foundation
import Synchronization

/// A real Apache Kafka on this machine: one node, or three with replication factor 3 and `min.insync.replicas` 2, in KRaft mode.
///
/// Kafka comes from `KAFKA_HOME`, any folder with `libs/*.jar`, and needs Java 17 or newer. Topics are not created automatically. Data lies
/// in a temporary folder that is removed by ``stop()`` and at the exit of the process; the brokers die with the process, however it ends.
///
///     @Test(.enabled(if: RealKafka.isAvailable, "\(RealKafka.unavailableReason ?? "")"))
public final class RealKafka: Sendable {
    /// The nodes, ids from 1.
    public let brokers: [Broker]
    private let folder: ScratchFolder
    private let cleanup = Mutex<Int?>(nil)

    private init(brokers: [Broker], folder: ScratchFolder) {
        self.brokers = brokers
        self.folder = folder
    }

    /// Whether a broker can be started here; asked once per process.
    public static var isAvailable: Bool { self.unavailableReason == nil }

    /// What is missing (`KAFKA_HOME`, its jars, a Java that is new enough) and what to do about it; nil if nothing is.
    public static var unavailableReason: String? {
        switch KafkaInstallation.found {
        case .success: nil
        case .failure(let error): error.message
        }
    }

    /// The addresses of all brokers, running or not, as clients want them: `127.0.0.1:20001,127.0.0.1:20002`.
    public var bootstrapServers: String { self.brokers.map(\.address).joined(separator: ",") }

    // MARK: Starting

    private static let sharedStart = Mutex<Task<RealKafka, any Error>?>(nil)

    /// The one-node cluster that all tests of this process share: started by the first call, stopped at the exit of the process.
    ///
    /// Use topics, groups and transactional ids of your own in it, and do not stop it. A start that failed is not tried again.
    /// - Throws: As ``start(brokers:extraProperties:deadline:)``.
    public static func shared() async throws -> RealKafka {
        let start = self.sharedStart.withLock { start in
            if let start { return start }
            // Not a child task: the first caller's cancellation is not the others'.
            let new = Task.detached { try await RealKafka.start() }
            start = new
            return new
        }
        return try await start.value
    }

    /// Starts a cluster of one's own that runs until ``stop()`` or the exit of the process; returns when all its brokers are alive.
    ///
    /// - Parameters:
    ///   - brokers: 1 or 3.
    ///   - extraProperties: Broker properties added to every node's file, or replacing what is there.
    ///   - deadline: When to give up. Default: 90 seconds from now (one node needs 2 to 3 seconds on two idle cores).
    /// - Throws: `unavailable`, `invalidArgument`, `startFailed`, `exited` with the broker's last lines, `deadlineExceeded`; a file error;
    ///   `CancellationError`.
    public static func start(
        brokers count: Int = 1,
        extraProperties: [String: String] = [:],
        deadline: ContinuousClock.Instant = .now + .seconds(90)
    ) async throws -> RealKafka {
        guard count == 1 || count == 3 else {
            throw KafkaProcessError(.invalidArgument, "a cluster has 1 or 3 brokers, not \(count)")
        }
        let installation = try KafkaInstallation.found.get()
        let folder = try ScratchFolder()
        let kafka: RealKafka
        do {
            let brokers = try Self.makeBrokers(count, extraProperties, installation, folder)
            kafka = RealKafka(brokers: brokers, folder: folder)
        } catch {
            folder.remove()
            throw error
        }
        let token = ExitCleanup.register { kafka.stopNow() }
        kafka.cleanup.withLock { $0 = token }
        do {
            let clusterID = Self.makeClusterID()
            try await kafka.onAllBrokers { try await $0.format(clusterID, deadline: deadline) }
            try await kafka.onAllBrokers { try await $0.start(deadline: deadline) }
            try await kafka.waitUntilAlive(Set(1...count), deadline: deadline)
        } catch {
            await kafka.stop()
            throw error
        }
        return kafka
    }

    /// Starts a cluster, hands it to the body and stops it whatever happens; parameters as in ``start(brokers:extraProperties:deadline:)``.
    public nonisolated(nonsending) static func withCluster<Value>(
        brokers count: Int = 1,
        extraProperties: [String: String] = [:],
        _ body: (RealKafka) async throws -> Value
    ) async throws -> Value {
        let kafka = try await self.start(brokers: count, extraProperties: extraProperties)
        do {
            let value = try await body(kafka)
            await kafka.stop()
            return value
        } catch {
            await kafka.stop()
            throw error
        }
    }

    private static func makeBrokers(
        _ count: Int,
        _ extraProperties: [String: String],
        _ installation: KafkaInstallation,
        _ folder: ScratchFolder
    ) throws -> [Broker] {
        var ports: [(broker: LocalPort, controller: LocalPort)] = []
        for _ in 0..<count { ports.append((try LocalPort.reserve(), try LocalPort.reserve())) }
        let nodes = ports.enumerated().map { index, ports in
            ServerProperties.Node(id: index + 1, brokerPort: ports.broker.number, controllerPort: ports.controller.number)
        }
        return try zip(nodes, ports).map { node, ports in
            let home = folder.url.appending(path: "node-\(node.id)")
            try FileManager.default.createDirectory(at: home, withIntermediateDirectories: true)
            let data = home.appending(path: "data").path
            let properties = ServerProperties(node: node, nodes: nodes, dataFolder: data, extra: extraProperties)
            let broker = Broker(id: node.id, ports: [ports.broker, ports.controller], home: home, installation: installation)
            try properties.text.write(to: broker.propertiesFile, atomically: true, encoding: .utf8)
            return broker
        }
    }

    /// 16 random bytes in base64url, which is Kafka's form of a UUID; a leading "-" would look like an option to the tool.
    private static func makeClusterID() -> String {
        let bytes = [UInt8.random(in: 0..<0xf8)] + (0..<15).map { _ in UInt8.random(in: .min ... .max) }
        let text = Data(bytes).base64EncodedString()
        return String(text.replacing("+", with: "-").replacing("/", with: "_").prefix(22))
    }

    private func onAllBrokers(_ action: @escaping @Sendable (Broker) async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for broker in self.brokers { group.addTask { try await action(broker) } }
            try await group.waitForAll()
        }
    }

    // MARK: Watching and stopping

    /// Waits until every running broker says that exactly these brokers are alive; after a kill that takes up to the session timeout, 3 s.
    ///
    /// - Throws: `deadlineExceeded`, `CancellationError`.
    public func waitUntilAlive(_ ids: Set<Int>, deadline: ContinuousClock.Instant = .now + .seconds(60)) async throws {
        try await eventually("the cluster's view that the brokers \(ids.sorted()) are alive", deadline: deadline) {
            let running = self.brokers.filter(\.isRunning)
            for broker in running {
                guard await MetadataProbe.liveBrokers(port: broker.port) == ids else { return false }
            }
            return !running.isEmpty || ids.isEmpty
        }
    }

    /// Kills all brokers and removes their data.
    ///
    /// Not affected by cancellation; a second call does nothing.
    public func stop() async {
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                self.stopNow()
                continuation.resume()
            }
        }
    }

    private func stopNow() {
        let token = self.cleanup.withLock { token in
            defer { token = nil }
            return token
        }
        guard let token else { return }
        self.brokers.forEach { $0.killNow() }
        self.folder.remove()
        ExitCleanup.cancel(token)
    }
}
