import JSON
import Testing
import Wire

@testable import fleet

/// A record in memory, as a dead letter topic may hold it.
struct LetterSample: Sendable {
    var key: String?
    var value: String? = "{}"
    var headers: [(name: String, value: String?)] = []

    init(key: String? = nil, value: String? = "{}", _ headers: KeyValuePairs<String, String?> = [:]) {
        self.key = key
        self.value = value
        self.headers = headers.map { ($0.key, $0.value) }
    }

    func withView<R>(_ body: (RecordView, DeadLetterHeaders) throws -> R) rethrows -> R {
        func view(_ text: String?, _ body: (UnsafeRawBufferPointer?) throws -> R) rethrows -> R {
            guard let text else { return try body(nil) }
            return try Array(text.utf8).withUnsafeBytes { try body($0) }
        }
        var block = RecordHeaders()
        for (name, value) in self.headers {
            Array(name.utf8).withUnsafeBytes { name in
                if let value { Array(value.utf8).withUnsafeBytes { block.append(name, $0) } } else { block.append(name, nil) }
            }
        }
        return try view(self.key) { key in
            try view(self.value) { value in
                try block.withView { headers in
                    try body(
                        RecordView(key: key, value: value, readableBytes: value?.count ?? 0, headers: headers),
                        DeadLetterHeaders(headers)
                    )
                }
            }
        }
    }
}

@Suite("Selecting dead letters")
struct DeadLetterSelectionTests {
    private static let letter = LetterSample(
        key: "order-4711",
        value: #"{"kwargs":{"text":"späte Züge"}}"#,
        [
            "ce_id": "id-9", "x-dlq-reason": "expired", "x-dlq-orchestrator": "summarize", "x-dlq-error-message": "too late",
            "other": "hidden",
        ]
    )

    private func isSelected(_ selection: DeadLetterSelection, _ letter: LetterSample = Self.letter, time: Int64 = 1_000) -> Bool {
        letter.withView { selection.matches($0, $1, time: time) }
    }

    @Test(
        "everything is selected by default, whatever it is",
        arguments: [letter, LetterSample(value: nil), LetterSample(["x-dlq-reason": nil])]
    )
    func everything(letter: LetterSample) {
        #expect(self.isSelected(DeadLetterSelection(), letter))
    }

    @Test("by any of several reasons, and by orchestrator")
    func reason() {
        #expect(
            self.isSelected(DeadLetterSelection(reasons: ["expired"]))
                && self.isSelected(DeadLetterSelection(reasons: ["poison", "expired"]))
        )
        #expect(
            !self.isSelected(DeadLetterSelection(reasons: ["poison"]))
                && !self.isSelected(DeadLetterSelection(reasons: ["expired"]), LetterSample())
        )
        #expect(
            self.isSelected(DeadLetterSelection(orchestrator: "summarize"))
                && !self.isSelected(DeadLetterSelection(orchestrator: "summarise"))
        )
        #expect(!self.isSelected(DeadLetterSelection(reasons: ["expired"], orchestrator: "nobody")))
        // The header holds 256 bytes of a name.
        let long = String(repeating: "o", count: 300)
        let cut = LetterSample(["x-dlq-orchestrator": String(long.prefix(256))])
        #expect(self.isSelected(DeadLetterSelection(orchestrator: long), cut))
        #expect(!self.isSelected(DeadLetterSelection(orchestrator: "p" + long), cut))
    }

    @Test("by time: since is included, until is not")
    func time() {
        let selection = DeadLetterSelection(since: 1_000, until: 2_000)
        #expect([999, 1_000, 1_999, 2_000].map { self.isSelected(selection, time: $0) } == [false, true, true, false])
    }

    @Test(
        "by a part of the key, the error message, the id or the value, and of nothing else",
        arguments: [
            ("4711", true), ("order-4711", true), ("late", true), ("id-9", true), ("Züge", true), (#"{"kwargs""#, true), ("}}", true),
            ("hidden", false), ("expired", false), ("summarize", false), ("LATE", false), ("order-4711x", false), ("zzzz", false),
            (String(repeating: "x", count: 10_000), false),
        ]
    )
    func filter(text: String, isFound: Bool) {
        #expect(self.isSelected(DeadLetterSelection(filter: text)) == isFound)
    }

    @Test("a text is found wherever it begins", arguments: 0..<40)
    func filterPosition(position: Int) {
        let value = String(repeating: "ab", count: 20).prefix(position) + "abc" + String(repeating: "ab", count: 5)
        #expect(self.isSelected(DeadLetterSelection(filter: "abc"), LetterSample(value: String(value))))
        #expect(!self.isSelected(DeadLetterSelection(filter: "abca" + "c"), LetterSample(value: String(value))))
    }

    @Test("a selection survives being written down, and what is none is refused")
    func members() throws {
        let selection = DeadLetterSelection(reasons: ["poison", "expired"], orchestrator: "ö\n", since: 1, until: .max, filter: "\"")
        #expect(DeadLetterSelection(members: selection.members) == selection)
        #expect(DeadLetterSelection(members: [:]) == DeadLetterSelection())
        #expect(DeadLetterSelection(members: ["since": "soon"]) == nil && DeadLetterSelection(members: ["unknown": 1]) == nil)
    }

    @Test(
        "durations",
        arguments: [
            ("90s", 90_000), ("15m", 900_000), ("2h", 7_200_000), ("1d12h", 129_600_000), ("2w", 1_209_600_000),
            ("1w1d1h1m1s", 694_861_000), ("0s", 0),
            ("", nil), ("2", nil), ("h", nil), ("2h1d", nil), ("1h1h", nil), ("-2h", nil), ("2 h", nil), ("2y", nil), ("1.5h", nil),
            ("2h5", nil),
            ("99999999999999999999s", nil), ("9999999999w", nil), ("٣h", nil),
        ] as [(String, Int64?)]
    )
    func duration(text: String, milliseconds: Int64?) {
        #expect(DeadLetterTime.duration(text) == milliseconds)
    }

    @Test("times are RFC 3339, or a duration ago")
    func times() throws {
        #expect(try DeadLetterTime.parse("1970-01-01T00:00:01+00:00", now: 5) == 1_000)
        #expect(try DeadLetterTime.parse("2s", now: 5_000) == 3_000)
        #expect(throws: (any Error).self) { try DeadLetterTime.parse("yesterday", now: 5) }
    }
}

