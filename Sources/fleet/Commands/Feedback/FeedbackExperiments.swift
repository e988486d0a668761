import ArgumentParser
import Feedback
import FleetProcess
import Glibc
import JSON
import Orchestration
import Wire

struct FeedbackExperiments: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "experiments",
        abstract: "Compare ways to choose: by decisions of the past, or by giving each a share of what comes.",
        discussion: """
            Examples:
              fleet feedback experiments evaluate --type model --since 1d
              fleet feedback experiments define claude-first '{"component_type": "model", "variants": {"claude-3-opus": 0.1}}'
              fleet feedback experiments list
              fleet feedback experiments evaluate claude-first
              fleet feedback experiments stop claude-first --reason "It is not better"

            Exit codes: 0 done, 1 failed, 64 usage.
            """,
        subcommands: [
            FeedbackExperimentsList.self, FeedbackExperimentsDefine.self, FeedbackExperimentsStop.self, FeedbackExperimentsEvaluate.self,
        ]
    )

    /// A name as it may stand in a key.
    static func check(_ name: String) throws {
        guard !name.isEmpty else { throw ValidationError("NAME is empty") }
        guard name.utf8.count <= WireLimits.default.keyBytes else {
            throw ValidationError("NAME has \(name.utf8.count) bytes, \(WireLimits.default.keyBytes) are allowed")
        }
    }

    /// That there is no such experiment, and which there are.
    static func explain(_ name: String, _ known: [String]) -> FeedbackFailure {
        let list = known.sorted().prefix(10).map { DeadLetterText.escaped($0, to: 80) }.joined(separator: ", ")
        let name = DeadLetterText.escaped(name, to: 300)
        return FeedbackFailure(
            known.isEmpty
                ? "there is no experiment \(name), nor any other; define it with: fleet feedback experiments define \(name) DEFINITION"
                : "there is no experiment \(name); there are: \(list)"
        )
    }
}

struct FeedbackExperimentsList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the experiments that are defined.",
        discussion: """
            STATE is shadow, active, promoted or rolled_back; defined as long as no feedback orchestrator has taken this definition up; broken where the
            definition is none; stopped with --all. More tells: fleet feedback experiments evaluate NAME.

            Examples:
              fleet feedback experiments list
              fleet feedback experiments list --all --json | jq .definition

            Exit codes: 0 done, 1 failed, 64 usage.
            """
    )

    @OptionGroup var connection: ConnectionOptions

    @Flag(help: "Those that were stopped, too.")
    var all = false

    @Flag(help: "One JSON object a line: name, command, phase, definition, reason, issued_by, time.")
    var json = false

    func run() async throws {
        try await feedbackReporting {
            let source = FeedbackTopicsReader(connection: self.connection)
            let experiments = try source.experiments().sorted { $0.key < $1.key }
            let standings = try source.knowledge().standings
            var table = TextTable([
                .init(title: "NAME"), .init(title: "STATE"), .init(title: "TYPE"), .init(title: "CONTROL"),
                .init(title: "VARIANTS", maximumWidth: 80), .init(title: "SINCE"), .init(title: "BY"),
                .init(title: "REASON", maximumWidth: 80),
            ])
            var count = 0
            for (name, command) in experiments {
                let definition: JSONObject?
                switch command.command.order {
                case .define(_, let object): definition = object
                default: definition = nil
                }
                guard definition != nil || self.all else { continue }
                count += 1
                // One of the same name that was defined before does not count.
                let time = ExperimentStanding.definedAt(command.time)
                let phase = standings[name].flatMap { $0.definedAt == time ? $0.experiment.phase : nil }
                if self.json {
                    Console.line(Self.json(name, command, definition, phase))
                } else {
                    table.add(Self.row(name, command, definition, phase))
                }
            }
            if !self.json, count > 0 { table.show() }
            if count == 0 { FleetProcess.complain("no experiment is defined; how to: fleet feedback experiments define --help") }
        }
    }

    private static func row(
        _ name: String,
        _ command: FeedbackTopicsReader.Command,
        _ definition: JSONObject?,
        _ phase: Experiment.Phase?
    ) -> [String] {
        let time = WireTime.text(command.time)
        let issuer = command.command.issuedBy ?? "-"
        let reason = command.command.reason ?? ""
        guard let definition else { return [name, "stopped", "-", "-", "-", time, issuer, reason] }
        let read = Result { () throws(ExperimentError) in try ExperimentDefinition(json: definition) }
        switch read {
        case .success(let experiment):
            let variants = experiment.variants.map { "\($0.name) \(decimals($0.fraction * 100, 1)) %" }.joined(separator: ", ")
            return [
                name, phase?.rawValue ?? "defined", experiment.componentType.rawValue, experiment.control.description, variants, time,
                issuer, reason,
            ]
        case .failure(let error): return [name, "broken", "-", "-", error.description, time, issuer, reason]
        }
    }

    private static func json(
        _ name: String,
        _ command: FeedbackTopicsReader.Command,
        _ definition: JSONObject?,
        _ phase: Experiment.Phase?
    ) -> String {
        JSONValue.object([
            "name": .string(name), "command": .string(command.command.order.name),
            "phase": phase.map { .string($0.rawValue) } ?? .null,
            "definition": definition.map { .object($0) } ?? .null,
            "reason": command.command.reason.map { .string($0) } ?? .null,
            "issued_by": command.command.issuedBy.map { .string($0) } ?? .null, "time": .string(WireTime.text(command.time)),
        ]).description
    }
}

