import Foundation
import Glibc
import Synchronization

/// One node of a ``RealKafka``; ports and data stay the same over restarts.
public final class Broker: Sendable {
    private struct State {
        var child: ChildProcess?
        /// No process may start any more: the cluster was stopped.
        var isClosed = false
    }

    /// The node's id, which is its broker id.
    public let id: Int
    private let ports: [LocalPort]
    private let home: URL
    private let installation: KafkaInstallation
    private let state = Mutex(State())

    /// `ports` are the broker's and the controller's, and those of further listeners.
    init(id: Int, ports: [LocalPort], home: URL, installation: KafkaInstallation) {
        self.id = id
        self.ports = ports
        self.home = home
        self.installation = installation
    }

    /// The port for clients, on 127.0.0.1.
    public var port: Int { self.ports[0].number }

    /// The address for clients: `127.0.0.1:20001`.
    public var address: String { "127.0.0.1:\(self.port)" }

    /// Whether the node's process runs.
    public var isRunning: Bool { self.running != nil }

    /// The id of the node's process; nil if it does not run.
    public var processID: Int32? { self.running?.processID }

    /// The last lines of the node's log since its last start.
    public var log: [CapturedLine] { self.state.withLock { $0.child }?.lines ?? [] }

    var propertiesFile: URL { self.home.appending(path: "server.properties") }

    private var running: ChildProcess? {
        guard let child = self.state.withLock({ $0.child }), child.exitStatus == nil else { return nil }
        return child
    }

    // MARK: Life

    /// Stops the node in an orderly way (SIGTERM): leadership moves, logs are closed.
    ///
    /// Does nothing if it does not run.
    ///
    /// - Throws: `deadlineExceeded` with the last lines; the process then still runs. `CancellationError`.
    public func stop(deadline: ContinuousClock.Instant = .now + .seconds(60)) async throws {
        guard let child = self.running else { return }
        child.terminate()
        try await child.waitForExit(deadline: deadline)
    }

    /// Kills the node (SIGKILL) and waits until the process is gone.
    ///
    /// Does nothing if it does not run.
    public func kill(deadline: ContinuousClock.Instant = .now + .seconds(30)) async throws {
        guard let child = self.running else { return }
        child.signal(SIGKILL)
        try await child.waitForExit(deadline: deadline)
    }

    /// Starts the node again on the same ports and data, after an orderly stop if it still runs; returns when it is alive.
    ///
    /// After a kill the cluster accepts the node when its old session has run out, up to 3 s later.
    /// - Throws: `exited` with the last lines, `deadlineExceeded`, `CancellationError`.
    public func restart(deadline: ContinuousClock.Instant = .now + .seconds(90)) async throws {
        try await self.stop(deadline: deadline)
        try await self.start(deadline: deadline)
    }

    /// Writes the cluster's id and feature levels into the empty data folder.
    func format(_ clusterID: String, deadline: ContinuousClock.Instant) async throws {
        let arguments = ["format", "-t", clusterID, "-c", self.propertiesFile.path]
        try await self.installation.run("kafka.tools.StorageTool", arguments, deadline: deadline).requireSuccess()
    }

    func start(deadline: ContinuousClock.Instant) async throws {
        let child = try self.state.withLock { state in
            guard !state.isClosed else { throw KafkaProcessError(.startFailed, "broker \(self.id) belongs to a cluster that was stopped") }
            let child = try self.installation.start(
                "kafka.Kafka",
                [self.propertiesFile.path],
                // Kafka's own download logs through Log4j 2, which without a file of its own is silent below ERROR.
                options: ["-Xmx512m", "-Dlog4j2.level=INFO"],
                temporaryFolder: self.home
            )
            state.child = child
            return child
        }
        try await eventually("broker \(self.id) in the metadata of \(self.address)", deadline: deadline) {
            if let status = child.exitStatus {
                throw KafkaProcessError(.exited, "broker \(self.id) ended with \(status) while it was starting\(child.tail)")
            }
            return await MetadataProbe.liveBrokers(port: self.port)?.contains(self.id) ?? false
        }
    }

    /// Kills the node, blocks until it is gone and lets it never start again.
    func killNow() {
        let child = self.state.withLock { state in
            state.isClosed = true
            return state.child
        }
        guard let child else { return }
        child.signal(SIGKILL)
        _ = child.core.blockUntilExit(seconds: 10)
    }
}
