import Feedback
import FleetProcess
import JSON
import KafkaClient
import Orchestration
import Wire

/// What a fleet's topics tell of its feedback.
struct FeedbackTopicsReader: Sendable {
    let connection: ConnectionOptions
    /// Brokers that tell nothing for so long are taken for lost; milliseconds.
    static let patience: Int64 = 30_000

    var names: TopicNames { self.connection.names }

    /// A snapshot as it stands on its topic.
    struct Policy: Sendable {
        let snapshot: PolicySnapshot
        let value: [UInt8]
    }

    /// What is known of each component, by its name; snapshots that break the contract are left out and told of.
    func policies() throws -> [ComponentID: Policy] { try self.knowledge().policies }

    /// What is known of each component, and how each experiment stands.
    func knowledge() throws -> (policies: [ComponentID: Policy], standings: [String: ExperimentStanding]) {
        var policies: [ComponentID: Policy] = [:]
        var standings: [String: ExperimentStanding] = [:]
        var broken = 0
        try self.read([self.names.policies], from: .beginning) { record in
            if let name = record.key.flatMap({ ExperimentStanding.name(of: $0) }) {
                standings[name] = record.value.flatMap { try? ExperimentStanding(decoding: $0) }
                if record.value != nil, standings[name] == nil { broken += 1 }
            } else if !Self.take(record, into: &policies) {
                broken += 1
            }
        }
        if broken > 0 { FleetProcess.complain("fleet: \(broken) records of \(self.names.policies) break the contract and were left out") }
        return (policies, standings)
    }

    /// Takes a record about a component; one about something else is left aside.
    ///
    /// - Returns: false for a record that breaks the contract.
    static func take(_ record: ConsumedRecord, into policies: inout [ComponentID: Policy]) -> Bool {
        guard let component = record.key.flatMap({ String(validating: $0, as: UTF8.self) }).flatMap({ ComponentID($0) }) else {
            return true
        }
        guard let value = record.value else {
            policies[component] = nil
            return true
        }
        guard let snapshot = try? PolicySnapshot(decoding: value) else { return false }
        policies[component] = Policy(snapshot: snapshot, value: value)
        return true
    }

    /// A command that is in force.
    struct Command: Sendable {
        let command: ControlCommand
        /// Milliseconds since 1970: its own time, or else its record's.
        let time: Int64
    }

    /// The newest command of each scope.
    func commands() throws -> [ControlScope: Command] {
        var commands: [ControlScope: Command] = [:]
        try self.read([self.names.control], from: .beginning) { record in
            let decoded = record.withView { view in Result { () throws(WireError) in try ControlRecord(decoding: view) } }
            switch decoded {
            case .success(.command(let command)):
                let time = command.time ?? record.timestamp
                // An older one changes nothing, though it may have come later.
                if let known = commands[command.order.scope], known.time > time { break }
                commands[command.order.scope] = Command(command: command, time: time)
            case .success(.withdrawn(let scope)): commands[scope] = nil
            case .success(.unknown), .failure: break
            }
        }
        return commands
    }

    /// The experiments that are defined, with those that were stopped.
    func experiments() throws -> [String: Command] {
        var experiments: [String: Command] = [:]
        for (scope, command) in try self.commands() {
            if case .experiment(let name) = scope { experiments[name] = command }
        }
        return experiments
    }

    /// Decisions of a time with what came of them.
    ///
    /// - Parameter times: milliseconds since 1970. Decisions count that were made in it; their rewards may have come later.
    func log(_ times: Range<Int64>, limit: Int) throws -> RewardLog {
        var log = RewardLog(limit: limit) { FeatureVector.make($0, $1) }
        let seconds = Double(times.lowerBound) / 1_000..<Double(times.upperBound) / 1_000
        let topics = [self.names.decisions] + ComponentType.allCases.map { self.names.signals($0) }
        var broken = 0
        try self.read(topics, from: .time(times.lowerBound)) { record in
            let isDecision = record.source.topic == self.names.decisions
            let isRead: Bool = record.withView { view in
                if isDecision {
                    guard let decision = try? DecisionCodec.decode(view) else { return false }
                    if seconds.contains(decision.decidedAt) { log.take(decision) }
                } else {
                    guard let signal = try? SignalCodec.decode(view) else { return false }
                    log.take(signal)
                }
                return true
            }
            if !isRead { broken += 1 }
        }
        if broken > 0 { FleetProcess.complain("fleet: \(broken) decisions or signals break the contract and were left out") }
        return log
    }

    /// Reads topics up to where they end now.
    func read(_ topics: [String], from start: TopicReader.Start, _ body: (ConsumedRecord) -> Void) throws {
        let reader = try self.reader(topics, from: start)
        let watch = Stopwatch()
        var heard: Int64 = 0
        while !reader.isCaughtUp {
            for record in try reader.read(milliseconds: 1_000) {
                body(record)
                heard = watch.milliseconds
            }
            if let problem = reader.takeProblem() { throw problem }
            guard watch.milliseconds - heard < Self.patience else {
                throw FeedbackFailure("the brokers have told nothing of \(topics.joined(separator: ", ")) for \(Self.patience / 1_000) s")
            }
        }
    }

    func reader(_ topics: [String], from start: TopicReader.Start) throws -> TopicReader {
        try TopicReader(
            configuration: try self.connection.readerConfiguration("feedback"),
            observer: ConnectionOptions.observer,
            topics: topics,
            from: start
        )
    }

    func admin() throws -> KafkaAdmin {
        try KafkaAdmin(configuration: try self.connection.clientConfiguration("feedback"), observer: ConnectionOptions.observer)
    }
}