struct FeedbackExperimentsDefine: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "define",
        abstract: "Begin an experiment, or begin it anew by another definition.",
        discussion: """
            The definition is JSON, or a file with it, or - for standard input. Required are component_type and variants; a variant is a fraction alone, of
            the component with the variant's name, or {"policy": POLICY, "fraction": F} with POLICY one of current, uniform, arm:ID, algorithm:NAME.
            Optional, with their defaults: "control": "current", "phase": "shadow" (or active), "auto_activate_after": 500, "minimum_samples": 50,
            "promote_at": 0.05, "roll_back_at": -0.1, "confidence": 0.95.

            The feedback orchestrator of the fleet's first partition runs it and counts the first reward of each decision; without one it stays defined. Next:
              shadow: everybody gets the control. After 500 rewards of it (auto_activate_after) its log judges the variants: one that is worse by \
            10 % (roll_back_at), and surely worse, never gets its share. "phase": "active" leaves this out.
              active: each variant gets its fraction of the requests, trees or sessions, always the same ones. From 50 rewards of variant and \
            control on (minimum_samples) they are compared after every reward.
              promoted: a variant was better by 5 % (promote_at), and better at all with 95 % certainty (confidence). Everybody gets it.
              rolled_back: a variant that is worse by 10 % (roll_back_at), and worse at all with 80 % certainty, is given to nobody any more; when \
            none is left, the experiment ends so, and everybody gets the control.
            How it stands: list, evaluate NAME. It ends with stop NAME, until then the winner stays. Defining a name again begins it anew.

            Examples:
              fleet feedback experiments define claude-first '{"component_type": "model", "variants": {"claude-3-opus": 0.1}}'
              fleet feedback experiments define at-once '{"component_type": "tool", "variants": {"grep": 0.2}, "phase": "active", "minimum_samples": 200}'
              fleet feedback experiments define by-ucb experiment.json --reason "Does it need a situation?"
              fleet feedback experiments define by-ucb experiment.json --dry-run

            Exit codes: 0 defined, 1 failed, 64 usage or a definition that is none.
            """
    )

    @OptionGroup var connection: ConnectionOptions

    @Argument(help: "The experiment's name.")
    var name: String

    @Argument(help: "JSON, a file, or -.")
    var definition: String

    @Option(help: ArgumentHelp("Why, for people.", valueName: "text"))
    var reason: String?

    @Option(help: ArgumentHelp("Who says so. (default: user@host)", valueName: "text"))
    var issuedBy: String?

    @Flag(help: "Check the definition and print it with its defaults; send nothing.")
    var dryRun = false

    func validate() throws { try FeedbackExperiments.check(self.name) }

    func run() async throws {
        let definition: ExperimentDefinition
        do {
            definition = try ExperimentDefinition(json: try Self.read(self.definition), strictly: true)
        } catch {
            FleetProcess.complain("fleet: \(error)")
            throw ExitCode.validationFailure
        }
        Console.line(JSONValue.object(definition.json).serialized(pretty: true))
        if self.dryRun { return }
        try await feedbackReporting {
            let known = try FeedbackTopicsReader(connection: self.connection).experiments()[self.name]
            try ControlSender(self.connection).send(
                .define(experiment: self.name, definition: definition.json),
                about: .experiment(self.name),
                self.reason,
                self.issuedBy
            )
            if case .define? = known?.command.order {
                FleetProcess.complain("it takes the place of the experiment of that name, and begins anew")
            }
            let name = DeadLetterText.escaped(self.name, to: 300)
            FleetProcess.complain("sent; how it stands: fleet feedback experiments evaluate \(name)")
        }
    }

    /// - Throws: a sentence for people.
    private static func read(_ text: String) throws(FeedbackFailure) -> JSONObject {
        let isJSON = text.first { !$0.isWhitespace } == "{"
        let bytes = isJSON ? Array(text.utf8) : try self.file(text)
        let value: JSONValue
        do {
            value = try JSONValue(parsing: bytes, limits: JSONLimits(maximumBytes: ControlCommand.experimentBytes, maximumDepth: 16))
        } catch {
            throw FeedbackFailure("the definition is no JSON: \(error)")
        }
        guard let object = value.objectValue else { throw FeedbackFailure("the definition must be a JSON object, found \(value.kindName)") }
        return object
    }

    /// A file's bytes, somewhat more than a definition may have at most.
    private static func file(_ path: String) throws(FeedbackFailure) -> [UInt8] {
        let descriptor = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw FeedbackFailure(
                "DEFINITION is neither a JSON object nor a file that can be read: \(Console.shortened(path)): \(String(cString: strerror(errno)))"
            )
        }
        defer { if path != "-" { close(descriptor) } }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 8_192)
        while bytes.count <= ControlCommand.experimentBytes {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            guard count >= 0 else { throw FeedbackFailure("\(Console.shortened(path)): \(String(cString: strerror(errno)))") }
            guard count > 0 else { return bytes }
            bytes += buffer[..<count]
        }
        return bytes
    }
}

