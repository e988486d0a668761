import ArgumentParser
import Foundation
import Testing

@Suite("Completion scripts")
struct CompletionTests {
    /// What a shell prints for a script given on its standard input.
    private static func run(_ shell: String, _ arguments: [String], script: String, in folder: String = "/") throws -> [String] {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: shell)
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        let input = Pipe()
        let output = Pipe()
        process.standardInput = input
        process.standardOutput = output
        process.standardError = output
        try process.run()
        input.fileHandleForWriting.write(Data(script.utf8))
        try input.fileHandleForWriting.close()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return String(decoding: data, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    private static func completions(_ words: [String], in folder: String = "/") throws -> [String] {
        let list = words.map { "'\($0)'" }.joined(separator: " ")
        let script = """
            \(Fleet.completionScript(for: .bash))
            COMP_WORDS=(\(list)) COMP_CWORD=\(words.count - 1)
            _fleet
            printf '%s\\n' "${COMPREPLY[@]}"
            """
        return try self.run("/bin/bash", ["--norc", "--noprofile"], script: script, in: folder)
    }

    @Test(
        "bash completes commands, options and values",
        arguments: [
            (["fleet", ""], ["submit", "deadletters", "--version", "-h", "--help"]),
            (["fleet", "su"], ["submit"]),
            (["fleet", "submit", "--o"], ["--orchestrator"]),
            (["fleet", "submit", "--orchestrator", ""], ["echo", "probe"]),
            (["fleet", "submit", "--orchestrator", "p"], ["probe"]),
            (["fleet", "submit", "--orchestrator", "="], ["echo", "probe"]),
            (["fleet", "submit", "--orchestrator", "=", "e"], ["echo"]),
            (["fleet", "submit", "-l", "d"], ["debug"]),
            (["fleet", "submit", "--log-level", "deadletters", "--w"], ["--wait"]),
            (["fleet", "submit", "--log-level", "=", "info", "--w"], ["--wait"]),
            (["fleet", "dlq", "l"], ["list"]),
            (["fleet", "deadletters", "--li"], ["--limit"]),
            (["fleet", "deadletters", "list", "a"], ["application"]),
            (["fleet", "deadletters", "list", "--limit", ""], []),
            (["fleet", "deadletters", "replay", "--"], ["--help"]),
        ]
    )
    func bash(words: [String], expected: [String]) throws {
        #expect(try Self.completions(words) == expected)
    }

    @Test("bash completes files of an extension and directories")
    func bashFiles() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("completion-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder.appendingPathComponent("a-folder"), withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for name in ["a.json", "a.txt", "b.json"] { try Data().write(to: folder.appendingPathComponent(name)) }
        #expect(try Self.completions(["fleet", "submit", "--arguments", "a"], in: folder.path).sorted() == ["a-folder", "a.json"])
    }

    @Test("the scripts are asked for by an option of the root command")
    func option() throws {
        for shell in CompletionShell.allCases {
            for words in [["--generate-completion-script", shell.rawValue], ["--generate-completion-script=\(shell.rawValue)"]] {
                let error = try #require(throws: (any Error).self) { try Fleet.parseAsRoot(words) }
                #expect(Fleet.fullMessage(for: error) == Fleet.completionScript(for: shell))
                #expect(Fleet.exitCode(for: error) == .success)
            }
        }
        let error = try #require(throws: (any Error).self) { try Fleet.parseAsRoot(["--generate-completion-script", "csh"]) }
        let expected = "The value 'csh' is invalid for '--generate-completion-script <shell>': expected one of 'bash', 'zsh', 'fish'"
        #expect(Fleet.message(for: error) == expected)
    }

    @Test("hidden commands and options are not offered")
    func hidden() {
        for shell in CompletionShell.allCases {
            #expect(!Fleet.completionScript(for: shell).contains("internal"))
            #expect(!Repeat.completionScript(for: shell).contains("secretive"))
        }
    }

    @Test(
        "fish completes commands, options and values",
        .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/fish"), "fish is not installed"),
        arguments: [
            ("fleet su", ["submit"]), ("fleet submit --or", ["--orchestrator"]), ("fleet submit --orchestrator ", ["echo", "probe"]),
            ("fleet submit --orchestrator=p", ["--orchestrator=probe"]), ("fleet dlq l", ["list"]),
            ("fleet deadletters list a", ["application"]), ("fleet submit -l deadletters --wa", ["--wait"]),
        ]
    )
    func fish(line: String, expected: [String]) throws {
        let script = "\(Fleet.completionScript(for: .fish))\ncomplete -C '\(line)'\n"
        let lines = try Self.run("/usr/bin/fish", ["--no-config", "--private"], script: script)
        #expect(lines.map { $0.split(separator: "\t").first.map(String.init) ?? "" } == expected)
    }

    @Test("the zsh script is one that zsh can read", .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/zsh")))
    func zshSyntax() throws {
        #expect(try Self.run("/usr/bin/zsh", ["-f", "-n"], script: Fleet.completionScript(for: .zsh)) == [])
    }

    @Test(
        "zsh completes commands, options and values",
        .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/zsh"), "zsh is not installed"),
        arguments: [
            (["fleet", "su"], ["submit", "deadletters", "--version", "-h", "--help"]),
            (["fleet", "submit", "--orchestrator", "p"], ["echo", "probe"]),
            (["fleet", "submit", "--orchestrator=p"], ["echo", "probe"]),
            (["fleet", "dlq", "list", "a"], ["-l", "--log-level", "--limit", "-h", "--help", "domain", "application"]),
        ]
    )
    func zsh(words: [String], expected: [String]) throws {
        // The functions that only work inside the line editor are replaced by ones that print what they are offered.
        let list = words.map { "'\($0)'" }.joined(separator: " ")
        let script = """
            compdef() { }; compset() { }; _message() { }
            compadd() { shift; print -l -- "$@" }
            _describe() { print -l -- "${(@)offered%%:*}" }
            \(Fleet.completionScript(for: .zsh))
            words=(\(list)) CURRENT=\(words.count)
            _fleet
            """
        #expect(try Self.run("/usr/bin/zsh", ["-f"], script: script) == expected)
    }
}
