import FleetTestKit
import JSON
import Observability
import Synchronization
import Testing

@testable import Orchestration

@Suite("Choosing")
struct ChooserTests {
    static func context(
        _ chooser: ComponentChooser = .uniform,
        tenant: String = "acme",
        request: String = "r-1",
        root: String? = nil,
        metadata: JSONObject = [:],
        recorder: any OrchestrationRecorder = NoRecorder()
    ) -> OrchestrationContext {
        OrchestrationContext(
            tenantID: tenant,
            requestID: request,
            rootID: root,
            metadata: metadata,
            logger: makeTestLogger(level: .critical).logger,
            recorder: recorder,
            chooser: chooser,
            clock: ManualClock(now: 1_790_000_000_500).clock
        )
    }

    @Test("A decision tells all that learning needs")
    func decision() throws {
        let policies = TestPolicies(["b": 1e9], versions: ["b": 7])
        let context = Self.context(ComponentChooser(policies: policies), root: "root-1")
        let decision = try context.child(of: "parent").choose(
            .tool,
            among: ["a", "b"],
            situation: ["urgency": 0.9],
            named: "search",
            sticky: .tree
        )
        #expect(decision.chosen == ComponentID(.tool, "b"))
        #expect(decision.candidates == ["a", "b"])
        #expect(decision.propensity == 1e9 / (1e9 + 1))
        #expect(decision.policyVersion == 7)
        #expect(decision.situation == ["urgency": 0.9])
        #expect(decision.scope == .tree && decision.scopeID == "root-1")
        #expect(decision.requestID == "r-1" && decision.rootID == "root-1" && decision.depth == 1)
        #expect(decision.decidedAt == 1_790_000_000.5)
        #expect(decision.experiment == nil)
        let question = try #require(policies.questions.first)
        #expect(question.tenantID == "acme" && question.scope == .tree && question.scopeID == "root-1")
        #expect(question.situation == ["urgency": 0.9] && question.candidates == ["a", "b"] && question.type == .tool)
    }

    @Test("What an experiment gave stands in the decision")
    func experiment() throws {
        let policies = TestPolicies()
        let experiment = Decision.Experiment(name: "e", variant: "v")
        policies.change { $0.experiment = experiment }
        #expect(try Self.context(ComponentChooser(policies: policies)).choose(.model, among: ["a"]).experiment == experiment)
    }

    @Test("A variant that is only looked at chooses as it would have, and the logged propensity is that over all variants")
    func shadow() throws {
        let policies = TestPolicies(["a": 0, "b": 1])
        policies.change { state in
            state.experiment = Decision.Experiment(name: "e", variant: "control")
            state.propensity = 0.25
            state.shadow = .init(variant: "v", candidates: [.init(id: "a", probability: 0.75), .init(id: "b", probability: 0.25)])
        }
        let chooser = ComponentChooser(policies: policies)
        // The same draw: what the shadow chooses is what its variant would have chosen.
        let given = TestPolicies(["a": 0.75, "b": 0.25])
        var choices: [String: Int] = [:]
        for number in 0..<200 {
            let decision = try Self.context(chooser, request: "r\(number)").choose(.model, among: ["a", "b"])
            #expect(decision.chosen.id == "b" && decision.propensity == 0.25)
            let shadow = try #require(decision.experiment?.shadow)
            let other = try Self.context(ComponentChooser(policies: given), request: "r\(number)").choose(.model, among: ["a", "b"])
            #expect(shadow == Decision.Shadow(variant: "v", componentID: other.chosen.id))
            choices[shadow.componentID, default: 0] += 1
        }
        #expect((130...170).contains(choices["a"] ?? 0))
    }

    // MARK: Statistics

    @Test("Each candidate is chosen with exactly its probability", arguments: [[0.5, 0.3, 0.15, 0.05], [0.98, 0.01, 0.005, 0.005]])
    func frequencies(probabilities: [Double]) throws {
        let ids = ["gpt-4", "gpt-3.5-turbo", "claude", "d"]
        let policies = TestPolicies(Dictionary(uniqueKeysWithValues: zip(ids, probabilities)))
        let chooser = ComponentChooser(policies: policies, remembering: 0)
        let rounds = 40_000
        var counts: [String: Int] = [:]
        for round in 0..<rounds {
            counts[try Self.context(chooser, request: "request-\(round)").choose(.model, among: ids).chosen.id, default: 0] += 1
        }
        // Chi-square with three degrees of freedom: 16.3 at .1 %; the draws are fixed.
        let chiSquare = zip(ids, probabilities).reduce(0) { sum, pair in
            let expected = pair.1 * Double(rounds)
            let difference = Double(counts[pair.0] ?? 0) - expected
            return sum + difference * difference / expected
        }
        #expect(chiSquare < 16.3, "\(counts)")
    }

