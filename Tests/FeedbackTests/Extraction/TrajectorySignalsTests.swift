import Feedback
import JSON
import Orchestration
import Testing

@Suite("Signals of a trajectory")
struct TrajectorySignalsTests {
    private func extract(_ trajectory: JSONValue, _ evaluation: JSONValue? = nil, version: Int = 1) throws -> TrajectorySignals {
        try TrajectorySignals(
            Trajectory(trajectory),
            evaluation: evaluation.map { try TrajectoryEvaluation($0) },
            tenantID: "acme",
            fallbackID: "req-1",
            version: version
        )
    }

    private func find(_ result: TrajectorySignals, _ type: ComponentType) -> [FeedbackSignal] {
        result.signals.filter { $0.componentType == type }
    }

    private func expect(_ value: Double?, _ expected: Double, _ location: SourceLocation = #_sourceLocation) {
        #expect(abs((value ?? .nan) - expected) < 1e-12, "\(String(describing: value)) is not \(expected)", sourceLocation: location)
    }

    @Test("calls of models: a failure is 0, latency costs up to .3, money up to .2 (spec §5.2)")
    func modelCalls() throws {
        let result = try self.extract([
            "llm_calls": [
                ["model": "m1", "success": true, "latency_ms": 1_000, "cost_usd": 0.001],
                ["model": "m1", "success": false, "latency_ms": 1],
                ["model": "m2", "latency_ms": 99_999, "cost_usd": 9], ["success": true],
            ]
        ])
        #expect(result.signals.map(\.componentID) == ["m1", "m1", "m2", "unknown"])
        self.expect(result.signals[0].reward, 1 - 0.1 - 0.1)
        self.expect(result.signals[1].reward, 0)
        self.expect(result.signals[2].reward, 0.5)
        self.expect(result.signals[3].reward, 1)
        #expect(result.signals.allSatisfy { $0.confidence == 0.8 && $0.source == .trajectory && $0.componentType == .model })
        #expect(result.signals[0].context == ["success": true, "latency_ms": .number(1_000), "cost_usd": .number(0.001)])
        #expect(result.signals[0].metadata == ["trajectory_id": "req-1"])
    }

    @Test("calls of tools: a failure is 0, else the relevance, .5 by default (spec §5.2)")
    func toolCalls() throws {
        let result = try self.extract([
            "tool_calls": [
                ["tool": "t", "relevance_score": 0.9], ["tool": "t", "success": false, "relevance_score": 1], ["tool": "u"], [:],
            ]
        ])
        #expect(result.signals.map(\.reward) == [0.9, 0, 0.5, 0.5])
        #expect(result.signals.map(\.componentID) == ["t", "t", "u", "unknown"])
        #expect(result.signals.allSatisfy { $0.confidence == 0.7 && $0.componentType == .tool })
    }

    @Test("success alone judges the agent with confidence .9 (spec §5.2)")
    func success() throws {
        let named = try self.extract(["agent_id": "a", "success": false])
        #expect(named.signals.map(\.componentID) == ["a"])
        #expect(named.signals.map(\.reward) == [0])
        #expect(named.signals.map(\.confidence) == [0.9])
        #expect(try self.extract(["success": true]).signals.map(\.componentID) == ["unknown"])
        // Nobody judged: nothing is said, rather than 0.
        #expect(try self.extract(["agent_id": "a", "model": "m"]).signals.isEmpty)
    }

