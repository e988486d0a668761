import Orchestration
import Testing
import Wire

@testable import fleet

@Suite("The live picture of arms")
struct FeedbackPictureTests {
    private static func snapshot(_ id: String, reward: Double, availability: ComponentAvailability = .enabled) -> PolicySnapshot {
        PolicySnapshot(
            policyVersion: 1,
            componentType: .model,
            componentID: id,
            signals: 12,
            meanReward: reward,
            bySource: [:],
            availability: availability,
            firstSignalAt: 0,
            lastSignalAt: 0,
            updatedAt: 0,
            worker: "f"
        )
    }

    private static func decision(_ id: String, _ arm: String, at time: Double, type: ComponentType = .model) -> Decision {
        Decision(
            id: id,
            chosen: ComponentID(type, arm),
            candidates: [arm],
            propensity: 1,
            scopeID: id,
            requestID: id,
            rootID: id,
            decidedAt: time
        )
    }

    private static func picture(_ snapshots: [PolicySnapshot], _ counts: [String: Int]) -> FeedbackPicture {
        FeedbackPicture(
            type: .model,
            snapshots: Dictionary(uniqueKeysWithValues: snapshots.map { ($0.componentID, $0) }),
            counts: counts,
            window: 300,
            now: 1_790_000_000_000
        )
    }

    @Test("has a bar for each arm, those that are chosen most first, and tells who is disabled")
    func lines() throws {
        let picture = Self.picture(
            [Self.snapshot("gpt-4", reward: 0.8125), Self.snapshot("old", reward: 0.1, availability: .disabled)],
            ["gpt-4": 3, "new": 1]
        )
        let lines = picture.lines(width: 100, height: 24)
        #expect(lines.count == 5 && lines[0] == "model: 4 decisions in the last 5 min, 2026-09-21T14:13:20Z")
        #expect(lines[2].hasPrefix("gpt-4") && lines[3].hasPrefix("new") && lines[4].hasPrefix("old"))
        #expect(lines[2].contains("75.0") && lines[2].contains("0.813") && lines[2].contains("12"))
        #expect(lines[3].contains("25.0") && lines[3].contains("-") && lines[4].hasSuffix("disabled"))
        let bars = lines[2...].map { $0.count { $0 == "█" } }
        #expect(bars[0] == 3 * bars[1] && bars[1] > 0 && bars[2] == 0)
    }

    @Test("fits whatever terminal there is", arguments: [20, 40, 79, 200], [4, 10, 24])
    func size(width: Int, height: Int) {
        let arms = (0..<50).map { Self.snapshot("arm-\($0)-\(String(repeating: "x", count: $0))", reward: 0.5) }
        let picture = Self.picture(arms, Dictionary(uniqueKeysWithValues: arms.enumerated().map { ($1.componentID, $0) }))
        let lines = picture.lines(width: width, height: height)
        #expect(lines.count <= height && lines.allSatisfy { $0.count <= width })
        #expect(lines.last?.hasPrefix("… and ") == true)
    }

    @Test("says so when nothing is known, and shows names from outside without what moves a cursor")
    func oddities() {
        #expect(Self.picture([], [:]).lines(width: 80, height: 24).last == "nothing is known of any model, and none was chosen")
        let lines = Self.picture([], ["\u{1b}[2J\u{202e}a\nb": 1]).lines(width: 80, height: 24)
        #expect(lines.count == 3 && lines[2].hasPrefix("\\u{1b}[2J\\u{202e}"))
    }

    @Test(
        "bars have eighths of a column",
        arguments: [(0, "    "), (1, "████"), (0.5, "██  "), (0.28, "█▏  "), (1.5, "████"), (-1, "    ")]
    )
    func bars(share: Double, bar: String) {
        #expect(FeedbackPicture.bar(share, 4) == bar)
    }

    @Test("counts each decision of the window once, of its type")
    func window() {
        var decisions = RecentDecisions(window: 60, limit: 100)
        for number in 0..<10 { decisions.add(Self.decision("\(number)", "a", at: Double(number) * 10)) }
        decisions.add(Self.decision("9", "b", at: 90))
        decisions.add(Self.decision("tool", "a", at: 90, type: .tool))
        #expect(decisions.counts(of: .model, now: 100) == ["a": 6] && decisions.counts(of: .tool, now: 100) == ["a": 1])
        decisions.forget(now: 100)
        #expect(decisions.count == 7 && decisions.counts(of: .model, now: 100) == ["a": 6])
        // The newest are kept when there are too many, and what was forgotten may come again.
        for number in 0..<20_000 { decisions.add(Self.decision("n\(number)", "c", at: 100)) }
        #expect(decisions.count == 100 && decisions.counts(of: .model, now: 100) == ["c": 100])
        decisions.add(Self.decision("0", "a", at: 100))
        #expect(decisions.counts(of: .model, now: 100) == ["a": 1, "c": 99])
    }
}

@Suite("Tables and numbers as text")
struct TextTableTests {
    @Test("columns are as wide as what they hold, numbers at the right, and nothing from outside breaks a line")
    func table() {
        var table = TextTable([.init(title: "NAME", maximumWidth: 6), .init(title: "N", isNumber: true), .init(title: "LAST")])
        table.add(["a", "1", ""])
        table.add(["long name", "100", "b\nc"])
        #expect(
            table.lines == ["NAME      N  LAST", "a         1", "long…   100  b\\nc"].map { $0.replacing("long…   ", with: "long …  ") }
        )
    }

    @Test(
        "numbers have a fixed count of decimals",
        arguments: [
            (0.5, 3, "0.500"), (-0.0004, 3, "0.000"), (-0.0005, 3, "-0.001"), (12.345, 1, "12.3"), (1234, 0, "1234"), (0.95, 0, "1"),
            (.infinity, 1, "∞"), (-.infinity, 1, "−∞"), (.nan, 1, "-"), (1e300, 0, "1000000000000"),
        ]
    )
    func numbers(value: Double, places: Int, text: String) {
        #expect(decimals(value, places) == text)
    }

    @Test(
        "times are told as people do",
        arguments: [(-5, "0.0 s ago"), (3.21, "3.2 s ago"), (90, "1 min ago"), (7_300, "2 h ago"), (259_200, "3 d ago")]
    )
    func times(seconds: Double, text: String) {
        #expect(ago(seconds) == text)
    }
}
