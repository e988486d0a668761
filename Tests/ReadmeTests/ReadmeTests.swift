import Foundation
import KafkaProcess
import Testing

/// Everything in the README is run here: what it shows as Swift is compiled in this target, what it shows as commands is executed.
@Suite("README", .serialized, .timeLimit(.minutes(5)))
struct ReadmeTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    private static let text = (try? String(contentsOf: root.appendingPathComponent("README.md"), encoding: .utf8)) ?? ""

    /// The fenced block after a marker comment.
    private static func block(after marker: String) throws -> String {
        let start = try #require(text.range(of: "<!-- \(marker) -->\n```"), "README.md has no block marked \(marker)")
        let body = text[start.upperBound...]
        let first = try #require(body.firstIndex(of: "\n"))
        let end = try #require(body.range(of: "\n```"))
        return String(body[body.index(after: first)...end.lowerBound])
    }

    @Test("is under 250 lines")
    func length() {
        #expect(!Self.text.isEmpty)
        #expect(Self.text.split(separator: "\n", omittingEmptySubsequences: false).count < 250)
    }

    @Test("shows the code that is compiled here", arguments: ["Greeter.swift", "GreetingWorker.swift", "GreeterTests.swift"])
    func swiftBlocks(file: String) throws {
        let source = try String(contentsOf: Self.root.appendingPathComponent("Tests/ReadmeTests/\(file)"), encoding: .utf8)
        #expect(source.hasSuffix(try Self.block(after: "Tests/ReadmeTests/\(file)")), "README.md and \(file) differ")
    }

    @Test("has no code or command that is not run; the two scripts are run by the project's checks")
    func everyBlockIsMarked() {
        let lines = Self.text.split(separator: "\n", omittingEmptySubsequences: false)
        let fences = lines.indices.filter { lines[$0].hasPrefix("```") && lines[$0] != "```" && lines[$0] != "```text" }
        #expect(fences.count >= 7)
        for fence in fences {
            let end = lines[(fence + 1)...].firstIndex { $0.hasPrefix("```") } ?? lines.endIndex
            let isScripts = lines[(fence + 1)..<end].allSatisfy { $0.hasPrefix("./deploy/demo") || $0.hasPrefix("./deploy/test") }
            #expect(isScripts || lines[fence - 1].hasPrefix("<!-- "), "line \(fence + 1)")
        }
    }

    @Test("starts a fleet with the command it shows")
    func dev() async throws {
        let command = try Self.block(after: "run: dev").replacingOccurrences(of: "swift run -c release fleet", with: "exec fleet")
        let folder = URL(fileURLWithPath: try ChildProcess.buildProduct("fleet")).deletingLastPathComponent().path
        let fleet = try ChildProcess.start(
            "/bin/bash",
            arguments: ["-euc", "cd '\(Self.root.path)'\n\(command)"],
            environment: ["PATH": "\(folder):\(ProcessInfo.processInfo.environment["PATH"] ?? "")"]
        )
        _ = try await fleet.waitForLine(containing: "ready ", deadline: .now + .seconds(60))
        fleet.terminate()
        #expect(try await fleet.waitForExit(deadline: .now + .seconds(30)).isSuccess)
    }

    @Test("links to files that exist")
    func links() throws {
        let pattern = try NSRegularExpression(pattern: #"\]\(([^)#:]+)\)"#)
        let matches = pattern.matches(in: Self.text, range: NSRange(Self.text.startIndex..., in: Self.text))
        #expect(!matches.isEmpty)
        for match in matches {
            let path = String(Self.text[try #require(Range(match.range(at: 1), in: Self.text))])
            #expect(FileManager.default.fileExists(atPath: Self.root.appendingPathComponent(path).path), "README.md links to \(path)")
        }
        for path in ["deploy/demo", "deploy/test"] {
            #expect(FileManager.default.isExecutableFile(atPath: Self.root.appendingPathComponent(path).path))
        }
    }

    @Test("submits with the fleet's own tool")
    func fleet() async throws {
        try await Self.withDevFleet { environment in
            let result = try await Self.shell(try Self.block(after: "run: fleet"), environment)
            #expect(result.status.isSuccess, "\(result.standardError)")
            #expect(result.standardOutput.contains("SUCCESS fallback_autonomous"))
            #expect(result.standardOutput.contains("reward"))
        }
    }

    @Test("submits with kcat alone", .enabled(if: Kcat.isAvailable, "\(Kcat.unavailableReason ?? "")"))
    func kcat() async throws {
        try await Self.withDevFleet { environment in
            let result = try await Self.shell(try Self.block(after: "run: kcat"), environment)
            #expect(result.status.isSuccess, "\(result.standardError)")
            #expect(result.standardOutput.contains("ce_causationid=kcat-1"))
            #expect(result.standardOutput.contains(#""data":{"text":"hello"}"#))
        }
    }

    @Test("ships an example for kcat that works with fleet dev", .enabled(if: Kcat.isAvailable, "\(Kcat.unavailableReason ?? "")"))
    func kcatExample() async throws {
        try await Self.withDevFleet { environment in
            let script =
                "FLEET_BOOTSTRAP_SERVERS=\"$BROKER\" bash '\(Self.root.path)/deploy/examples/submit-with-kcat.sh' echo '{\"a\": 1}' some-key"
            let result = try await Self.shell(script, environment)
            #expect(result.status.isSuccess, "\(result.standardError)")
            #expect(result.standardOutput.contains(#""data":{"a": 1}"#))
        }
    }

    @Test("submits from Python", .enabled(if: Python.isAvailable, "\(Python.unavailableReason ?? "")"))
    func python() async throws {
        let code = try Self.block(after: "run: python")
        let python = try await Python.environment(packages: [Self.confluentKafka()], deadline: .now + .seconds(180))
        try await Self.withDevFleet { environment in
            let result = try await ChildProcess.run(
                python.executable,
                arguments: ["-c", code],
                environment: environment,
                deadline: .now + .seconds(60)
            )
            #expect(result.status.isSuccess, "\(result.standardError)")
            #expect(result.standardOutput.contains("hello"))
        }
    }

    /// The client that the examples ask for, with its version.
    private static func confluentKafka() throws -> String {
        let requirements = try String(contentsOf: root.appendingPathComponent("deploy/examples/requirements.txt"), encoding: .utf8)
        return String(try #require(requirements.split(separator: "\n").first { $0.hasPrefix("confluent-kafka") }))
    }

    /// A running `fleet dev`, its address in BROKER, the samples' folder in SAMPLES, the built tools on PATH.
    private static func withDevFleet(_ body: ([String: String]) async throws -> Void) async throws {
        let executable = try ChildProcess.buildProduct("fleet")
        let samples = root.appendingPathComponent("deploy/samples").path
        let fleet = try ChildProcess.start(executable, arguments: ["dev", "--file-root", samples, "--partitions", "2"])
        let line = try await fleet.waitForLine(containing: "broker ", deadline: .now + .seconds(30))
        _ = try await fleet.waitForLine(containing: "ready ", deadline: .now + .seconds(60))
        let path =
            "\(URL(fileURLWithPath: executable).deletingLastPathComponent().path):\(ProcessInfo.processInfo.environment["PATH"] ?? "")"
        try await body([
            "BROKER": String(line.text.dropFirst("broker ".count)), "SAMPLES": samples, "PATH": path,
        ])
        fleet.terminate()
        let status = try await fleet.waitForExit(deadline: .now + .seconds(30))
        #expect(status.isSuccess, "fleet dev ends cleanly on SIGTERM")
    }

    private static func shell(_ script: String, _ environment: [String: String]) async throws -> ChildProcess.Completion {
        try await ChildProcess.run(
            "/bin/bash",
            arguments: ["-euo", "pipefail", "-c", script],
            environment: environment,
            deadline: .now + .seconds(60)
        )
    }
}
