import Testing

@testable import DomainOrchestrators

@Suite struct TranscriptJSONTests {
    private func read(_ text: String) throws -> Document { try TranscriptJSON.read(Array(text.utf8), charset: nil) }

    @Test(arguments: [
        (#"{"transcript": "Hello."}"#, "Hello."),
        (#"{"text": " Hello. "}"#, " Hello. "),
        (#"{"transcript": ["One.", "Two."]}"#, "One. Two."),
        (#"{"transcript": [{"text": "One."}, {"text": "Two."}]}"#, "One. Two."),
        (#"[{"text": "One.", "start": 0, "duration": 2.5}, {"text": "Two.", "start": 2.5, "duration": 1}]"#, "One. Two."),
        (#"{"segments": [{"start": 0, "end": 1, "text": " One."}, {"start": 1, "end": 3.5, "text": " Two."}]}"#, "One. Two."),
        (
            #"{"segments": [{"text": "Hi.", "speaker": "A"}, {"text": "Ho.", "speaker": "A"}, {"text": "Hey.", "speaker": "B"}]}"#,
            "Hi. Ho.\nHey."
        ),
        (#"{"text": "One, two.", "segments": [{"text": "one"}, {"text": "two"}]}"#, "One, two."),
        (#"{"transcription": {"transcript": "Hello."}}"#, "Hello."),
        (#"{"data": {"transcription": {"transcript": "Hello."}}}"#, "Hello."),
        (#"{"transcription": [{"offsets": {"from": 0, "to": 3500}, "text": "Hello."}]}"#, "Hello."),
        (#"{"results": {"transcripts": [{"transcript": "Hello."}]}}"#, "Hello."),
        (#""Hello.""#, "Hello."),
    ])
    func reads(_ json: String, _ text: String) throws {
        #expect(try self.read(json).text == text)
    }

    @Test func takesWhatStandsBesideTheTranscript() throws {
        let document = try self.read(
            #"{"title": "T", "language": "en", "segments": [{"start": 0, "end": 3.5, "text": "a"}, {"start": 1, "end": 2, "text": "b"}]}"#
        )
        #expect(document.title == "T")
        #expect(document.language == "en")
        #expect(document.duration == 3.5)
        #expect(document.segmentCount == 2)
        #expect(try self.read(#"{"text": "a", "duration": 12}"#).duration == 12)
        #expect(try self.read(#"[{"text": "a", "start": 4, "duration": 2}]"#).duration == 6)
        #expect(try self.read(#"[{"text": "a", "offsets": {"to": 2500}}]"#).duration == 2.5)
        #expect(try self.read(#"{"text": "a", "duration": -1}"#).duration == nil)
    }

    @Test func readsUTF16() throws {
        let bytes: [UInt8] = [0xFF, 0xFE] + Array(#"{"text":"ü"}"#.utf16).flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
        #expect(try TranscriptJSON.read(bytes, charset: nil).text == "ü")
    }

    @Test(arguments: [
        (#"{"segments": [{"text": "a"}, {"text": 3}]}"#, "segments[1].text: expected string, found integer"),
        (#"{"segments": [{"text": "a"}, {"start": 3}]}"#, "segments[1].text: missing"),
        (#"{"segments": [true]}"#, "segments[0]: expected a segment, found bool"),
        (#"{"data": {"transcript": 7}}"#, "data.transcript: expected text or segments, found integer"),
        (#"{"a": 1, "b": 2}"#, "no transcript in it: expected transcript, text or segments, found the members a, b"),
        (#"{}"#, "no transcript in it: expected transcript, text or segments, found no members"),
        ("12", "the document: expected text or segments, found integer"),
    ])
    func saysWhatDoesNotFit(_ json: String, _ message: String) {
        let error = #expect(throws: DocumentError.self) { try self.read(json) }
        #expect(error?.message == message)
    }

    @Test func saysWhereJSONBreaks() {
        let error = #expect(throws: DocumentError.self) { try self.read(#"{"text": "a", }"#) }
        #expect(error?.message.hasPrefix("byte 14: ") == true, "\(String(describing: error))")
    }

    @Test func refusesDeepNesting() {
        #expect(throws: DocumentError.self) { try self.read(String(repeating: "[", count: 10_000)) }
    }
}
