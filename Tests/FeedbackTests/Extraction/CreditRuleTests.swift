import Feedback
import JSON
import Orchestration
import Testing

@Suite("Credit for the decisions of a tree")
struct CreditRuleTests {
    private func decision(_ id: String, depth: Int, at time: Double, type: ComponentType = .model) -> Decision {
        Decision(
            id: id,
            chosen: ComponentID(type, "c-\(id)"),
            candidates: ["c-\(id)", "z"],
            propensity: 0.25,
            policyVersion: 7,
            situation: ["task_type": .string(id)],
            scopeID: "s",
            requestID: "r-\(id)",
            rootID: "root",
            depth: depth,
            decidedAt: time
        )
    }

    private var tree: [Decision] {
        [
            self.decision("a", depth: 0, at: 1), self.decision("b", depth: 1, at: 3, type: .tool), self.decision("c", depth: 2, at: 3),
            self.decision("d", depth: 1, at: 2),
        ]
    }

    @Test("all, the last, or less with depth")
    func shares() {
        #expect(CreditRule.all.shares(self.tree) == [1, 1, 1, 1])
        #expect(CreditRule.last.shares(self.tree) == [0, 0, 1, 0])
        #expect(CreditRule.discounted(gamma: 0.5).shares(self.tree) == [1, 0.5, 0.25, 0.5])
        #expect(CreditRule.discounted(gamma: 1).shares(self.tree) == [1, 1, 1, 1])
        for rule in [CreditRule.all, .last, .discounted(gamma: 0.5)] { #expect(rule.shares([]).isEmpty) }
    }

    @Test("signals have the outcome's reward, the share as confidence, and what joins them with their decisions")
    func signals() throws {
        let signals = CreditRule.discounted(gamma: 0.5).signals(reward: 0.9, outcomeID: "root", over: self.tree, confidence: 0.8)
        #expect(signals.map(\.componentID) == ["c-a", "c-b", "c-c", "c-d"])
        #expect(signals.map(\.componentType) == [.model, .tool, .model, .model])
        #expect(signals.allSatisfy { $0.reward == 0.9 && $0.source == .userExplicit })
        #expect(signals.map(\.confidence) == [0.8, 0.4, 0.2, 0.4])
        #expect(signals.map(\.signalID) == ["credit.root.a", "credit.root.b", "credit.root.c", "credit.root.d"])
        #expect(signals[1].context == ["task_type": "b"])
        #expect(
            signals[1].metadata == [
                "decision_id": "b", "propensity": .number(0.25), "policy_version": 7, "root_id": "root", "credit_rule": "discounted",
                "credit_share": .number(0.5),
            ]
        )
        for signal in signals { try signal.validate() }
    }

    @Test("a decision that is given twice is credited once, one without a share not at all")
    func distinct() {
        #expect(CreditRule.all.signals(reward: 1, outcomeID: "o", over: self.tree + self.tree).count == 4)
        #expect(CreditRule.last.signals(reward: 1, outcomeID: "o", over: self.tree + self.tree).map(\.componentID) == ["c-c"])
        let deep = [self.decision("deep", depth: 60, at: 0)]
        #expect(CreditRule.discounted(gamma: 0.5).signals(reward: 1, outcomeID: "o", over: deep).isEmpty)
    }

    @Test("rules by name")
    func names() {
        #expect(CreditRule(name: "all") == .all)
        #expect(CreditRule(name: "last") == .last)
        #expect(CreditRule(name: "discounted") == .discounted(gamma: 0.9))
        #expect(CreditRule(name: "discounted", gamma: 0) == nil)
        #expect(CreditRule(name: "discounted", gamma: 1.1) == nil)
        #expect(CreditRule(name: "first") == nil)
        #expect([CreditRule.all, .last, .discounted(gamma: 0.5)].map(\.name) == ["all", "last", "discounted"])
    }
}
