import Testing

@testable import DomainOrchestrators

@Suite struct SubtitleTests {
    @Test func readsSubRip() throws {
        let text =
            "1\r\n00:00:01,000 --> 00:00:02,500\r\n<i>Hello</i> {\\an8}there,\r\nworld &amp; all.\r\n\r\n"
            + "2\r\n01:00:03,000 --> 01:02:03,250 X1:1\r\nBye.\r\n"
        let document = try SubRip.read(text)
        #expect(document.text == "Hello there,\nworld & all.\nBye.")
        #expect(document.duration == 3_723.25)
        #expect(document.segmentCount == 2)
        #expect(document.kind == .subRip)
    }

    @Test func toleratesMissingNumbersAndBlankLinesInText() throws {
        let document = try SubRip.read("\n\n00:00:01,000 --> 00:00:02,000\nOne\n\nstill one\n\n00:00:03.000 --> 00:00:04.000\n42\n")
        #expect(document.text == "One\nstill one\n42")
        #expect(document.segmentCount == 2)
    }

    @Test(arguments: [
        (
            "1\n00:00:01,000 -> 00:00:02,000\nx\n",
            "cue 1, line 2: expected a time line like 00:00:01,000 --> 00:00:02,500, found \"00:00:01,000 -> 00:00:02,000\""
        ),
        (
            "1\n00:00:01,000 --> 00:00:02,000\nx\n\n2\n00:00:9 --> 00:00:10\ny",
            "cue 2, line 6: expected a time line like 00:00:01,000 --> 00:00:02,500, found \"00:00:9 --> 00:00:10\""
        ),
        ("1\n00:00:03,000 --> 00:00:02,000\nx\n", "cue 1, line 2: the cue ends before it starts"),
        (
            "1\n00:61:00,000 --> 00:62:00,000\nx\n",
            "cue 1, line 2: expected a time line like 00:00:01,000 --> 00:00:02,500, found \"00:61:00,000 --> 00:62:00,000\""
        ),
        ("hello\n", "cue 1, line 1: expected a time line like 00:00:01,000 --> 00:00:02,500, found \"hello\""),
        ("7", "cue 1, line 2: expected a time line like 00:00:01,000 --> 00:00:02,500, found the end of the document"),
        ("", "there is no cue in it"),
    ])
    func saysWhereSubRipBreaks(_ text: String, _ message: String) {
        let error = #expect(throws: DocumentError.self) { try SubRip.read(text) }
        #expect(error?.message == message)
    }

    @Test func readsWebVTT() throws {
        let text = """
            WEBVTT - a title
            Kind: captions

            NOTE
            nothing to
            see

            STYLE
            ::cue { color: red }

            REGION
            id:x

            intro
            00:01.000 --> 00:02.000 align:start position:0%
            <v Ann>Hello<00:01.500><c> there</c></v>

            1:00:02.000 --> 1:00:03.500
            &lt;bye&gt;&nbsp;now &#33;
            """
        let document = try WebVTT.read(text)
        #expect(document.text == "Hello there\n<bye> now !")
        #expect(document.duration == 3_603.5)
        #expect(document.segmentCount == 2)
    }

    @Test func removesWhatRollingCaptionsRepeat() throws {
        let text = """
            WEBVTT

            00:00.000 --> 00:02.000
            we begin here

            00:02.000 --> 00:02.010
            we begin here

            00:02.010 --> 00:04.000
            we begin here
            and go on

            00:04.000 --> 00:06.000
            and go on
            until the end

            00:05.000 --> 00:07.000
            until the end of it

            00:10.000 --> 00:11.000
            until the end of it
            """
        #expect(try WebVTT.read(text).text == "we begin here\nand go on\nuntil the end of it\nuntil the end of it")
    }

    @Test(arguments: [
        ("hello", "line 1: expected WEBVTT, found \"hello\""),
        ("WEBVTTX\n\n00:01.000 --> 00:02.000\nx", "line 1: expected WEBVTT, found \"WEBVTTX\""),
        (
            "WEBVTT\n\n00:01.000 --> 0x:02.000\nx",
            "cue 1, line 3: expected a time line like 00:01.000 --> 00:02.500, found \"00:01.000 --> 0x:02.000\""
        ),
        (
            "WEBVTT\n\n00:01.000 --> 00:02.000\nx\n\nid\nno time\n",
            "cue 2, line 6: expected a time line like 00:01.000 --> 00:02.500, found \"id\""
        ),
        ("WEBVTT\n\n00:02.000 --> 00:01.000\nx", "cue 1, line 3: the cue ends before it starts"),
        ("WEBVTT\n", "there is no cue in it"),
        ("", "line 1: expected WEBVTT, found \"\""),
    ])
    func saysWhereWebVTTBreaks(_ text: String, _ message: String) {
        let error = #expect(throws: DocumentError.self) { try WebVTT.read(text) }
        #expect(error?.message == message)
    }

    @Test func hostileLinesTakeLinearTime() {
        let line = String(repeating: "<", count: 300_000) + String(repeating: "{\\", count: 100_000)
        #expect(Cue.plain(line)?.utf8.count == line.utf8.count)
    }
}
