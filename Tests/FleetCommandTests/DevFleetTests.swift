import Foundation
import JSON
import KafkaProcess
import Synchronization
import Testing

/// One `fleet dev` for all tests of a suite, because its workers need three seconds to join their groups.
struct SharedDevFleet: SuiteTrait, TestScoping {
    @TaskLocal static var servers = ""
    /// What runs from the start, because its end takes a while.
    @TaskLocal static var topicsCreate: ChildProcess?

    func provideScope(for test: Test, testCase: Test.Case?, performing function: @Sendable @concurrent () async throws -> Void) async throws
    {
        let dev = try ChildProcess.start(
            ChildProcess.buildProduct("fleet"),
            arguments: ["dev", "--enable-probe", "--partitions", "2", "--worker-id", "dev-worker", "--drain-timeout", "100"]
        )
        let line = try await dev.waitForLine { $0.stream == .standardOutput && $0.text.hasPrefix("broker ") }
        try await dev.waitForLine { $0.stream == .standardOutput && $0.text == "ready dev-worker" }
        let servers = String(line.text.dropFirst("broker ".count))
        let create = try ChildProcess.start(
            ChildProcess.buildProduct("fleet"),
            arguments: ["topics", "create", "--topic-prefix", "new.", "--bootstrap-servers", servers]
        )
        try await SharedDevFleet.$servers.withValue(servers) {
            try await SharedDevFleet.$topicsCreate.withValue(create) { try await function() }
        }
        dev.terminate()
        // One test left a request behind that runs for long.
        #expect(try await dev.waitForExit() == .exited(1))
        #expect(dev.lines.contains { $0.stream == .standardError && $0.text.hasSuffix("run again elsewhere: 1") })
    }
}

@Suite("The tool with a development fleet", SharedDevFleet(), .serialized, .timeLimit(.minutes(2)))
struct DevFleetTests {
    private var connection: [String] { ["--bootstrap-servers", SharedDevFleet.servers] }

    private func submit(_ arguments: [String]) async throws -> ChildProcess.Completion {
        try await fleet(["submit"] + arguments + ["--tenant", "acme"] + self.connection)
    }

    @Test("submits a request and shows its reply to people")
    func submitAndWait() async throws {
        let reply = try await self.submit(["echo", "--arg", "text=hello", "--wait"])
        #expect(reply.status.isSuccess && reply.standardError.isEmpty, "\(reply.standardError)")
        #expect(reply.standardOutput.contains("SUCCESS echo") && reply.standardOutput.contains("text: hello"))
    }

