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
    /// Ways to the brokers that can be disturbed; as many as were asked for.
    public let networks: [ProxiedNetwork]
    private let proxy: Toxiproxy?
    private let folder: ScratchFolder
    private let cleanup = Mutex<Int?>(nil)

    private init(brokers: [Broker], networks: [ProxiedNetwork], proxy: Toxiproxy?, folder: ScratchFolder) {
        self.brokers = brokers
        self.networks = networks
        self.proxy = proxy
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
    /// - Throws: As ``start(brokers:networks:extraProperties:deadline:)``.
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
    ///   - networks: How many ways to the brokers can be disturbed; see ``ProxiedNetwork``. Default: none.
    ///   - extraProperties: Broker properties added to every node's file, or replacing what is there.
    ///   - deadline: When to give up. Default: 90 seconds from now (one node needs 2 to 3 seconds on two idle cores).
    /// - Throws: `unavailable`, `invalidArgument`, `startFailed`, `exited` with the broker's last lines, `deadlineExceeded`; a file error;
    ///   `CancellationError`.
    public static func start(
        brokers count: Int = 1,
        networks networkCount: Int = 0,
        extraProperties: [String: String] = [:],
        deadline: ContinuousClock.Instant = .now + .seconds(90)
    ) async throws -> RealKafka {
        guard count == 1 || count == 3 else {
            throw KafkaProcessError(.invalidArgument, "a cluster has 1 or 3 brokers, not \(count)")
        }
        let installation = try KafkaInstallation.found.get()
        let proxy = networkCount > 0 ? try await Toxiproxy.start(deadline: deadline) : nil
        let folder = try ScratchFolder()
        let kafka: RealKafka
        do {
            let nodes = try Self.makeNodes(count, networks: networkCount)
            let brokers = try Self.makeBrokers(nodes, extraProperties, installation, folder)
            let networks = try await Self.connect(nodes.map(\.node), proxy)
            kafka = RealKafka(brokers: brokers, networks: networks, proxy: proxy, folder: folder)
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

    /// Starts a cluster, hands it to the body and stops it whatever happens; parameters as in ``start(brokers:networks:extraProperties:deadline:)``.
    public nonisolated(nonsending) static func withCluster<Value>(
        brokers count: Int = 1,
        networks: Int = 0,
        extraProperties: [String: String] = [:],
        _ body: (RealKafka) async throws -> Value
    ) async throws -> Value {
        let kafka = try await self.start(brokers: count, networks: networks, extraProperties: extraProperties)
        do {
            let value = try await body(kafka)
            await kafka.stop()
            return value
        } catch {
            await kafka.stop()
            throw error
        }
    }

    private typealias NodeWithPorts = (node: ServerProperties.Node, ports: [LocalPort])

    private static func makeNodes(_ count: Int, networks: Int) throws -> [NodeWithPorts] {
        try (1...count).map { id in
            let (broker, controller) = (try LocalPort.reserve(), try LocalPort.reserve())
            var node = ServerProperties.Node(id: id, brokerPort: broker.number, controllerPort: controller.number)
            for number in 0..<networks {
                node.proxied.append(
                    ServerProperties.ProxiedListener(
                        network: "network\(number + 1)",
                        port: try LocalPort.reserve(),
                        proxyPort: try LocalPort.reserve()
                    )
                )
            }
            return (node, [broker, controller] + node.proxied.flatMap { [$0.port, $0.proxyPort] })
        }
    }

    private static func makeBrokers(
        _ nodes: [NodeWithPorts],
        _ extraProperties: [String: String],
        _ installation: KafkaInstallation,
        _ folder: ScratchFolder
    ) throws -> [Broker] {
        try nodes.map { node, ports in
            let home = folder.url.appending(path: "node-\(node.id)")
            try FileManager.default.createDirectory(at: home, withIntermediateDirectories: true)
            let data = home.appending(path: "data").path
            let properties = ServerProperties(node: node, nodes: nodes.map(\.node), dataFolder: data, extra: extraProperties)
            let broker = Broker(id: node.id, ports: ports, home: home, installation: installation)
            try properties.text.write(to: broker.propertiesFile, atomically: true, encoding: .utf8)
            return broker
        }
    }

    /// Puts a proxy before every listener that is to have one.
    private static func connect(_ nodes: [ServerProperties.Node], _ proxy: Toxiproxy?) async throws -> [ProxiedNetwork] {
        guard let proxy, let first = nodes.first else { return [] }
        var networks: [ProxiedNetwork] = []
        for (index, listener) in first.proxied.enumerated() {
            for node in nodes {
                let name = ProxiedNetwork.proxyName(listener.network, broker: node.id)
                try await proxy.add(name, from: node.proxied[index].proxyPort.number, to: node.proxied[index].port.number)
            }
            let ports = nodes.map { $0.proxied[index].proxyPort.number }
            networks.append(ProxiedNetwork(name: listener.network, ports: ports, proxy: proxy))
        }
        return networks
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
        self.proxy?.stop()
        self.folder.remove()
        ExitCleanup.cancel(token)
    }
}
