import JSON
import Orchestration
import Testing

@testable import Feedback

@Suite("Decisions and their rewards")
struct RewardLogTests {
    private static func decision(_ id: String, _ chosen: String = "a", type: ComponentType = .model, at time: Double = 0) -> Decision {
        Decision(
            id: id,
            chosen: ComponentID(type, chosen),
            candidates: ["a", "b"],
            propensity: 0.5,
            situation: ["x": .number(time)],
            scopeID: id,
            requestID: id,
            rootID: id,
            decidedAt: time
        )
    }

    private static func signal(
        _ id: String,
        of decision: String?,
        _ reward: Double,
        component: String = "a",
        type: ComponentType = .model,
        version: Int = 1
    ) -> FeedbackSignal {
        FeedbackSignal(
            signalID: id,
            source: .userExplicit,
            componentType: type,
            componentID: component,
            reward: reward,
            metadata: decision.map { ["decision_id": .string($0)] } ?? [:],
            version: version
        )
    }

    private static func log(limit: Int = 100) -> RewardLog {
        RewardLog(limit: limit) { _, situation in [1, situation["x"]?.doubleValue ?? 0] }
    }

    @Test("are joined in any order, by id and component, each once, oldest first")
    func join() {
        var log = Self.log()
        log.take(Self.signal("s1", of: "late", 0.25))
        for decision in [
            Self.decision("late", at: 9), Self.decision("two", at: 5), Self.decision("none", at: 1), Self.decision("early", "b", at: 2),
            Self.decision("tool", type: .tool, at: 3), Self.decision("late", "b", at: 1),
        ] { log.take(decision) }
        log.take(Self.signal("s2", of: "two", 1))
        log.take(Self.signal("s3", of: "two", 0))
        // A correction, what it corrects once more, and the same again.
        log.take(Self.signal("s3", of: "two", 0.5, version: 2))
        log.take(Self.signal("s3", of: "two", 0))
        log.take(Self.signal("s2", of: "two", 0.125))
        // About other components than the chosen one, and about no decision.
        log.take(Self.signal("s4", of: "two", 0, component: "b"))
        log.take(Self.signal("s5", of: "two", 0, type: .tool))
        log.take(Self.signal("s6", of: nil, 0))
        log.take(Self.signal("s7", of: "unheard", 0))
        log.take(Self.signal("s8", of: "early", 0.1, component: "b"))
        log.take(Self.signal("s9", of: "tool", 1, type: .tool))

        let entries = log.entries(of: .model)
        #expect(entries.map(\.id) == ["early", "two", "late"])
        #expect(entries.map(\.decision.reward) == [0.1, 0.75, 0.25])
        #expect(entries.map(\.decision.features) == [[1, 2], [1, 5], [1, 9]])
        #expect(entries[0].decision.chosen == 1 && entries[0].chosen == ComponentID(.model, "b"))
        #expect(log.entries(of: .tool).count == 1 && log.entries(of: .memory).isEmpty)
        #expect(log.count(of: .model) == 4 && log.types == [.model, .tool])
        #expect(log.counts.decisions == 5 && log.counts.repeated == 1 && log.counts.signals == 8 && log.counts.leftOut == 0)
    }

    @Test("what is no choice is counted, and does not keep the others from being judged")
    func unusable() {
        var log = Self.log()
        log.take(Self.decision("foreign", "c"))
        log.take(Self.decision("good"))
        log.take(Self.signal("s1", of: "foreign", 1, component: "c"))
        log.take(Self.signal("s2", of: "good", 1))
        #expect(log.entries(of: .model).map(\.id) == ["good"] && log.counts.unusable == 1)
    }

    @Test("beyond the limit nothing is kept, and that is counted")
    func limits() {
        var log = Self.log(limit: 2)
        for number in 0..<5 {
            log.take(Self.decision("\(number)"))
            log.take(Self.signal("s\(number)", of: "\(number)", 1))
        }
        #expect(log.entries(of: .model).count == 2 && log.counts.leftOut == 6)
        // A correction needs no room.
        log.take(Self.signal("s0", of: "0", 0, version: 2))
        #expect(log.entries(of: .model).map(\.decision.reward).sorted() == [0, 1])
    }
}