    @Test("an evaluation judges model and agent (spec §5.3)")
    func evaluation() throws {
        let result = try self.extract(
            [
                "session_id": "s", "id": "x", "agent": "a", "model": "m", "steps": [[:], [:]], "duration": 12, "latency_ms": 5,
                "cost_usd": 0.1,
            ],
            ["overall_score": 0.7, "confidence": 0.6, "accuracy_score": 0.9, "efficiency": 0.5]
        )
        #expect(result.trajectoryID == "s")
        let model = try #require(self.find(result, .model).first)
        #expect(model.componentID == "m")
        #expect(model.reward == 0.7)
        #expect(model.confidence == 0.6)
        #expect(
            model.context == ["trajectory_id": "s", "accuracy": .number(0.9), "efficiency": .number(0.5), "error_handling": .number(0.9)]
        )
        #expect(model.metadata == ["trajectory_length": 2, "latency_ms": .number(5), "cost_usd": .number(0.1), "trajectory_id": "s"])
        let agent = try #require(self.find(result, .agent).first)
        #expect(agent.reward == 0.7)
        #expect(agent.context == ["trajectory_id": "s", "duration_s": .number(12), "success": true])
        // Without an accuracy, all three are the overall quality.
        let plain = try self.extract(["model_id": "m", "quality_score": 1.5])
        #expect(plain.signals[0].reward == 1)
        #expect(plain.signals[0].context["error_handling"]?.doubleValue == 1)
    }

    @Test("the overall quality: evaluation's score, trajectory's, evaluation's quality, then accuracy and the like")
    func overall() throws {
        func reward(_ trajectory: JSONValue, _ evaluation: JSONValue?) throws -> Double? {
            try self.extract(trajectory, evaluation).signals.first?.reward
        }
        #expect(try reward(["model": "m", "quality_score": 0.2], ["overall_score": 0.1, "quality_score": 0.3]) == 0.1)
        #expect(try reward(["model": "m", "quality_score": 0.2], ["quality_score": 0.3]) == 0.2)
        #expect(try reward(["model": "m"], ["quality_score": 0.3, "accuracy": 1]) == 0.3)
        self.expect(try reward(["model": "m"], ["accuracy": 0.8, "efficiency_score": 0.4]), 0.4 + 0.12 + 0.16)
        #expect(try reward(["model": "m"], nil) == nil)
    }

    @Test("the model: a step's, the trajectory's, the evaluation's; the agent: the trajectory's, the evaluation's")
    func names() throws {
        let evaluation: JSONValue = ["overall_score": 1, "model_id": "e", "agent_id": "ea"]
        func ids(_ trajectory: JSONValue) throws -> [String] { try self.extract(trajectory, evaluation).signals.map(\.componentID) }
        #expect(
            try ids(["steps": [["tool_args": [:]], ["tool_args": ["model_id": "s"]]], "model_id": "t", "agent": "ta"]) == ["s", "ea"]
        )
        #expect(try ids(["model_id": "", "model": "t2", "agent_id": "ai"]) == ["t2", "ai"])
        #expect(try ids([:]) == ["e", "ea"])
    }

    @Test("steps judge each tool once, by its share of successes (spec §5.3)")
    func steps() throws {
        let result = try self.extract([
            "steps": [
                ["tool_name": "t", "success": true], ["tool_name": "u", "result": ["success": false]],
                ["tool_name": "t", "success": false],
                ["tool_name": "t", "result": ["success": true]], ["thought": "none"], ["tool_name": ""],
            ]
        ])
        #expect(result.signals.map(\.componentID) == ["t", "u", "unknown"])
        self.expect(result.signals[0].reward, 2.0 / 3)
        #expect(result.signals[0].context == ["usage_count": 3])
        #expect(result.signals[1].reward == 0)
        #expect(result.signals.allSatisfy { $0.confidence == 0.8 })
    }

    @Test("prompt variants: quality less up to .2 for latency (spec §5.3)")
    func prompts() throws {
        let result = try self.extract([
            "quality_score": 0.5,
            "prompt_variants": [
                ["variant_id": "v1", "quality_score": 0.9, "latency_ms": 1_000, "prompt_type": "analysis"], ["template": "no id"],
                ["id": "v2", "latency_ms": 60_000], ["id": "v3"],
            ],
        ])
        #expect(result.signals.map(\.componentID) == ["v1", "v2", "v3"])
        self.expect(result.signals[0].reward, 0.8)
        self.expect(result.signals[1].reward, 0.3)
        self.expect(result.signals[2].reward, 0.5)
        #expect(
            result.signals[0].context == ["quality_contribution": .number(0.9), "latency_ms": .number(1_000), "prompt_type": "analysis"]
        )
        #expect(result.signals[1].metadata == ["variant_index": 2, "trajectory_id": "req-1"])
    }

    @Test("what both parts describe is learned from once")
    func merged() throws {
        let result = try self.extract(
            [
                "model": "m", "llm_calls": [["model": "m", "latency_ms": 0], ["model": "other"]], "tool_calls": [["tool": "t"]],
                "steps": [["tool_name": "t", "success": false], ["tool_name": "u", "success": true]], "agent_id": "a", "success": false,
            ],
            ["overall_score": 0.5]
        )
        #expect(self.find(result, .model).map(\.componentID) == ["m", "other"])
        self.expect(self.find(result, .model)[0].reward, 0.6 + 0.4 * 0.5)
        self.expect(self.find(result, .model)[1].reward, 1)
        #expect(self.find(result, .tool).map(\.componentID) == ["t", "u"])
        #expect(self.find(result, .tool).map(\.reward) == [0.5, 1])
        #expect(self.find(result, .agent).map(\.reward) == [0.5])
        #expect(self.find(result, .agent)[0].context["success"] == false)
    }

    @Test("ids are those of the tenant's trajectory: repeated by a repetition, told apart from others'")
    func ids() throws {
        let trajectory: JSONValue = ["trajectory_id": "t-9", "llm_calls": [["model": "a"], ["model": "b"]]]
        let once = try self.extract(trajectory)
        #expect(once.signals.map(\.signalID) == ["trajectory.acme.t-9.model/a.0", "trajectory.acme.t-9.model/b.0"])
        #expect(try self.extract(trajectory) == once)
        #expect(try self.extract(trajectory, version: 2).signals.map(\.version) == [2, 2])
        #expect(try self.extract(["id": ""], ["trajectory_id": "e"]).trajectoryID == "e")
    }

    @Test("a correction that says more repeats the ids of what was said before")
    func correctedIDs() throws {
        func ids(_ result: TrajectorySignals) -> Set<String> { Set(result.signals.map { "\($0.signalID ?? "") \($0.componentID)" }) }
        let steps: JSONValue = [["tool_name": "fetch", "success": true]]
        var trajectory: JSONObject = ["trajectory_id": "t-9", "agent_id": "a", "success": true, "steps": steps]
        let before = ids(try self.extract(.object(trajectory)))
        trajectory["model_id"] = "m"
        let after = ids(try self.extract(.object(trajectory), ["overall_score": 0.5], version: 2))
        #expect(before.count == 2 && after.count == 3 && after.isSuperset(of: before), "\(before) \(after)")
    }

    @Test("is refused with a path where a member is of the wrong kind")
    func wrongKinds() {
        #expect {
            try self.extract(["llm_calls": [["model": "m"], ["latency_ms": "fast"]]])
        } throws: { ($0 as? JSONDecodingError)?.path == "trajectory.llm_calls[1].latency_ms" }
        #expect(throws: JSONDecodingError.self) { try self.extract(["steps": 7]) }
        #expect(throws: JSONDecodingError.self) { try self.extract([1]) }
        #expect(throws: JSONDecodingError.self) { try self.extract([:], ["overall_score": [:]]) }
    }

    @Test("is bounded: signals, lengths of ids, of the trajectory's too")
    func bounded() throws {
        let long = JSONValue.string(String(repeating: "m", count: 257))
        let calls: [JSONValue] = [["model": long]] + Array(repeating: ["model": "m"], count: 1_500)
        let result = try self.extract(["llm_calls": .array(calls), "agent_id": long, "quality_score": 1])
        #expect(result.signals.count == TrajectorySignals.limit)
        #expect(result.leftOut == 502)
        #expect(Set(result.signals.map(\.signalID)).count == TrajectorySignals.limit)
        #expect { try self.extract(["id": long]) } throws: { "\($0)" == "The trajectory's id has 257 bytes, 256 are allowed" }
    }

    @Test("every signal is valid, whatever the numbers")
    func valid() throws {
        let extremes: [JSONValue] = [.number(-1e308), .number(1e308), .integer(.min), .integer(.max), .number(0)]
        for value in extremes {
            let result = try self.extract(
                [
                    "llm_calls": [["latency_ms": value, "cost_usd": value]], "tool_calls": [["relevance_score": value]], "success": true,
                    "prompt_variants": [["id": "p", "latency_ms": value, "quality_score": value]], "quality_score": value, "model": "m",
                    "agent": "a", "duration": value, "latency_ms": value, "cost_usd": value,
                ],
                ["overall_score": value, "confidence": value, "accuracy": value, "efficiency": value]
            )
            #expect(result.signals.count == 5)
            for signal in result.signals { try signal.validate() }
        }
    }
}
