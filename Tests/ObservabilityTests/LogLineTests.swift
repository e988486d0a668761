import Testing

@testable import Observability

@Suite("Log lines")
struct LogLineTests {
    private let now: @Sendable () -> LogTimestamp = { LogTimestamp(seconds: 1_795_345_680, milliseconds: 7) }

    private func json(_ message: Logger.Message, _ metadata: Logger.Metadata? = nil, own: Logger.Metadata = [:]) -> String {
        var handler = JSONLogHandler(label: "fleet.worker", now: self.now)
        handler.metadata = own
        return String(decoding: handler.makeLine(level: .info, message: message, metadata: metadata), as: UTF8.self)
    }

    private func text(
        _ message: Logger.Message,
        _ metadata: Logger.Metadata? = nil,
        level: Logger.Level = .info,
        color: Bool = false
    ) -> String {
        let handler = StreamLogHandler(label: "fleet.worker", isColored: color, now: self.now)
        return String(decoding: handler.makeLine(level: level, message: message, metadata: metadata), as: UTF8.self)
    }

    @Test("a JSON line has the members in order, flattened metadata, numbers and booleans as such")
    func jsonMembers() {
        #expect(
            self.json(
                "Assigned",
                [
                    "kafka": ["topic": "jobs", "partitions": ["0", .stringConvertible(1)]],
                    "n": .stringConvertible(3), "x": .stringConvertible(0.5),
                ],
                own: ["worker.id": "w1", "n": "overridden", "ok": .stringConvertible(true)]
            )
                == #"{"time":"2026-11-22T11:08:00.007Z","level":"info","logger":"fleet.worker","message":"Assigned","#
                + #""kafka.partitions":["0",1],"kafka.topic":"jobs","n":3,"ok":true,"worker.id":"w1","x":0.5}"# + "\n"
        )
    }

    @Test("JSON text is escaped and reserved keys are renamed")
    func jsonEscapes() {
        #expect(
            self.json("a\"b\\c\nd\u{1}é\u{7F}", ["time": "t", "e\"": [], "d": [:], "nan": .stringConvertible(Double.nan)])
                == #"{"time":"2026-11-22T11:08:00.007Z","level":"info","logger":"fleet.worker","message":"a\"b\\c\nd\u0001é\u007f","#
                + #""d":{},"e\"":[],"nan":"nan","metadata.time":"t"}"# + "\n"
        )
    }

    @Test("flattened keys that meet are written once")
    func jsonDuplicates() {
        #expect(self.json("m", ["a": ["b": "1"], "a.b": "1"]).hasSuffix(#""message":"m","a.b":"1"}"# + "\n"))
    }

    @Test("a text line is one line whatever the message holds")
    func textLine() {
        #expect(
            self.text("Say \"hi\"\r\nFAKE", ["b": "two words", "a": ["x": "1", "y": ""], "q": "k=\"v\""])
                == #"2026-11-22T11:08:00.007Z info     fleet.worker: Say "hi"\r\nFAKE a.x=1 a.y="" b="two words" q="k=\"v\"""# + "\n"
        )
        #expect(self.text("m", level: .critical) == "2026-11-22T11:08:00.007Z critical fleet.worker: m\n")
        #expect(self.text("m", level: .error, color: true) == "2026-11-22T11:08:00.007Z \u{1B}[31merror\u{1B}[0m    fleet.worker: m\n")
    }

    @Test("a long text is cut at a character's border")
    func longText() {
        let line = self.json("\(String(repeating: "é", count: 10_000))a")
        #expect(line.hasSuffix("é…\"}\n"))
        #expect(line.utf8.count < LogText.maximumBytes + 120)
        let value = self.text("m", ["k": "\(String(repeating: "x", count: 20_000))"])
        #expect(value.utf8.count < LogText.maximumBytes + 120)
    }

    @Test(
        "timestamps follow the civil calendar",
        arguments: [
            (0, 0, "1970-01-01T00:00:00.000Z"), (951_782_400, 999, "2000-02-29T00:00:00.999Z"),
            (1_709_251_199, 5, "2024-02-29T23:59:59.005Z"),
            (4_107_542_400, 0, "2100-03-01T00:00:00.000Z"), (-1, 0, "1969-12-31T23:59:59.000Z"),
        ]
    )
    func timestamps(seconds: Int64, milliseconds: Int, expected: String) {
        var line: [UInt8] = []
        LogTimestamp(seconds: seconds, milliseconds: milliseconds).append(to: &line)
        #expect(String(decoding: line, as: UTF8.self) == expected)
    }

    @Test("colours need a terminal, no NO_COLOR and a terminal that is not dumb")
    func colors() {
        #expect(StreamLogHandler.wantsColor(isTerminal: true) { _ in nil })
        #expect(StreamLogHandler.wantsColor(isTerminal: true) { $0 == "NO_COLOR" ? "" : nil })
        #expect(!StreamLogHandler.wantsColor(isTerminal: false) { _ in nil })
        #expect(!StreamLogHandler.wantsColor(isTerminal: true) { $0 == "NO_COLOR" ? "1" : nil })
        #expect(!StreamLogHandler.wantsColor(isTerminal: true) { $0 == "TERM" ? "dumb" : nil })
    }
}