    @Test("takes an argument that is JSON as JSON, and any other as text; --arg wins over --kwargs")
    func arguments() async throws {
        let file = try TemporaryFile(#"{"from": "file", "n": 0, "nested": {"list": [1, 2.5, null]}}"#)
        let reply = try await self.submit([
            "echo", "--wait", "--json", "--kwargs", "@\(file.url.path)", "--arg", "n=3", "--arg", "word=three", "--arg", "flag=true",
            "--arg", "list=[1,\"a\"]", "--arg", "equation=a=b", "--arg", "empty=", "--arg", "quoted=\"3\"",
        ])
        #expect(reply.status.isSuccess && reply.outputLines.count == 1, "\(reply.standardError)")
        let data = try JSONValue(parsing: reply.standardOutput)["data"]
        #expect(
            data == [
                "from": "file", "n": 3, "nested": ["list": [1, 2.5, nil]], "word": "three", "flag": true, "list": [1, "a"],
                "equation": "a=b", "empty": "", "quoted": "3",
            ]
        )
        let inline = try await self.submit(["echo", "--wait", "--json", "--kwargs", #"{"a": [1]}"#])
        #expect(try JSONValue(parsing: inline.standardOutput)["data"] == ["a": [1]])
    }

    @Test("prints the request's id when it does not wait")
    func withoutWaiting() async throws {
        let plain = try await self.submit(["echo", "--id", "my-id"])
        #expect(plain.status.isSuccess && plain.standardOutput == "my-id")
        let json = try await self.submit(["echo", "--json"])
        #expect(try JSONValue(parsing: json.standardOutput)["request_id"]?.stringValue?.count == 36)
    }

    @Test("ends with 1 for a failing result, and shows why")
    func failure() async throws {
        let reply = try await self.submit(["probe", "--arg", "fail=network", "--arg", "retryable=true", "--wait"])
        #expect(reply.status == .exited(1))
        #expect(reply.standardOutput.contains("probe was told to fail") && reply.standardOutput.contains("[network, retryable]"))
        let unknown = try await self.submit(["nobody", "--wait"])
        #expect(unknown.status == .exited(1) && unknown.standardOutput.contains("nobody"))
    }

    @Test("ends with 2 when no reply comes in time")
    func noReply() async throws {
        let reply = try await self.submit(["probe", "--arg", "delay_ms=600000", "--wait", "--timeout", "0.2"])
        #expect(reply.status == .exited(2) && reply.standardOutput.isEmpty)
        #expect(reply.standardError.contains("no reply"))
    }

    private func cancel(_ arguments: [String]) async throws -> ChildProcess.Completion {
        try await fleet(["cancel"] + arguments + self.connection)
    }

    @Test("cancels requests that run, wait or have not come yet, and shows their replies")
    func cancel() async throws {
        let ids = ["running", "waiting"].map { "\($0)-\(UUID().uuidString)" }
        for id in ids {
            #expect(try await self.submit(["probe", "--arg", "delay_ms=600000", "--id", id, "--key", "one lane"]).status.isSuccess)
        }
        let cancelled = try await self.cancel(ids + ["--reason", "not\u{1b}[31m wanted", "--issued-by", "me", "--wait"])
        #expect(cancelled.status.isSuccess && cancelled.standardError.isEmpty, "\(cancelled.standardError)")
        for id in ids { #expect(cancelled.standardOutput.contains("CANCELLED probe \(id)"), "\(cancelled.standardOutput)") }
        #expect(cancelled.standardOutput.contains("not·[31m wanted") && !cancelled.standardOutput.contains("\u{1b}[31m"))

        // A command that nobody waits for, and a request on another layer that comes after it.
        let late = "late-\(UUID().uuidString)"
        let sent = try await self.cancel([late, "--json"])
        #expect(sent.status.isSuccess)
        #expect(try JSONValue(parsing: sent.standardOutput) == ["request_id": .string(late), "command": "cancel"])
        let reply = try await self.submit([
            "probe", "--arg", "delay_ms=600000", "--layer", "infrastructure", "--id", late, "--wait", "--json",
        ])
        let value = try JSONValue(parsing: reply.standardOutput)
        #expect(reply.status == .exited(1) && value["status"] == "cancelled")
        #expect(value["metadata"]?["cancelled_by"]?.stringValue?.contains("@") == true)

        let withdrawn = try await self.cancel([late, "--withdraw"])
        #expect(withdrawn.status.isSuccess && withdrawn.standardOutput == "withdrawn \(late)")
        let tail = try await fleet(["tail", "control", "--json", "--from-beginning", "--count", "4"] + self.connection)
        let records = try tail.outputLines.map { try JSONValue(parsing: $0) }
        #expect(records.count == 4 && records.allSatisfy { $0["key"]?.stringValue?.hasPrefix("request/") == true })
        #expect(records.contains { $0["value"]?["reason"]?.stringValue?.hasSuffix("wanted") == true })
        #expect(records.last { $0["key"] == .string("request/\(late)") }?["value"] == .null)
    }

    @Test("ends with 2 when a cancelled request has no reply in time, and with 1 when there is no control topic")
    func cancelInVain() async throws {
        let unknown = try await self.cancel(["no-such-request", "--wait", "--timeout", "0.2"])
        #expect(unknown.status == .exited(2) && unknown.standardOutput.isEmpty)
        #expect(unknown.standardError.contains("no-such-request"), "\(unknown.standardError)")
        let elsewhere = try await fleet(["cancel", "a", "--topic-prefix", "nowhere."] + self.connection)
        #expect(elsewhere.status == .exited(1) && elsewhere.standardOutput.isEmpty)
        #expect(elsewhere.standardError.contains("nowhere.fleet.control") && elsewhere.standardError.contains("fleet topics create"))
    }

    @Test("tails topics as JSON lines, and readably")
    func tail() async throws {
        let id = "tail-\(UUID().uuidString)"
        let watcher = try ChildProcess.start(
            ChildProcess.buildProduct("fleet"),
            arguments: ["tail", "results", "--layer", "application", "--json", "--from-beginning", "--count", "1"] + self.connection
        )
        let sent = try await self.submit([
            "echo", "--layer", "application", "--id", id, "--key", "k", "--arg", "text=\u{1b}[31mred", "--wait",
        ])
        #expect(sent.status.isSuccess && !sent.standardOutput.contains("\u{1b}[31m"), "control characters do not reach the terminal")
        #expect(try await watcher.waitForExit().isSuccess)
        let lines = watcher.lines.filter { $0.stream == .standardOutput }.map(\.text)
        #expect(lines.count == 1)
        let record = try JSONValue(parsing: lines.first ?? "")
        #expect(record["topic"] == "orchestration.results.application" && record["key"] == "k")
        #expect(record["headers"]?["ce_causationid"]?.stringValue == id && record["value"]?["request_id"]?.stringValue == id)
        #expect(record["partition"]?.integerValue != nil && record["offset"]?.integerValue != nil)

        let readable = try await fleet(
            ["tail", "requests", "--layer", "application", "--from-beginning", "--count", "1"] + self.connection
        )
        #expect(
            readable.status.isSuccess && readable.outputLines.count == 1
                && readable.standardOutput.contains("orchestration.requests.application/")
        )
        let signals = try await fleet(["tail", "signals", "--from-beginning", "--count", "1"] + self.connection)
        #expect(signals.standardOutput.contains("agent/") && signals.standardOutput.contains("reward"))
        let policies = try await fleet(["tail", "policies", "--json", "--from-beginning", "--count", "1"] + self.connection)
        #expect(try JSONValue(parsing: policies.standardOutput)["value"]?["signals"]?.integerValue != nil)
    }

    @Test("tells that the embedded broker answers no admin calls")
    func topics() async throws {
        let create = try #require(SharedDevFleet.topicsCreate)
        #expect(try await create.waitForExit() == .exited(1))
        #expect(create.lines.contains { $0.stream == .standardError && $0.text.contains("create topics") })
        #expect(!create.lines.contains { $0.stream == .standardOutput })
    }
}
