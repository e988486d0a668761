import Foundation
import KafkaProcess
import Testing

/// Runs the built tool.
func fleet(_ arguments: [String], environment: [String: String] = [:]) async throws -> ChildProcess.Completion {
    try await ChildProcess.run(
        ChildProcess.buildProduct("fleet"),
        arguments: arguments,
        environment: environment,
        deadline: .now + .seconds(30)
    )
}

/// A file that is removed with its owner.
final class TemporaryFile: Sendable {
    let url: URL

    init(_ text: String) throws {
        self.url = FileManager.default.temporaryDirectory.appendingPathComponent("fleet-\(UUID().uuidString)")
        try Data(text.utf8).write(to: self.url)
    }

    deinit { try? FileManager.default.removeItem(at: self.url) }
}

@Suite("The tool's usage", .timeLimit(.minutes(1)))
struct UsageTests {
    @Test(
        "every command explains itself, with examples",
        arguments: [
            [], ["submit"], ["cancel"], ["tail"], ["topics"], ["topics", "create"], ["deadletters"], ["deadletters", "list"],
            ["deadletters", "show"],
            ["deadletters", "histogram"], ["deadletters", "replay"], ["deadletters", "purge"], ["feedback"], ["feedback", "status"],
            ["feedback", "components"], ["feedback", "policies"], ["feedback", "watch"], ["feedback", "disable"], ["feedback", "enable"],
            ["feedback", "reset"], ["feedback", "experiments"], ["feedback", "experiments", "list"], ["feedback", "experiments", "define"],
            ["feedback", "experiments", "stop"], ["feedback", "experiments", "evaluate"], ["dev"], ["demo"], ["bench"],
        ]
    )
    func help(_ command: [String]) async throws {
        let help = try await fleet(command + ["--help"])
        #expect(help.status.isSuccess && help.standardError.isEmpty)
        #expect(help.standardOutput.contains("USAGE: ") && help.standardOutput.contains("OVERVIEW: "))
        #expect(help.standardOutput.contains("Examples:") && help.standardOutput.contains("fleet \(command.joined(separator: " "))"))
        #expect(try await fleet(["help"] + command).standardOutput == help.standardOutput)
    }

    @Test("it is said who runs an experiment, what happens next and by which figures")
    func experiments() async throws {
        let help = try await fleet(["feedback", "experiments", "define", "--help"]).standardOutput
        // However lines are broken.
        let define = help.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        for text in [
            "feedback orchestrator of the fleet's first partition", "first reward of each decision", "shadow: everybody", "active: each",
            "promoted: a",
            "rolled_back: a", "500 rewards", "50 rewards", "5 % (promote_at)", "95 % certainty", "10 %", "80 % certainty",
            "fleet feedback experiments define at-once",
        ] { #expect(define.contains(text), "\(text)") }
        let list = try await fleet(["feedback", "experiments", "list", "--help"]).standardOutput
        for state in ["shadow", "active", "promoted", "rolled_back", "defined", "broken", "stopped"] {
            #expect(list.contains(state), "\(state)")
        }
    }

    @Test("every measurement explains itself", arguments: ["seed", "worker", "limit", "latency", "micro", "learners"])
    func benchHelp(_ command: String) async throws {
        let help = try await fleet(["bench", command, "--help"])
        #expect(
            help.status.isSuccess && help.standardOutput.contains("Examples:\n") && help.standardOutput.contains("fleet bench \(command)")
        )
    }

    @Test("completion scripts name the commands and pass the shell's own check", arguments: ["bash", "zsh", "fish"])
    func completion(_ shell: String) async throws {
        let script = try await fleet(["--generate-completion-script", shell])
        #expect(script.status.isSuccess && script.standardError.isEmpty)
        for word in [
            "submit", "cancel", "withdraw", "tail", "topics", "create", "deadletters", "replay", "bench", "latency", "bootstrap-servers",
        ] {
            #expect(script.standardOutput.contains(word))
        }
        let known = ["bash": "/bin/bash", "zsh": "/usr/bin/zsh", "fish": "/usr/bin/fish"]
        guard let program = known[shell], FileManager.default.isExecutableFile(atPath: program) else { return }
        let file = try TemporaryFile(script.standardOutput + "\n")
        let check = try await ChildProcess.run(program, arguments: ["-n", file.url.path])
        #expect(check.status.isSuccess, "\(check.standardError)")
    }

