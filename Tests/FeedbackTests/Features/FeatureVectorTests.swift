import Feedback
import JSON
import Orchestration
import Testing

@Suite struct FeatureVectorTests {
    @Test(arguments: [
        (ComponentType.model, 10), (.tool, 15), (.agent, 12), (.prompt, 8), (.threshold, 3), (.memory, 4),
    ])
    func everyTypeHasItsFeaturesAfterTheBias(type: ComponentType, features: Int) {
        #expect(FeatureVector.count(type) == features + 1)
        #expect(FeatureVector.names(type).count == features + 1)
        #expect(Set(FeatureVector.names(type)).count == features + 1)
        #expect(FeatureVector.make(type, [:]).count == features + 1)
        #expect(FeatureVector.make(type, [:]).first == 1)
    }

    @Test func whatIsMissingCountsAsItsDefault() {
        #expect(FeatureVector.make(.model, [:]) == [1, 0, 0, 0, 0, 0, 0.5, 0.1, 1, 1, 0.8])
        #expect(FeatureVector.make(.tool, [:]) == [1, 0.5, 0.1, 0.5, 0.8, 0.5, 1, 0.5, 0, 0, 0, 0.5, 0.8, 0, 0.5, 3.0 / 7])
        #expect(FeatureVector.make(.agent, [:]) == [1, 0.5, 0.5, 0.1, 0.9, 0.7, 0.5, 1, 0, 0, 0.2, 0.5, 0.8])
        #expect(FeatureVector.make(.prompt, [:]) == [1, 0.5, 0.1, 0.2, 0.9, 1, 0.4, 0, 0])
        #expect(FeatureVector.make(.threshold, [:]) == [1, 0.5, 0, 0.5])
        #expect(FeatureVector.make(.memory, [:]) == [1, 0.5, 0.1, 0.25, 0.4])
    }

    @Test func aModelsSituationIsRead() {
        let situation: JSONObject = [
            "task_type": "summarization", "complexity": "simple", "token_estimate": 2_000, "latency_requirement_ms": 1_000,
            "cost_budget_usd": 0.05, "quality_requirement": 0.9, "colour": "green",
        ]
        #expect(FeatureVector.make(.model, situation) == [1, 0, 0, 1, 0, 0, 0.25, 0.2, 0.2, 0.05, 0.9])
    }

    @Test func aToolsSituationIsRead() {
        let situation: JSONObject = [
            "complexity": 0.1, "data_size": 5_000, "urgency": 1, "has_video": true, "has_audio": false, "has_text": 1, "tags": ["a", "b"],
            "time_of_day": 18, "day_of_week": 7,
        ]
        #expect(
            FeatureVector.make(.tool, situation) == [1, 0.1, 0.5, 1, 0.8, 0.5, 1, 0.5, 1, 0, 1, 0.5, 0.8, 0.2, 0.75, 1]
        )
    }

    @Test func aPromptsTargetIsRead() {
        #expect(FeatureVector.make(.prompt, ["target": "quality"]).suffix(2) == [1, 0])
        #expect(FeatureVector.make(.prompt, ["target": "speed"]).suffix(2) == [0, 1])
        #expect(FeatureVector.make(.prompt, ["target": "cost"]).suffix(2) == [0, 0])
    }

    @Test(arguments: [("simple", 0.25), ("moderate", 0.5), ("complex", 0.75), ("critical", 1), ("odd", 0.5)])
    func complexityHasWords(word: String, value: Double) {
        #expect(FeatureVector.make(.agent, ["complexity": .string(word)])[1] == value)
    }

    @Test(arguments: [(0, 0), (69.9, 0), (70, 0.3), (85, 0.6), (95, 0.9), (1_000, 0.9), (-5, 0)])
    func aBudgetPressesInSteps(used: Double, pressure: Double) {
        #expect(FeatureVector.make(.threshold, ["budget_used": .number(used), "budget_limit": 100])[2] == pressure)
    }

    @Test func withoutALimitNoBudgetPresses() {
        #expect(FeatureVector.make(.threshold, ["budget_used": 5, "budget_limit": 0])[2] == 0)
        #expect(FeatureVector.make(.threshold, ["budget_used": 5])[2] == 0)
    }

    @Test(arguments: ComponentType.allCases)
    func hostileValuesDoNoHarm(type: ComponentType) {
        let hostile: [JSONValue] = [
            .null, true, "text", .number(.nan), .number(.infinity), .number(-.infinity), .number(1e308), .number(-1e308), .integer(.min),
            .integer(.max), .array(Array(repeating: 1, count: 1_000)), .object(["a": 1]), .string(""),
        ]
        let members = FeatureVector.names(type).map { String($0.prefix { $0 != "=" }) } + ["budget_used", "budget_limit"]
        for value in hostile {
            let vector = FeatureVector.make(type, JSONObject(members.map { ($0, value) }))
            #expect(vector.count == FeatureVector.count(type))
            #expect(vector.allSatisfy { (0...1).contains($0) }, "\(value): \(vector)")
        }
    }
}
