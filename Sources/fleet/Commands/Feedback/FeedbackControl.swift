import ArgumentParser
import Feedback
import FleetProcess
import Glibc
import JSON
import KafkaClient
import Orchestration
import Wire

struct FeedbackDisable: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "disable",
        abstract: "See to it that components are not chosen.",
        discussion: """
            The command stands on the topic fleet.control and counts until the component is enabled, or the command is withdrawn; rewards do not bring
            the component back. A request that names a disabled agent as its orchestrator is skipped. The feedback orchestrator that owns the component
            publishes the change, and workers follow, usually within two seconds.

            Examples:
              fleet feedback disable model/gpt-4 --reason "The provider has an outage"
              fleet feedback disable tool/search tool/browse --reason "Quota used up" --wait
              fleet feedback disable model/gpt-4 --withdraw

            Exit codes: 0 sent (with --wait: followed), 1 failed, 2 nobody followed in time, 64 usage.
            """
    )

    @OptionGroup var options: FeedbackControlOptions

    @Flag(help: "Take the command back instead; a component that is unhealthy may be disabled again by its rewards.")
    var withdraw = false

    func validate() throws {
        if self.withdraw, self.options.reason != nil { throw ValidationError("--withdraw goes without --reason: nobody would read it") }
    }

    func run() async throws { try await self.options.run(self.withdraw ? nil : .disable) }
}

struct FeedbackEnable: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "enable",
        abstract: "Let components be chosen again, whether they were disabled by a command or for their health.",
        discussion: """
            Their health is judged by new rewards from then on.

            Examples:
              fleet feedback enable model/gpt-4
              fleet feedback enable tool/search --reason "The quota is back" --wait

            Exit codes: 0 sent (with --wait: followed), 1 failed, 2 nobody followed in time, 64 usage.
            """
    )

    @OptionGroup var options: FeedbackControlOptions

    func run() async throws { try await self.options.run(.enable) }
}

struct FeedbackReset: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reset",
        abstract: "Forget what was learned about components, as if they were new.",
        discussion: """
            For a component that has become another one under the same name. It cannot be taken back. Signals that come later count as ever; whether the
            component may be chosen stays as it is.

            Examples:
              fleet feedback reset model/gpt-4 --reason "The provider replaced the model"

            Exit codes: 0 sent (with --wait: followed), 1 failed, 2 nobody followed in time, 64 usage.
            """
    )

    @OptionGroup var options: FeedbackControlOptions

    func run() async throws { try await self.options.run(.reset) }
}

/// What the commands about components share.
struct FeedbackControlOptions: ParsableArguments {
    @OptionGroup var connection: ConnectionOptions

    @Argument(help: ArgumentHelp("Which; TYPE is model, tool, agent, threshold, prompt or memory.", valueName: "type/id"))
    var components: [ComponentID]

    @Option(help: ArgumentHelp("Why; stands in the component's policy.", valueName: "text"))
    var reason: String?

    @Option(help: ArgumentHelp("Who says so. (default: user@host)", valueName: "text"))
    var issuedBy: String?

    @Flag(help: "Wait until the feedback orchestrator has published the change.")
    var wait = false

    @Option(help: ArgumentHelp("Seconds to wait.", valueName: "seconds"))
    var timeout = 30.0

    @Flag(help: "One JSON object a component: component, command, and with --wait its availability and policy_version.")
    var json = false

    func validate() throws {
        guard self.timeout > 0, self.timeout <= 86_400 else { throw ValidationError("--timeout must be above 0 and at most 86400 seconds") }
        let longest = WireLimits.default.attributeBytes
        for (name, text) in [("--reason", self.reason), ("--issued-by", self.issuedBy)] {
            if let bytes = text?.utf8.count, bytes > longest { throw ValidationError("\(name) has \(bytes) bytes, \(longest) are allowed") }
        }
        for component in self.components where component.id.utf8.count > WireLimits.default.keyBytes {
            throw ValidationError("type/id: the id has \(component.id.utf8.count) bytes, \(WireLimits.default.keyBytes) are allowed")
        }
    }

    /// Sends the command about each component, nil to withdraw, and waits for what comes of it if asked to.
    func run(_ order: ComponentOrder?) async throws {
        let missing = try await feedbackReporting { try self.send(order) }
        guard missing.isEmpty else {
            let list = missing.map { DeadLetterText.escaped($0.description, to: 300) }.joined(separator: ", ")
            FleetProcess.complain(
                "fleet: the command is sent, but no feedback orchestrator has followed it for \(list) within \(decimals(self.timeout, 0)) s; "
                    + "see that one runs: it will read the command when it starts"
            )
            throw ExitCode.timedOut
        }
    }