    @Test(
        "wrong usage ends with 64 and says what is wrong",
        arguments: [
            (["submit"], "orchestrator"), (["submit", "echo"], "--tenant"), (["submitt"], "submit"),
            (["submit", "--tennant", "x"], "--tenant"),
            (["submit", "echo", "--tenant", "a", "--arg", "nothing"], "name=value"),
            (["submit", "echo", "--tenant", "a", "--kwargs", "[1]"], "JSON object"),
            (["submit", "echo", "--tenant", "a", "--kwargs", "{"], "--kwargs"),
            (["submit", "echo", "--tenant", "a", "--kwargs", "@no-such-file.json"], "no-such-file.json"),
            (["submit", "echo", "--tenant", "a", "--timeout", "0"], "--timeout"),
            (["submit", "echo", "--tenant", "a", "--layer", "attic"], "attic"),
            (["submit", "echo", "--tenant", "a", "--kafka", "=x"], "name=value"),
            (["cancel"], "request-id"), (["cancel", ""], "request-id"), (["cancel", "a", "--timeout", "-1"], "--timeout"),
            (["cancel", "a", "--withdraw", "--wait"], "--withdraw"), (["cancel", "a", "--withdraw", "--reason", "x"], "--withdraw"),
            (["cancel", "a", String(repeating: "x", count: 1_025)], "1025 bytes"),
            (["cancel", "a", "--reason", String(repeating: "x", count: 1_025)], "--reason"),
            (["tail"], "topic"), (["topics", "create", "--partitions", "0"], "--partitions"), (["bench", "nothing"], "nothing"),
            (["deadletters", "list", "--reason", "bad luck"], "unknown_orchestrator"),
            (["deadletters", "list", "--since", "soon"], "RFC 3339"),
            (["deadletters", "list", "--since", "1h", "--until", "2h"], "--until"), (["deadletters", "list", "--max", "0"], "--max"),
            (["deadletters", "list", "--filter", ""], "--filter"), (["deadletters", "list", "--layer", "attic"], "attic"),
            (["deadletters", "show", "3"], "3"), (["deadletters", "show", "-1:2"], "-1"), (["deadletters", "show"], "place"),
            (["deadletters", "histogram", "--by", "weather"], "error-category"), (["deadletters", "replay", "--rate", "0"], "--rate"),
            (["deadletters", "replay", "--to", "a/b"], "--to"), (["deadletters", "replay", "--max-replays", "-1"], "--max-replays"),
            (["deadletters", "replay", "--to", "orchestration.deadletters.domain"], "dead letter topic"),
            (["deadletters", "replay", "--filter", String(repeating: "x", count: 3_000)], "--filter"),
            (["deadletters", "purge", "--all", "--reason", "expired"], "only delete from a partition's beginning"),
            (["deadletters", "purge", "--yes"], "--all"), (["deadletters", "purge", "--all", "--until", "1d", "--yes"], "--until"),
            (["deadletters", "purge", "--all"], "--yes"), (["deadletters", "purge", "--until", "0:5", "--yes"], "--layer"),
            (["bench", "limit", "--records", "0"], "--records"), (["bench", "learners", "--seeds", "0"], "--seeds"),
            (["--generate-completion-script", "csh"], "csh"),
        ]
    )
    func mistakes(_ arguments: [String], _ word: String) async throws {
        let wrong = try await fleet(arguments)
        #expect(wrong.status == .exited(64), "\(wrong.standardError)")
        #expect(wrong.standardOutput.isEmpty && wrong.standardError.contains(word), "\(wrong.standardError)")
    }

