import Glibc
import KafkaClient
import KafkaProcess
import Synchronization

/// Worker processes that are disturbed, ended and started again; every process has an id of its own.
final class ChaosFleet: Sendable {
    /// What can be done to a worker.
    enum Deed: CaseIterable {
        case kill, drain, pause, longPause
    }

    private struct State {
        var current: [Incarnation] = []
        var all: [Incarnation] = []
        var surprises: [String] = []
        var deeds: [String: Int] = [:]
    }

    /// Nanoseconds of a member's session, as workers have it unless told otherwise.
    static let session: Int64 = 6_000_000_000
    private let drill: Drill
    private let networks: [ProxiedNetwork]
    private let options: [String]
    private let state = Mutex(State())

    /// Starts a worker in each place.
    ///
    /// - Parameters:
    ///   - networks: the place's way to the brokers; empty for the direct one.
    ///   - options: of every worker, besides the drill's own.
    init(_ drill: Drill, places: Int, networks: [ProxiedNetwork], options: [String] = []) throws {
        self.drill = drill
        self.networks = networks
        self.options = drill.options + options
        for place in 0..<places { try self.start(place) }
    }

    var incarnations: [Incarnation] { self.state.withLock { $0.all } }
    var current: [Incarnation] { self.state.withLock { $0.current } }
    /// Processes that ended although nobody had told them to, and those that did not end when told.
    var surprises: [String] { self.state.withLock { $0.surprises } }
    /// How often what was done.
    var deeds: [String: Int] { self.state.withLock { $0.deeds } }

    func count(_ deed: String) { self.state.withLock { $0.deeds[deed, default: 0] += 1 } }

    private func start(_ place: Int) throws {
        let number = self.state.withLock { $0.all.count } + 1
        var topics = self.drill.topics
        if self.networks.indices.contains(place) {
            topics = TestTopics(prefix: topics.prefix, bootstrapServers: self.networks[place].bootstrapServers)
        }
        let incarnation = Incarnation(
            try WorkerProcess("application-worker", id: "w\(place)-\(number)", of: topics, self.options)
        )
        self.state.withLock { state in
            state.all.append(incarnation)
            if state.current.indices.contains(place) { state.current[place] = incarnation } else { state.current.append(incarnation) }
        }
    }

    /// Does something to the worker of a place; returns when a worker runs there again.
    func disturb(_ place: Int, _ deed: Deed) async throws {
        let incarnation = self.current[place]
        if try self.reviveIfEnded(place) { return }
        self.count("\(deed)")
        switch deed {
        case .kill:
            try await incarnation.kill()
            try self.start(place)
        case .drain:
            // Whoever cannot reach the brokers meanwhile ends with 1; all must end.
            _ = try await incarnation.process.drain(deadline: .now + .seconds(60))
            try self.start(place)
        case .pause:
            try await self.pause(incarnation, nanoseconds: Self.session / 5)
        case .longPause:
            try await self.pause(incarnation, nanoseconds: Self.session * 5 / 3)
        }
    }

    /// Starts a worker again that has ended by itself.
    ///
    /// - Returns: whether that was so.
    private func reviveIfEnded(_ place: Int) throws -> Bool {
        let incarnation = self.current[place]
        guard let status = incarnation.process.child.exitStatus else { return false }
        let last = incarnation.process.child.lines.suffix(5).map(\.text).joined(separator: "\n")
        self.state.withLock { $0.surprises.append("\(incarnation.id) ended by itself with \(status):\n\(last)") }
        try self.start(place)
        return true
    }

    /// Starts every worker again that has ended by itself.
    func revive() throws {
        for place in self.current.indices { _ = try self.reviveIfEnded(place) }
    }

    private func pause(_ incarnation: Incarnation, nanoseconds: Int64) async throws {
        let from = HandlerRuns.now
        incarnation.process.child.signal(SIGSTOP)
        // However this ends, nobody stays stopped.
        defer {
            incarnation.process.child.signal(SIGCONT)
            incarnation.wasAway(from...HandlerRuns.now)
        }
        try await Task.sleep(for: .nanoseconds(nanoseconds))
    }

    /// Notes that the worker of a place could not reach some brokers.
    func wasAway(_ place: Int, _ time: ClosedRange<Int64>) { self.current[place].wasAway(time) }

    /// Ends all workers in an orderly way.
    func drain() async throws -> [KafkaProcess.ExitStatus] {
        var statuses: [KafkaProcess.ExitStatus] = []
        for incarnation in self.current { statuses.append(try await incarnation.process.drain()) }
        return statuses
    }
}
