import Foundation
import JSON
import Orchestration
import Testing
import Wire

/// Bytes on the wire change on purpose only: `FLEET_UPDATE_GOLDEN=1 swift test --filter GoldenTests` writes the files anew.
@Suite("Golden files")
struct GoldenTests {
    /// Writes the files anew when asked to, once and before the first of them is read.
    private static let update = Result<Void, any Error> {
        guard ProcessInfo.processInfo.environment["FLEET_UPDATE_GOLDEN"] == "1" else { return }
        for (name, bytes) in Golden.all.flatMap(\.files) { try Data(bytes).write(to: Place.golden.appending(path: name)) }
    }

    private static func record(_ name: String) throws -> TestRecord {
        TestRecord(headers: try RecordHeaders(file: Self.bytes("\(name).headers.json")), value: try Self.bytes("\(name).json"))
    }

    private static func bytes(_ file: String) throws -> [UInt8] {
        try self.update.get()
        return try Place.bytes(of: Place.golden.appending(path: file))
    }

    @Test("Fixed values are encoded to exactly these bytes", arguments: Golden.all)
    func encoding(golden: Golden) throws {
        for (name, bytes) in golden.files {
            let written = try Self.bytes(name)
            #expect(
                bytes == written,
                "\(name) holds \(String(decoding: written, as: UTF8.self)), encoded was \(String(decoding: bytes, as: UTF8.self))"
            )
        }
    }

    @Test("No file is left over")
    func leftovers() throws {
        let expected = Set(Golden.all.flatMap { $0.files.map(\.name) })
        #expect(try Set(FileManager.default.contentsOfDirectory(atPath: Place.golden.path)) == expected)
    }

    @Test(
        "Requests read back as they were",
        arguments: [
            ("request.minimal", Samples.minimalRequest), ("request.full", Samples.fullRequest), ("request.spring", Samples.springRequest),
            ("cloudevent.request", Samples.enveloped),
        ]
    )
    func requests(name: String, request: Request) throws {
        #expect(try Self.record(name).request() == request)
    }

    @Test("Replies read back as they were, but for their stack traces", arguments: Samples.replies)
    func replies(name: String, reply: Reply) throws {
        var expected = reply
        expected.result.errorContext?.stackTrace = nil
        #expect(try Reply(decoding: Self.bytes("reply.\(name).json")) == expected)
    }

    @Test("Signals read back as they were", arguments: Samples.signals)
    func signals(name: String, signal: FeedbackSignal) throws {
        var expected = signal
        expected.signalID = signal.signalID ?? Samples.signalID
        expected.timestamp = signal.timestamp ?? 1_795_256_131.5
        #expect(try Self.record("signal.\(name)").signal() == expected)
    }

    @Test("Decisions read back as they were", arguments: Samples.decisions)
    func decisions(name: String, decision: Decision) throws {
        let record = try Self.record("decision.\(name)")
        #expect(try record.decision() == decision)
        #expect(try DecisionCodec.decode(DecisionCodec.json(decision)) == decision)
    }

    @Test("Progress notices and policy snapshots read back as they were")
    func published() throws {
        #expect(try ProgressNotice(decoding: Self.bytes("progress.second-of-five.json")) == Samples.progress)
        #expect(try PolicySnapshot(decoding: Self.bytes("policy.agent.json")) == Samples.policy)
    }

    @Test("Commands read back as they were", arguments: Samples.commands)
    func commands(name: String, command: ControlCommand) throws {
        var record = try Self.record("control.\(name)")
        record.key = command.key
        #expect(try record.control() == .command(command))
    }

    @Test("Remembered replies read back as they were", arguments: Samples.remembered)
    func remembered(name: String, reply: RememberedReply) throws {
        var record = try Self.record("idempotency.\(name)")
        record.key = reply.key
        #expect(try record.remembered() == .remembered(reply))
    }

    @Test("Headers read back as they were", arguments: Golden.all)
    func headers(golden: Golden) throws {
        #expect(try RecordHeaders(file: Self.bytes("\(golden.name).headers.json")) == golden.headers)
    }

    @Test("A dead letter can still be read as the request it was")
    func deadLetter() throws {
        let record = TestRecord(headers: Samples.exhausted, value: Samples.springRequest.encode().value)
        #expect(try record.request() == Samples.springRequest)
    }
}
