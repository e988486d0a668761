import Testing
import Wire

@Suite("Dead letters")
struct DeadLetterTests {
    private static func letter(message: String = "no", orchestrator: String? = nil) -> DeadLetter {
        DeadLetter(
            reason: .invalid,
            sourceTopic: "orchestration.requests.domain",
            sourcePartition: 3,
            sourceOffset: 42,
            consumerGroup: "fleet.domain",
            firstFailureAt: 0,
            lastFailureAt: 1,
            errorCategory: "validation",
            errorMessage: message,
            orchestrator: orchestrator,
            worker: "w"
        )
    }

    private static func headers(_ letter: DeadLetter, keeping original: RecordHeaders = RecordHeaders()) -> RecordHeaders {
        original.withView { letter.headers(keeping: $0) }
    }

    @Test("A message is cut to 1 KiB between two scalars", arguments: ["a", "é", "漢", "😀"], 0..<4)
    func messageIsCut(character: String, shift: Int) throws {
        let message = String(repeating: "x", count: shift) + String(repeating: character, count: 1024)
        let written = try #require(Self.headers(Self.letter(message: message))["x-dlq-error-message"])
        #expect(message.hasPrefix(written))
        #expect(written.utf8.count <= 1024 && written.utf8.count > 1024 - character.utf8.count)
    }

    @Test("A message is not cut when it has 1 KiB", arguments: [0, 1, 1023, 1024])
    func shortMessage(count: Int) {
        let message = String(repeating: "x", count: count)
        #expect(Self.headers(Self.letter(message: message))["x-dlq-error-message"] == message)
    }

    @Test("A single character longer than 1 KiB does not become an empty message")
    func longCharacter() {
        let message = "e" + String(repeating: "\u{301}", count: 5000)
        #expect(message.count == 1)
        #expect(Self.headers(Self.letter(message: message))["x-dlq-error-message"]?.utf8.count == 1023)
    }

    @Test("The name of an orchestrator is cut to 256 bytes")
    func orchestratorIsCut() {
        let name = String(repeating: "é", count: 200)
        #expect(Self.headers(Self.letter(orchestrator: name))["x-dlq-orchestrator"] == String(repeating: "é", count: 128))
        #expect(Self.headers(Self.letter())["x-dlq-orchestrator"] == nil)
    }

    @Test("The record's own headers stay byte by byte, except those of an earlier death")
    func originalHeaders() {
        let original = RecordHeaders([
            "ce_id": "1", "x-dlq-reason": "poison", "bytes": .bytes([0xff, 0]), "ce_id": "2", "null": .null, "x-dlq-": "", "x-dlq": "kept",
            "X-DLQ-reason": "kept", "": "no name", "x-dlq-future": .null,
        ])
        let headers = Self.headers(Self.letter(), keeping: original)
        let kept = headers.values.prefix(7)
        #expect(kept.map(\.name) == ["ce_id", "bytes", "ce_id", "null", "x-dlq", "X-DLQ-reason", ""])
        #expect(kept.map(\.value) == ["1", .bytes([0xff, 0]), "2", .null, "kept", "kept", "no name"])
        #expect(headers.values.filter { $0.name == "x-dlq-reason" }.map(\.value) == ["invalid"])
        #expect(headers.count == 7 + 13)
    }

    @Test("A second death tells of itself only")
    func secondDeath() {
        let first = Self.headers(Self.letter(message: "first"), keeping: RecordHeaders(["ce_id": "1"]))
        let second = Self.headers(Self.letter(message: "second"), keeping: first)
        #expect(second.count == first.count)
        #expect(second.values.filter { $0.name == "x-dlq-error-message" }.map(\.value) == ["second"])
    }
}