    @Test("Choices of different names, types, scopes and tenants are independent")
    func independence() throws {
        var equal = [0, 0, 0]
        let rounds = 10_000
        for round in 0..<rounds {
            let context = Self.context(request: "r\(round)")
            let first = try context.choose(.model, among: ["a", "b"]).chosen.id
            if try context.choose(.model, among: ["a", "b"], named: "n").chosen.id == first { equal[0] += 1 }
            if try context.choose(.tool, among: ["a", "b"]).chosen.id == first { equal[1] += 1 }
            if try Self.context(tenant: "b", request: "r\(round)").choose(.model, among: ["a", "b"]).chosen.id == first { equal[2] += 1 }
        }
        // Four standard deviations of a fair coin.
        #expect(equal.allSatisfy { abs($0 - rounds / 2) < 200 }, "\(equal)")
    }

    @Test("When probabilities move, no more choices change than have to")
    func fewChanges() throws {
        let policies = TestPolicies(["a": 0.5, "b": 0.5])
        let chooser = ComponentChooser(policies: policies, remembering: 0)
        let rounds = 10_000
        func choices() throws -> [String] {
            try (0..<rounds).map { try Self.context(chooser, request: "r\($0)").choose(.model, among: ["a", "b"]).chosen.id }
        }
        let before = try choices()
        policies.change { $0.weights = ["a": 0.6, "b": 0.4] }
        let changes = zip(before, try choices()).filter { $0 != $1 }
        #expect(changes.allSatisfy { $0 == ("b", "a") }, "whoever had the one that has gained keeps it")
        #expect(abs(changes.count - rounds / 10) < 120)
    }