    private static let feedback: [(arguments: [String], word: String)] = [
        (["policies", "gpt-4"], "gpt-4"), (["policies", "robot/x"], "robot/x"), (["policies"], "type/id"),
        (["components", "--type", "robot"], "robot"), (["components", "--limit", "0"], "--limit"),
        (["components", "--sort", "beauty"], "health"), (["watch", "robot"], "robot"), (["watch", "--window", "2d"], "1s to 1d"),
        (["watch", "--interval", "0"], "--interval"), (["disable"], "type/id"), (["disable", "model/"], "model/"),
        (["disable", "model/a", "--withdraw", "--reason", "x"], "--withdraw"),
        (["disable", "model/" + String(repeating: "x", count: 257)], "257 bytes"),
        (["reset", "model/a", "--reason", String(repeating: "x", count: 1_025)], "--reason"),
        (["enable", "model/a", "--wait", "--timeout", "0"], "--timeout"), (["experiments", "define", "", "{}"], "NAME is empty"),
        (["experiments", "stop"], "name"), (["experiments", "evaluate", "e", "--policy", "uniform"], "--policy"),
        (["experiments", "evaluate", "--policy", "best"], "best"), (["experiments", "evaluate", "--intervals", "wide"], "bootstrap"),
        (["experiments", "evaluate", "--since", "1h", "--until", "2h"], "--since"),
        (["experiments", "evaluate", "--train-share", "1"], "--train-share"),
        (["experiments", "evaluate", "--confidence", "1"], "--confidence"),
    ]

    @Test("wrong usage of fleet feedback ends with 64, too", arguments: Self.feedback)
    func feedbackMistakes(_ mistake: (arguments: [String], word: String)) async throws {
        try await self.mistakes(["feedback"] + mistake.arguments, mistake.word)
    }

    @Test(
        "a definition of an experiment that is none is told by its path, before anything is sent",
        arguments: [
            ("{", "no JSON"), (#"{"component_type": "robot"}"#, "component_type must be one of"),
            (#"{"component_type": "model", "variants": {"b": 0.1}, "auto_activate": 7}"#, "auto_activate is not known"),
            (#"{"component_type": "model", "variants": {"b": 2}}"#, "variants.b.fraction"), ("no-such-file.json", "no-such-file.json"),
        ]
    )
    func definitions(_ definition: String, _ word: String) async throws {
        let wrong = try await fleet(["feedback", "experiments", "define", "e", definition])
        #expect(wrong.status == .exited(64) && wrong.standardOutput.isEmpty && wrong.standardError.contains(word), "\(wrong.standardError)")
    }

    @Test("a wrong property in the environment is told without its value")
    func environment() async throws {
        let wrong = try await fleet(["tail", "results"], environment: ["FLEET_KAFKA": "sasl.passwrd=hunter2"])
        #expect(wrong.status == .exited(1) && wrong.standardError.contains("sasl.passwrd"))
        #expect(!wrong.standardError.contains("hunter2"))
    }
}

@Suite("Module borders", .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/python3"), "python3 is not installed"))
struct BorderTests {
    private let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    private func check(_ arguments: [String] = []) async throws -> ChildProcess.Completion {
        try await ChildProcess.run(
            "/usr/bin/python3",
            arguments: [self.root.appendingPathComponent("deploy/check-borders").path] + arguments
        )
    }

    @Test("are kept")
    func kept() async throws {
        let check = try await self.check()
        #expect(check.status.isSuccess, "\(check.standardError)")
    }

    @Test("that are broken are told, one line an import")
    func broken() async throws {
        let copy = FileManager.default.temporaryDirectory.appendingPathComponent("fleet-borders-\(UUID().uuidString)")
        try FileManager.default.copyItem(at: self.root.appendingPathComponent("Sources"), to: copy)
        defer { try? FileManager.default.removeItem(at: copy) }
        #expect(try await self.check([copy.path]).status.isSuccess)
        try Data("import KafkaClient\n@testable import struct Wire.Reply\nimport Synchronization\n".utf8)
            .write(to: copy.appendingPathComponent("JSON/Planted.swift"))
        try FileManager.default.createDirectory(at: copy.appendingPathComponent("Stranger"), withIntermediateDirectories: true)
        try Data("import Glibc\n".utf8).write(to: copy.appendingPathComponent("Stranger/File.swift"))
        let check = try await self.check([copy.path])
        #expect(check.status == .exited(1))
        let lines = check.standardError.split(separator: "\n").map { String($0) }
        #expect(lines.count == 3)
        for text in [
            "JSON/Planted.swift: JSON may not import KafkaClient", "JSON/Planted.swift: JSON may not import Wire",
            "Stranger: not in the table",
        ] {
            #expect(lines.contains { $0.contains(text) }, "\(text): \(lines)")
        }
    }
}