struct FeedbackExperimentsStop: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stop",
        abstract: "End an experiment: everybody gets what they would get without it.",
        discussion: """
            Examples:
              fleet feedback experiments stop claude-first --reason "It is not better"

            Exit codes: 0 stopped, 1 there is no such experiment, or failed, 64 usage.
            """
    )

    @OptionGroup var connection: ConnectionOptions

    @Argument(help: "The experiment's name.")
    var name: String

    @Option(help: ArgumentHelp("Why, for people.", valueName: "text"))
    var reason: String?

    @Option(help: ArgumentHelp("Who says so. (default: user@host)", valueName: "text"))
    var issuedBy: String?

    func validate() throws { try FeedbackExperiments.check(self.name) }

    func run() async throws {
        try await feedbackReporting {
            let experiments = try FeedbackTopicsReader(connection: self.connection).experiments()
            guard case .define? = experiments[self.name]?.command.order else {
                throw FeedbackExperiments.explain(
                    self.name,
                    experiments.filter { if case .define = $0.value.command.order { true } else { false } }.map(\.key)
                )
            }
            try ControlSender(self.connection).send(.stop(experiment: self.name), about: .experiment(self.name), self.reason, self.issuedBy)
            Console.line("stopped \(DeadLetterText.escaped(self.name, to: 300)): choices are made without it again")
        }
    }
}