@Suite("Dead letters as text")
struct DeadLetterTextTests {
    @Test(
        "what could take a terminal over is written out",
        arguments: [
            ("plain späte 漢 😀", "plain späte 漢 😀"), ("\u{1b}[31mred", "\\u{1b}[31mred"), ("a\nb\tc\r", "a\\nb\\tc\\r"),
            ("\u{9b}0m\u{7}\u{0}", "\\u{9b}0m\\u{7}\\u{0}"),
            ("abc\u{202e}dcba\u{2066}", "abc\\u{202e}dcba\\u{2066}"), ("\u{2028}\u{feff}\u{e0041}", "\\u{2028}\\u{feff}\\u{e0041}"),
            ("👩\u{200d}💻", "👩\u{200d}💻"),
        ]
    )
    func escaped(text: String, line: String) {
        #expect(DeadLetterText.escaped(text) == line)
    }

    @Test("a text is cut by scalars, so that a character of a thousand accents does not break the table")
    func cut() {
        #expect(DeadLetterText.escaped("abcdef", to: 3) == "abc…" && DeadLetterText.escaped("abc", to: 3) == "abc")
        let accents = "e" + String(repeating: "\u{301}", count: 100_000)
        #expect(DeadLetterText.escaped(accents, to: 160).utf8.count < 400 && DeadLetterText.cell(accents, 20).utf8.count < 4_000)
        #expect(
            DeadLetterText.cell("abc", 5) == "abc  " && DeadLetterText.cell("abcdef", 5) == "abcd…"
                && DeadLetterText.cell("abcde", 5) == "abcde"
        )
    }

    @Test("a value is shown as JSON, as text, or in hexadecimal")
    func value() {
        #expect(DeadLetterText.lines(of: Array(#"{"a":[1]}"#.utf8)).count > 2)
        #expect(
            DeadLetterText.lines(of: Array(#"{"a":"\u001b\u202e"}"#.utf8)).allSatisfy { !$0.contains("\u{1b}") && !$0.contains("\u{202e}") }
        )
        #expect(DeadLetterText.lines(of: Array("a\u{1b}\nb".utf8)) == ["a\\u{1b}", "b"])
        #expect(DeadLetterText.lines(of: []) == [""])
        #expect(
            DeadLetterText.lines(of: [0xff, 0x41, 0x0a]) == ["000000  ff 41 0a" + String(repeating: " ", count: 41) + ".A."]
        )
        let many = DeadLetterText.lines(of: Array(repeating: 0xff, count: 1 << 20))
        #expect(many.count == 257 && many.last == "… \((1 << 20) - 4096) more bytes")
        // Deeper than any parser should go.
        #expect(DeadLetterText.lines(of: Array(String(repeating: "[", count: 100_000).utf8)).count == 1)
    }

    @Test("counts are bounded whatever the names are")
    func counts() {
        var counts = DeadLetterCounts()
        for number in 0..<30_000 { counts.add("name \(number)") }
        for name in ["name 7", "name 7", nil, String(repeating: "x", count: 1 << 20)] { counts.add(name) }
        let entries = counts.sorted(byName: false)
        #expect(counts.total == 30_004 && entries.count == DeadLetterCounts.limit + 1)
        #expect(entries.first == DeadLetterCounts.Entry(name: "(others)", count: 20_002))
        #expect(entries.dropFirst().first == DeadLetterCounts.Entry(name: "name 7", count: 3))
        #expect(entries.reduce(0) { $0 + $1.count } == counts.total)
        var hours = DeadLetterCounts()
        for hour in ["02", "01", "02", nil] { hours.add(hour) }
        #expect(hours.sorted(byName: true).map(\.name) == [nil, "01", "02"] && hours.sorted(byName: false).first?.name == "02")
        #expect(
            hours.sorted(byName: true).map(\.json) == [
                #"{"name":null,"count":1}"#, #"{"name":"01","count":1}"#, #"{"name":"02","count":2}"#,
            ]
        )
    }
}