    @Test("When a candidate goes, the choices of others stay")
    func removal() throws {
        for round in 0..<500 {
            let context = Self.context(request: "r\(round)")
            let all = try context.choose(.model, among: ["a", "b", "c"]).chosen.id
            let rest = try context.choose(.model, among: ["c", "b"]).chosen.id
            if all != "a" { #expect(rest == all) }
        }
    }

    // MARK: Agreement

    @Test("Another process with the same policies chooses the same, under the same id")
    func processes() throws {
        for round in 0..<200 {
            let choosers = (0..<2).map { _ in ComponentChooser(policies: TestPolicies(["a": 0.2, "b": 0.5, "c": 0.3])) }
            let decisions = try choosers.map { try Self.context($0, request: "r\(round)").choose(.prompt, among: ["a", "b", "c"]) }
            #expect(decisions[0] == decisions[1])
        }
    }

    @Test("Within a process a choice stays while the policy moves, with the propensity that it was drawn with")
    func pinned() throws {
        let policies = TestPolicies()
        let chooser = ComponentChooser(policies: policies)
        let first = try Self.context(chooser).choose(.model, among: ["a", "b"], situation: ["complexity": "simple"])
        let other = first.chosen.id == "a" ? "b" : "a"
        policies.change {
            $0.weights = [other: 1e12]
            $0.versions = [other: 2]
        }
        #expect(try Self.context(chooser).choose(.model, among: ["a", "b"], situation: ["complexity": "critical"]) == first)
        #expect(try Self.context(chooser).choose(.model, among: ["b", "a", "c"]) == first, "the candidates may grow")
        #expect(try Self.context(chooser, request: "r-2").choose(.model, among: ["a", "b"]).chosen.id == other, "others follow the policy")
    }

    @Test("A choice that is no candidate any more, or disabled, is drawn anew")
    func outdated() throws {
        let policies = TestPolicies()
        let chooser = ComponentChooser(policies: policies)
        let first = try Self.context(chooser).choose(.model, among: ["a", "b", "c"])
        let rest = ["a", "b", "c"].filter { $0 != first.chosen.id }
        let second = try Self.context(chooser).choose(.model, among: rest)
        #expect(rest.contains(second.chosen.id) && second.id == first.id && second.propensity == 0.5)
        #expect(try Self.context(chooser).choose(.model, among: ["a", "b", "c"]) == second, "it is the choice from now on")
        policies.change { $0.disabled = [second.chosen] }
        let third = try Self.context(chooser).choose(.model, among: ["a", "b", "c"])
        #expect(third.chosen != second.chosen && !third.candidates.contains(second.chosen.id))
    }

    @Test("Siblings agree in a tree, requests in a session, and a request with nobody else")
    func scopes() throws {
        let candidates = (0..<50).map { "m\($0)" }
        func choose(_ request: String, root: String, session: String?, _ scope: DecisionScope) throws -> Decision {
            let metadata: JSONObject = session.map { ["session_id": .string($0)] } ?? [:]
            return try Self.context(request: request, root: root, metadata: metadata).choose(.model, among: candidates, sticky: scope)
        }
        let decisions = try [("r1", "t1", "s1"), ("r2", "t1", "s2"), ("r3", "t2", "s1")].map { request, root, session in
            try DecisionScope.allCases.map { try choose(request, root: root, session: session, $0).chosen }
        }
        #expect(Set(decisions.map { $0[0] }).count == 3)
        #expect(decisions[0][1] == decisions[1][1] && decisions[0][1] != decisions[2][1])
        #expect(decisions[0][2] == decisions[2][2] && decisions[0][2] != decisions[1][2])
        for session in [nil, ""] {
            let decision = try choose("r1", root: "t1", session: session, .session)
            #expect(decision.scope == .request && decision.scopeID == "r1" && decision.chosen == decisions[0][0])
        }
    }

    @Test("At the same time, too, all who ask get one answer")
    func race() async throws {
        let policies = TestPolicies()
        let chooser = ComponentChooser(policies: policies)
        for round in 0..<50 {
            let decisions = await withTaskGroup(of: Decision?.self) { group in
                for sibling in 0..<8 {
                    group.addTask {
                        policies.change { $0.weights = ["\(sibling)": 1_000] }
                        let context = Self.context(chooser, request: "r\(sibling)", root: "t\(round)")
                        return try? context.choose(.agent, among: (0..<8).map { "\($0)" }, sticky: .tree)
                    }
                }
                return await group.reduce(into: Set<Decision?>()) { $0.insert($1) }
            }
            #expect(decisions.count == 1 && !decisions.contains(nil))
        }
    }

    @Test("The memory is bounded, and keeps what was used last")
    func memory() throws {
        let policies = TestPolicies()
        let chooser = ComponentChooser(policies: policies, remembering: 100)
        let first = try Self.context(chooser, request: "first").choose(.model, among: ["a", "b"])
        policies.change { $0.weights = [first.chosen.id == "a" ? "b" : "a": 1e12] }
        for round in 0..<1_000 {
            _ = try Self.context(chooser, request: "r\(round)").choose(.model, among: ["a", "b"])
            if round % 40 == 0 { #expect(try Self.context(chooser, request: "first").choose(.model, among: ["a", "b"]) == first) }
        }
        #expect(chooser.rememberedCount <= 100)
        for round in 1_000..<1_100 { _ = try Self.context(chooser, request: "r\(round)").choose(.model, among: ["a", "b"]) }
        #expect(try Self.context(chooser, request: "first").choose(.model, among: ["a", "b"]).chosen != first.chosen, "it is forgotten")
    }

    // MARK: Refusals

    @Test(arguments: [
        ([], "there is no candidate"), (["a", "b", "a"], "candidate 'a' is named twice"),
        (["a", ""], "candidate 1 is empty or longer than 256 bytes"),
        ([String(repeating: "ä", count: 129)], "candidate 0 is empty or longer than 256 bytes"),
        ((0...256).map { "\($0)" }, "there are 257 candidates, 256 are allowed"),
    ])
    func invalid(candidates: [String], message: String) {
        let error = #expect(throws: OrchestrationError.self) { try Self.context().choose(.model, among: candidates) }
        #expect(error?.code == .invalidCandidates)
        #expect(error?.message == "No model can be chosen: \(message)")
    }

    @Test("What is disabled is not chosen, and is no candidate")
    func disabled() throws {
        let policies = TestPolicies(["a": 1e9], disabled: [ComponentID(.model, "a"), ComponentID(.tool, "b")])
        let context = Self.context(ComponentChooser(policies: policies))
        let decision = try context.choose(.model, among: ["a", "b", "c"])
        #expect(decision.chosen.id != "a" && decision.candidates == ["b", "c"] && decision.propensity == 0.5)
        #expect(context.isDisabled(ComponentID(.model, "a")) && !context.isDisabled(ComponentID(.agent, "a")))
        let error = #expect(throws: OrchestrationError.self) { try context.choose(.model, among: ["a"]) }
        #expect(error?.code == .componentDisabled)
        #expect(error?.message == "No model can be chosen: every candidate is disabled")
    }

    @Test("A situation is kept up to 4,096 bytes, without objects")
    func boundedSituation() throws {
        let text = String(repeating: "x", count: 3_000)
        let situation: JSONObject = [
            "complexity": "simple", "long": .string(text), "too_long": .string(text), "nested": ["a": 1], "tags": ["a", "b"],
            "deep": [["a"]], "many": .array(Array(repeating: 1, count: 2_000)), "rate": 0.5,
        ]
        let decision = try Self.context().choose(.tool, among: ["a"], situation: situation)
        #expect(decision.situation == ["complexity": "simple", "long": .string(text), "tags": ["a", "b"], "rate": 0.5])
        // In time that grows with their number: anybody may send a megabyte of members.
        let many = JSONObject((0..<200_000).map { ("m\($0)", .integer(Int64($0))) })
        #expect(try Self.context().choose(.tool, among: ["a"], situation: many).situation.count < 400)
    }
}
