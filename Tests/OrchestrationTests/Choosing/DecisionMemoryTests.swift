import Testing

@testable import Orchestration

@Suite("Memory of decisions")
struct DecisionMemoryTests {
    private static func decision(_ chosen: String, among candidates: [String] = ["a", "b"], id: String = "d") -> Decision {
        Decision(
            id: id,
            chosen: ComponentID(.model, chosen),
            candidates: candidates,
            propensity: 0.5,
            scopeID: "s",
            requestID: "r",
            rootID: "r",
            decidedAt: 0
        )
    }

    @Test("Of two who draw at the same time the first one's decision holds")
    func first() {
        let memory = DecisionMemory(capacity: 10)
        let (a, b) = (Self.decision("a"), Self.decision("b"))
        #expect(memory.settle(a, replacing: nil) == a)
        #expect(memory.settle(b, replacing: nil) == a)
        #expect(memory.decision("d") == a)
        let other = Self.decision("c", among: ["b", "c"])
        #expect(memory.settle(other, replacing: nil) == other, "what the first has chosen is no candidate of the second")
    }

    @Test("What is outdated gives way, once")
    func outdated() {
        let memory = DecisionMemory(capacity: 10)
        let (a, b) = (Self.decision("a"), Self.decision("b"))
        _ = memory.settle(a, replacing: nil)
        #expect(memory.settle(b, replacing: a) == b)
        #expect(memory.settle(Self.decision("a", among: ["a", "b", "c"]), replacing: a) == b, "somebody has replaced it already")
    }

    @Test("Never more than its capacity, and nothing with none", arguments: [0, 1, 2, 7, 100])
    func bounds(capacity: Int) {
        let memory = DecisionMemory(capacity: capacity)
        for number in 0..<1_000 {
            let decision = Self.decision("a", id: "\(number)")
            _ = memory.settle(decision, replacing: nil)
            #expect(memory.decision("\(number)") == (capacity > 0 ? decision : nil))
            #expect(memory.count <= max(capacity, capacity > 0 ? 2 : 0))
        }
    }
}