    private func send(_ order: ComponentOrder?) throws -> [ComponentID] {
        let source = FeedbackTopicsReader(connection: self.connection)
        let sender = try ControlSender(self.connection)
        var followers: PolicyFollower?
        if self.wait { followers = try PolicyFollower(source) }
        var times: [ComponentID: Int64] = [:]
        for component in self.components {
            let time = try sender.send(order.map { .component(component, $0) }, about: .component(component), self.reason, self.issuedBy)
            times[component] = time
            if !self.wait { self.tell(order, component, nil) }
        }
        guard let followers else { return [] }
        return try followers.follow(times, order, milliseconds: Int64(self.timeout * 1_000)) { self.tell(order, $0, $1) }
    }

    /// What was done, and what happens next.
    private func tell(_ order: ComponentOrder?, _ component: ComponentID, _ snapshot: PolicySnapshot?) {
        if self.json {
            var object: JSONObject = ["component": .string(component.description), "command": .string(order?.rawValue ?? "withdrawn")]
            if let snapshot {
                object["availability"] = .string(snapshot.availability.rawValue)
                object["policy_version"] = .integer(snapshot.policyVersion)
            }
            Console.line(JSONValue.object(object).description)
            return
        }
        let name = DeadLetterText.escaped(component.description, to: 300)
        if let snapshot {
            Console.line("\(name) is \(snapshot.availability.rawValue) in policy version \(snapshot.policyVersion)")
            return
        }
        switch order {
        case .disable:
            Console.line("disable \(name): sent; it is not chosen until: fleet feedback enable \(name)")
        case .enable: Console.line("enable \(name): sent; it is chosen again, and judged by new rewards")
        case .reset: Console.line("reset \(name): sent; what was learned about it is forgotten, new signals count")
        case nil: Console.line("withdrawn \(name): sent; its health alone decides whether it is chosen")
        }
    }
}

/// Puts commands on the control topic and waits for the broker's acknowledgement.
struct ControlSender {
    private let producer: KafkaProducer
    private let topic: ProducerTopic

    /// - Throws: a control topic that is missing.
    init(_ connection: ConnectionOptions) throws {
        let names = connection.names
        let observer = ConnectionOptions.observer
        let admin = try KafkaAdmin(configuration: try connection.clientConfiguration("feedback"), observer: observer)
        guard try admin.describeTopics().contains(where: { $0.name == names.control }) else {
            throw FeedbackFailure("the topic \(names.control) does not exist, so nobody can be told; create it with: fleet topics create")
        }
        self.producer = try KafkaProducer(
            configuration: try connection.clientConfiguration("feedback").merging(["linger.ms": "0", "message.timeout.ms": "20000"]),
            observer: observer
        )
        self.topic = try self.producer.topic(names.control)
    }

    /// Sends a command, or withdraws what was said about its scope.
    ///
    /// - Returns: the command's time, milliseconds since 1970.
    @discardableResult
    func send(_ order: ControlOrder?, about scope: ControlScope, _ reason: String?, _ issuer: String?) throws -> Int64 {
        let time = WireTime.now
        guard let order else {
            try self.producer.send(nil, RecordHeaders(), to: self.topic, key: scope.key)
            return time
        }
        let command = ControlCommand(order, reason: reason, issuedBy: issuer ?? Cancel.user, time: time)
        let (value, headers) = command.encode(source: "/orchestration-fleet/fleet", time: time)
        try self.producer.send(value, headers, to: self.topic, key: command.key)
        return time
    }
}

/// Waits for the policies that follow commands.
struct PolicyFollower {
    private let reader: TopicReader

    /// Follows what is published from now on.
    init(_ source: FeedbackTopicsReader) throws {
        self.reader = try source.reader([source.names.policies], from: .end)
    }

    /// - Parameter times: of the commands, milliseconds since 1970; a policy that is older is none of theirs.
    /// - Returns: the components of which nothing came.
    func follow(
        _ times: [ComponentID: Int64],
        _ order: ComponentOrder?,
        milliseconds: Int64,
        _ body: (ComponentID, PolicySnapshot) -> Void
    ) throws -> [ComponentID] {
        var open = times
        let watch = Stopwatch()
        while !open.isEmpty, watch.milliseconds < milliseconds {
            for record in try self.reader.read(milliseconds: Int32(clamping: min(1_000, milliseconds - watch.milliseconds))) {
                guard let snapshot = record.value.flatMap({ try? PolicySnapshot(decoding: $0) }), let time = open[snapshot.component],
                    Int64(snapshot.updatedAt * 1_000) >= time, Self.follows(snapshot, order)
                else { continue }
                open[snapshot.component] = nil
                body(snapshot.component, snapshot)
            }
        }
        return open.keys.sorted { $0.description < $1.description }
    }

    /// Whether a policy can be what came of a command: one that signals brought about just before it may still say otherwise.
    private static func follows(_ snapshot: PolicySnapshot, _ order: ComponentOrder?) -> Bool {
        switch order {
        case .disable: snapshot.availability == .disabled
        case .enable: snapshot.availability == .enabled
        case .reset, nil: true
        }
    }
}
