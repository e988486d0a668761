import Foundation
import JSON
import KafkaProcess
import Orchestration
import Testing
import Wire

/// What is written keeps the published schemas, by the judgement of another implementation of JSON Schema.
@Suite("Published contracts", .timeLimit(.minutes(10)), .enabled(if: Python.isAvailable, "\(Python.unavailableReason ?? "")"))
struct ContractTests {
    /// The validator's outcome over a folder; the test is cancelled, and said to be, when its packages cannot be had.
    private static func validate(_ folder: URL) async throws -> ChildProcess.Completion {
        let requirements = try String(contentsOf: Place.contracts.appending(path: "requirements.txt"), encoding: .utf8)
        let packages = requirements.split(separator: "\n").map { String($0) }.filter { !$0.hasPrefix("#") }
        let python: Python
        do {
            python = try await Python.environment(packages: packages)
        } catch let error as KafkaProcessError {
            try Test.cancel("the packages of deploy/contracts/requirements.txt cannot be installed: \(error.message)")
        }
        return try await python.run(script: Place.contracts.appending(path: "validate.py").path, arguments: [folder.path])
    }

    /// A new folder with these files, removed afterwards.
    private static func withFolder<R>(_ files: [(name: String, bytes: [UInt8])], _ body: (URL) async throws -> R) async throws -> R {
        let folder = FileManager.default.temporaryDirectory.appending(path: "wire-contracts-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for (name, bytes) in files { try Data(bytes).write(to: folder.appending(path: name)) }
        return try await body(folder)
    }

    private static func expectValid(_ completion: ChildProcess.Completion, files: Int) {
        let failures = completion.lines.map(\.text).filter { !$0.hasPrefix("ok ") }.joined(separator: "\n")
        #expect(completion.status.isSuccess, "\(failures)")
        #expect(completion.standardOutput.contains(" \(files) golden files, 0 failures"), "\(failures)")
    }

    @Test("The golden files keep the schemas")
    func goldenFiles() async throws {
        let files = try FileManager.default.contentsOfDirectory(atPath: Place.golden.path)
        #expect(!files.isEmpty)
        Self.expectValid(try await Self.validate(Place.golden), files: files.count)
    }

    @Test("Whatever values the fleet writes, they keep the schemas")
    func generatedFiles() async throws {
        var generator = SeededGenerator(seed: 11)
        let event = Samples.fullRequest.event
        let goldens = (0..<30).flatMap { number -> [Golden] in
            let request = generator.request()
            let replyHeaders = Reply.headers(answering: request.event, source: "/w", time: Samples.time)
            let signal = generator.signal()
            return [
                Golden("request.\(number)", request.encode()),
                Golden("reply.\(number)", value: generator.reply(generator.usualResult()).encodeValue(), headers: replyHeaders),
                Golden(
                    "signal.\(number)",
                    value: SignalCodec.encode(signal, id: "s", timestamp: 1),
                    headers: SignalCodec.headers(id: generator.name(), causedBy: request.event, source: "/w", time: Samples.time)
                ),
                generator.decision().golden(number),
                Golden(
                    "progress.\(number)",
                    generator.progressNotice().encode(about: event, ordinal: number, source: "/w", time: Samples.time)
                ),
                Golden("control.\(number)", generator.command().encode(source: "/w", time: Samples.time)),
                generator.rememberedReply().golden(number, of: event),
                Golden("policy.\(number)", generator.policy().encode(source: "/w", time: Samples.time)),
                Golden(
                    "retry.\(number)",
                    value: nil,
                    headers: request.encode().headers.withView { headers in
                        RetryHeaders(
                            due: Int64(number) * 1_000,
                            originPartition: Int32(number),
                            originOffset: .max - Int64(number),
                            originTimestamp: number == 0 ? -1 : Samples.time,
                            failures: number,
                            crashes: number % 3
                        ).headers(keeping: headers)
                    }
                ),
                Golden(
                    "deadletter.\(number)",
                    value: nil,
                    headers: request.encode().headers.withView { generator.deadLetter().headers(keeping: $0) }
                ),
            ]
        }
        let files = goldens.flatMap(\.files)
        let completion = try await Self.withFolder(files) { try await Self.validate($0) }
        Self.expectValid(completion, files: files.count)
    }

    private static let deadLetter = Samples.undecodable.pairs.map { ($0.name, $0.value) }

    private static func deadLetter(_ name: String, _ value: String?) -> [UInt8] {
        var headers = RecordHeaders()
        for (known, text) in Self.deadLetter where known != name { headers.add(known, .text(text)) }
        if let value { headers.add(name, .text(value)) }
        return headers.file
    }

    private static func retry(_ changes: [String: String?]) -> [UInt8] {
        let copy = RetryHeaders(due: 1, originPartition: 2, originOffset: 3, originTimestamp: 4, failures: 5)
        var texts: [String: String] = [:]
        for (name, value) in RecordHeaders().withView({ copy.headers(keeping: $0) }).pairs { texts[name] = value }
        for (name, value) in changes { texts[name] = value }
        var headers = RecordHeaders()
        for (name, value) in texts { headers.add(name, .text(value)) }
        return headers.file
    }

    @Test("The schemas refuse what is not written")
    func refusals() async throws {
        let reply = String(decoding: Golden.all.first { $0.name == "reply.success" }?.value ?? [], as: UTF8.self)
        let policy = String(decoding: Golden.all.first { $0.name == "policy.agent" }?.value ?? [], as: UTF8.self)
        let decision = String(decoding: Golden.all.first { $0.name == "decision.full" }?.value ?? [], as: UTF8.self)
        let command = String(decoding: Golden.all.first { $0.name == "control.cancel" }?.value ?? [], as: UTF8.self)
        let remembered = String(decoding: Golden.all.first { $0.name == "idempotency.success" }?.value ?? [], as: UTF8.self)
        let wrong: [(name: String, bytes: [UInt8])] = [
            ("reply.unknown.json", Array("{\"unknown\":1,\(reply.dropFirst())".utf8)),
            ("reply.version.json", Array(reply.replacing("\"step_result_version\":1", with: "\"step_result_version\":2").utf8)),
            (
                "reply.error.json",
                Array(reply.replacing("\"success\":true,\"status\":\"success\"", with: "\"success\":false,\"status\":\"error\"").utf8)
            ),
            ("policy.availability.json", Array(policy.replacing(#""availability":"disabled""#, with: #""availability":"gone""#).utf8)),
            ("policy.health.json", Array(policy.replacing(#""health":{"#, with: #""health":{"unknown":1,"#).utf8)),
            ("decision.propensity.json", Array(decision.replacing(#""propensity":0.8125"#, with: #""propensity":0"#).utf8)),
            ("decision.unknown.json", Array("{\"unknown\":1,\(decision.dropFirst())".utf8)),
            ("decision.scope.json", Array(decision.replacing(#""scope":"session""#, with: #""scope":"day""#).utf8)),
            ("policy.worker.json", Array(policy.replacing("\"worker\":\"feedback-1\"", with: "\"worker\":null").utf8)),
            ("control.command.json", Array(command.replacing(#""command":"cancel""#, with: #""command":"pause""#).utf8)),
            ("control.definition.json", Array(command.replacing(#""command":"cancel""#, with: #""command":"define""#).utf8)),
            ("control.time.json", Array(command.replacing("Z\"}", with: "\"}").utf8)),
            ("control.unknown.json", Array("{\"unknown\":1,\(command.dropFirst())".utf8)),
            ("idempotency.unknown.json", Array("{\"unknown\":1,\(remembered.dropFirst())".utf8)),
            ("idempotency.fingerprint.json", Array(remembered.replacing(#""fingerprint":""#, with: #""fingerprint":"F"#).utf8)),
            ("idempotency.time.json", Array(remembered.replacing(#"Z","result""#, with: #"","result""#).utf8)),
            ("idempotency.result.json", Array(remembered.replacing(#""result":{"#, with: #""result":{"unknown":1,"#).utf8)),
            ("retry.due.headers.json", Self.retry(["x-retry-due": "soon"])),
            ("retry.offset.headers.json", Self.retry(["x-retry-origin-offset": "-1"])),
            ("retry.failures.headers.json", Self.retry(["x-retry-failures": nil])),
            ("retry.unknown.headers.json", Self.retry(["x-retry-unknown": "1"])),
            ("request.tenant.json", Array(#"{"orchestrator":"echo","context":{}}"#.utf8)),
            ("deadletter.milliseconds.headers.json", Self.deadLetter("x-dlq-first-failure-at", "1795256130123")),
            ("deadletter.seconds.headers.json", Self.deadLetter("x-dlq-last-failure-at", "2026-11-21T10:15:30Z")),
            ("deadletter.text.headers.json", Self.deadLetter("x-dlq-source-timestamp", "2026-11-21T10:15:30.123Z")),
            ("deadletter.reason.headers.json", Self.deadLetter("x-dlq-reason", "bad luck")),
            ("deadletter.unknown.headers.json", Self.deadLetter("x-dlq-unknown", "1")),
            ("deadletter.long.headers.json", Self.deadLetter("x-dlq-error-message", String(repeating: "é", count: 513))),
            ("deadletter.replays.headers.json", Self.deadLetter("x-dlq-replay-count", nil)),
            ("deadletter.crashes.headers.json", Self.deadLetter("x-dlq-crash-attempts", nil)),
            ("deadletter.first.headers.json", Self.deadLetter("x-dlq-first-failure-at", nil)),
            ("deadletter.category.headers.json", Self.deadLetter("x-dlq-error-category", nil)),
            ("deadletter.orchestrator.headers.json", Self.deadLetter("x-dlq-orchestrator", "")),
        ]
        let completion = try await Self.withFolder(wrong) { try await Self.validate($0) }
        #expect(completion.status == .exited(1))
        for (name, _) in wrong { #expect(completion.outputLines.contains("FAIL \(name)"), "\(name) was accepted") }
    }
}

extension Decision {
    fileprivate func golden(_ number: Int) -> Golden {
        let headers = DecisionCodec.headers(of: self, source: "/w", time: Samples.time)
        return Golden("decision.\(number)", value: DecisionCodec.encode(self), headers: headers)
    }
}

extension RememberedReply {
    fileprivate func golden(_ number: Int, of event: CloudEvent) -> Golden {
        Golden("idempotency.\(number)", value: self.encodeValue(), headers: self.headers(causedBy: event, source: "/w"))
    }
}
