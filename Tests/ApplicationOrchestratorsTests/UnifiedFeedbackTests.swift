import ApplicationOrchestrators
import Feedback
import JSON
import Orchestration
import Testing
import Wire

@Suite("unified_feedback")
struct UnifiedFeedbackTests {
    private let bench: Bench

    init() throws { self.bench = try Bench { UnifiedFeedbackOrchestrator(policies: $0, clock: $1) } }

    private func failure(_ arguments: Arguments, _ location: SourceLocation = #_sourceLocation) async -> String? {
        let outcome = await self.bench.run(arguments)
        #expect(!outcome.result.success, sourceLocation: location)
        #expect(outcome.result.errorCategory == .validation, sourceLocation: location)
        #expect(!outcome.result.retryable, sourceLocation: location)
        #expect(outcome.signals.isEmpty, sourceLocation: location)
        return outcome.result.error
    }

    private static let signal: JSONObject = [
        "source": "user_explicit", "component_type": "model", "component_id": "gpt-4", "reward": 0.9, "confidence": 0.5,
        "context": ["task_type": "analysis"], "metadata": ["k": 1], "timestamp": 12.5, "version": 2,
    ]

    @Test("is an application orchestrator that coordinates")
    func identity() {
        let orchestrator = UnifiedFeedbackOrchestrator(policies: PolicyTable())
        #expect(orchestrator.name == "unified_feedback")
        #expect(orchestrator.layer == .application)
        #expect(orchestrator.type == .coordination)
    }

    @Test("submits a signal, without being told what to do")
    func submit() async throws {
        let outcome = await self.bench.run(["signal": .object(Self.signal)])
        #expect(outcome.result.status == "success")
        #expect(outcome.data["signal_id"] == "req-1.feedback")
        #expect(outcome.data["queued"] == true)
        #expect(outcome.data["queue_size"] == 1)
        let signal = try #require(outcome.signals.first)
        #expect(outcome.signals.count == 1)
        #expect(signal.signalID == "req-1.feedback")
        #expect(signal.source == .userExplicit)
        #expect(ComponentID(signal.componentType, signal.componentID) == ComponentID(.model, "gpt-4"))
        #expect(signal.reward == 0.9)
        #expect(signal.confidence == 0.5)
        #expect(signal.context == ["task_type": "analysis"])
        #expect(signal.metadata == ["k": 1])
        #expect(signal.timestamp == 12.5)
        #expect(signal.version == 2)
        // A repeated request repeats the id; the caller's own id stands.
        #expect(await self.bench.run(["signal": .object(Self.signal)]).signals.map(\.signalID) == ["req-1.feedback"])
        let own = Self.signal.merging(["signal_id": "mine", "source": "tool"])
        let named = await self.bench.run(["signal": .object(own)]).signals
        #expect(named.map(\.signalID) == ["mine"])
        #expect(named.map(\.source) == [.toolExecution])
        // Asked by another orchestrator there may be more of the request: the worker numbers them.
        #expect(await self.bench.run(["signal": .object(Self.signal)], depth: 1).signals.map(\.signalID) == [nil])
    }

    @Test("refuses with the messages of the specification")
    func messages() async {
        #expect(await self.failure(["operation": "dance"]) == "Unknown operation: dance")
        #expect(await self.failure(["operation": 7]) == "Invalid parameter: operation: expected a string, found integer")
        #expect(await self.failure([:]) == "Missing required parameter: signal")
        #expect(await self.failure(["signal": nil]) == "Missing required parameter: signal")
        #expect(await self.failure(["signal": "good"]) == "Invalid signal type: string")
        #expect(await self.failure(["operation": "submit_trajectory_feedback"]) == "Missing required parameter: trajectory")
        func signal(_ change: JSONObject) -> Arguments { ["signal": .object(Self.signal.merging(change))] }
        #expect(await self.failure(signal(["reward": 1.5])) == "Reward must be in [0.0, 1.0], got 1.5")
        #expect(await self.failure(signal(["confidence": -1])) == "Confidence must be in [0.0, 1.0], got -1.0")
        #expect(await self.failure(signal(["component_type": "car"])) == "Unknown component type: car")
        #expect(await self.failure(signal(["source": "rumour"])) == "Unknown feedback source: rumour")
        #expect(await self.failure(signal(["component_id": ""])) == "Component id must have 1 to 256 bytes, got 0")
        #expect(await self.failure(signal(["version": 0])) == "Version must be 1 to 1000000000, got 0")
        #expect(await self.failure(signal(["reward": "much"])) == "Invalid parameter: signal.reward: expected a number, found string")
        for name in ["source", "component_type", "component_id", "reward"] {
            #expect(await self.failure(signal([name: nil])) == "Missing required parameter: signal.\(name)")
        }
    }

    @Test("skips what is said of a disabled component, but not of one that is tried again")
    func disabled() async {
        self.bench.know(ComponentID(.model, "gpt-4"), availability: .disabled)
        self.bench.know(ComponentID(.tool, "gpt-4"), availability: .probing)
        let skipped = await self.bench.run(["signal": .object(Self.signal)])
        #expect(skipped.result.isSkipped)
        #expect(skipped.result.data["reason"] == "component_disabled")
        #expect(skipped.result.data["component_id"] == "gpt-4")
        #expect(skipped.signals.isEmpty)
        // A component of the same id and another type is another.
        let probing = await self.bench.run(["operation": "submit_tool_feedback", "tool_id": "gpt-4", "success": true])
        #expect(probing.signals.count == 1)
    }

    @Test("submits what is told of a tool")
    func tool() async throws {
        let outcome = await self.bench.run([
            "operation": "submit_tool_feedback", "tool_name": "search", "success": true, "latency_ms": 7_000, "quality_score": 0.5,
            "confidence": 0.6, "context": ["task_type": "x", "success": false], "metadata": ["k": 1], "decision_id": "d-1",
        ])
        let signal = try #require(outcome.signals.first)
        #expect(signal.source == .toolExecution)
        #expect(ComponentID(signal.componentType, signal.componentID) == ComponentID(.tool, "search"))
        #expect(abs(signal.reward - 0.76) < 1e-12)
        #expect(signal.confidence == 0.6)
        #expect(signal.context == ["task_type": "x", "success": true, "latency_ms": .number(7_000)])
        #expect(signal.metadata == ["k": 1, "quality_score": .number(0.5), "decision_id": "d-1"])
        #expect(outcome.data["component"] == "tool/search")
        // The migrated shape: a reward and nothing else.
        let plain = await self.bench.run(["operation": "submit_tool_feedback", "tool_name": "search", "reward": 0.2])
        #expect(plain.signals.map(\.reward) == [0.2])
        #expect(plain.signals.map(\.confidence) == [0.8])
        #expect(plain.signals[0].context["success"] == false)
        #expect(await self.failure(["operation": "submit_tool_feedback", "success": true]) == "Missing required parameter: tool_id")
        #expect(await self.failure(["operation": "submit_tool_feedback", "tool_id": "t"]) == "Missing required parameter: success")
        #expect(
            await self.failure(["operation": "submit_tool_feedback", "tool_id": "t", "reward": 2])
                == "Reward must be in [0.0, 1.0], got 2.0"
        )
        #expect(
            await self.failure(["operation": "submit_tool_feedback", "tool_id": "t", "success": true, "latency_ms": -1])
                == "Invalid parameter: latency_ms: expected 0 or more, found -1.0"
        )
    }

    @Test("submits what is told of an agent; what it is expected to take is known from its policy")
    func agent() async throws {
        func reward(_ arguments: JSONObject) async -> Double? {
            let fixed: JSONObject = [
                "operation": "submit_agent_feedback", "agent_id": "a", "success": true, "duration_s": 150, "quality_score": 0.4,
            ]
            return await self.bench.run(Arguments(fixed.merging(arguments))).signals.first?.reward
        }
        #expect(abs((await reward([:]) ?? 0) - 0.5) < 1e-12)
        #expect(abs((await reward(["expected_duration_s": 75]) ?? 0) - 0.7) < 1e-12)
        self.bench.know(ComponentID(.agent, "a"), details: ["average_task_duration_s": 80])
        #expect(abs((await reward([:]) ?? 0) - 0.7) < 1e-12)
        let outcome = await self.bench.run(["operation": "submit_agent_feedback", "agent_id": "a", "success": false])
        #expect(outcome.signals.map(\.source) == [.agentTask])
        #expect(outcome.signals.map(\.reward) == [0])
    }

    @Test("submits what is told of a retrieval: about the store, or the query if there is none")
    func retrieval() async throws {
        let outcome = await self.bench.run([
            "operation": "submit_rag_feedback", "query_id": "q", "store": "docs", "relevance_score": 0.7, "retrieval_latency_ms": 12,
            "num_results": 2, "chunks": [["id": "c1", "relevance": 0.9], ["id": "c2"]],
        ])
        let signal = try #require(outcome.signals.first)
        #expect(signal.source == .ragRetrieval)
        #expect(ComponentID(signal.componentType, signal.componentID) == ComponentID(.memory, "docs"))
        #expect(signal.metadata == ["query_id": "q"])
        #expect(signal.context["num_results"] == 2)
        var details = ComponentDetails.make(for: .memory)
        details.learn(from: signal, now: 0)
        #expect(details.details(now: 0)["total_chunks"] == 2)
        let plain = await self.bench.run(["operation": "submit_rag_feedback", "retrieval_id": "q", "reward": 0.7])
        #expect(plain.signals.map(\.componentID) == ["q"])
        #expect(await self.failure(["operation": "submit_rag_feedback", "reward": 1]) == "Missing required parameter: query_id")
        #expect(await self.failure(["operation": "submit_rag_feedback", "query_id": "q"]) == "Missing required parameter: relevance_score")
    }

    @Test("submits the signals of a trajectory, less those of disabled components")
    func trajectory() async {
        self.bench.know(ComponentID(.tool, "broken"), availability: .disabled)
        let arguments: Arguments = [
            "operation": "submit_trajectory_feedback", "version": 3,
            "trajectory": [
                "llm_calls": [["model": "m"]], "tool_calls": [["tool": "broken"], ["tool": "ok"], ["tool": "broken"]], "agent_id": "a",
            ],
            "evaluation": ["overall_score": 0.5, "trajectory_id": "t"],
        ]
        let outcome = await self.bench.run(arguments)
        #expect(outcome.data["trajectory_id"] == "t")
        #expect(outcome.data["signals_submitted"] == 3)
        #expect(outcome.data["signals_skipped"] == 2)
        #expect(outcome.data["disabled_components"] == ["tool/broken"])
        #expect(outcome.signals.map(\.componentID) == ["m", "ok", "a"])
        #expect(
            outcome.signals.map(\.signalID) == [
                "trajectory.acme.t.model/m.0", "trajectory.acme.t.tool/ok.0", "trajectory.acme.t.agent/a.0",
            ]
        )
        #expect(outcome.signals.allSatisfy { $0.version == 3 })
        #expect(await self.bench.run(arguments, requestID: "other").signals == outcome.signals)
        let wrong = await self.failure(["operation": "submit_trajectory_feedback", "trajectory": ["steps": [["tool_name": 7]]]])
        #expect(wrong == "Trajectory feedback failed: Expected string at trajectory.steps[0].tool_name, found integer.")
    }

    @Test("credits an outcome to the decisions of a reply")
    func credit() async throws {
        let decisions = (0..<3).map { depth in
            Decision(
                id: "d\(depth)",
                chosen: ComponentID(.model, "m\(depth)"),
                candidates: ["m\(depth)", "n"],
                propensity: 0.5,
                policyVersion: 4,
                situation: ["complexity": "simple"],
                scopeID: "r",
                requestID: "r\(depth)",
                rootID: "root",
                depth: depth,
                decidedAt: Double(depth)
            )
        }
        let list = JSONValue.array(decisions.map { .object(DecisionCodec.json($0)) })
        let all = await self.bench.run(["operation": "credit", "reward": 0.8, "decisions": list])
        #expect(all.signals.map(\.componentID) == ["m0", "m1", "m2"])
        #expect(all.signals.map(\.signalID) == ["credit.acme.root.d0", "credit.acme.root.d1", "credit.acme.root.d2"])
        #expect(all.signals.allSatisfy { $0.reward == 0.8 && $0.confidence == 0.8 && $0.source == .userExplicit })
        #expect(all.signals[1].metadata["decision_id"] == "d1")
        #expect(all.data["outcome_id"] == "root")
        self.bench.know(ComponentID(.model, "m2"), availability: .disabled)
        let discounted = await self.bench.run([
            "operation": "credit", "reward": 0.8, "decisions": list, "rule": "discounted", "gamma": 0.5, "confidence": 1, "outcome_id": "o",
            "source": "governance",
        ])
        #expect(discounted.signals.map(\.confidence) == [1, 0.5])
        #expect(discounted.signals.map(\.source) == [.governance, .governance])
        #expect(discounted.data["signals_submitted"] == 2)
        #expect(discounted.data["signals_skipped"] == 1)
        let last = await self.bench.run(["operation": "credit", "reward": 0.8, "decisions": list, "rule": "last"])
        #expect(last.data["signals_skipped"] == 1)
        #expect(last.signals.isEmpty)
        #expect(await self.failure(["operation": "credit", "decisions": list]) == "Missing required parameter: reward")
        #expect(await self.failure(["operation": "credit", "reward": 1]) == "Missing required parameter: decisions")
        #expect(await self.failure(["operation": "credit", "reward": 3, "decisions": list]) == "Reward must be in [0.0, 1.0], got 3.0")
        #expect(
            await self.failure(["operation": "credit", "reward": 1, "decisions": []])
                == "Invalid parameter: decisions: expected 1 to 1000 elements, found 0"
        )
        #expect(
            await self.failure(["operation": "credit", "reward": 1, "decisions": [["decision_id": "x"]]])?
                .hasPrefix("Invalid parameter: decisions[0]: ") == true
        )
        #expect(
            await self.failure(["operation": "credit", "reward": 1, "decisions": list, "rule": "mine"])
                == "Unknown credit rule: mine: use all, last or discounted with a gamma above 0 and at most 1"
        )
    }

    @Test("tells metrics from the policies")
    func metrics() async throws {
        let empty = await self.bench.run(["operation": "get_metrics"]).data
        #expect(empty["signals_processed"] == 0)
        #expect(empty["signals_by_source"]?.objectValue?.count == 7)
        #expect(empty["signals_by_component"]?.objectValue?.count == 6)
        #expect(empty["last_consolidation"] == .null)
        #expect(empty["queue_sizes"]?.objectValue?.count == 6 && empty["queue_sizes"]?["model"] == 0)
        #expect(empty["health_checks_performed"] == 0 && empty["experiments_deployed"] == 0)
        self.bench.know(
            ComponentID(.model, "a"),
            signals: 10,
            mean: 0.5,
            bySource: [.trajectory: 7, .userExplicit: 3],
            health: ComponentHealth(sampleSize: 10, runningReward: 0.7),
            lastSignalAt: 50,
            updatedAt: 60
        )
        self.bench.know(ComponentID(.tool, "a"), signals: 30, mean: 0.9, bySource: [.trajectory: 30], lastSignalAt: 70, worker: "f2")
        self.bench.know(ComponentID(.agent, "x"), signals: 0, mean: 0, availability: .disabled)
        self.bench.know(ComponentID(.agent, "w"), signals: 0, mean: 0, availability: .probing)
        self.bench.know(
            ComponentID(.memory, "docs"),
            signals: 0,
            mean: 0,
            details: ["consolidations": 2, "last_consolidation": ["at": 99.5]]
        )
        for standing in [
            PartitionStanding(partition: 0, unread: [.signals(.tool): 3, .decisions: 9], healthChecks: 7, updatedAt: 1, worker: "f1"),
            PartitionStanding(partition: 1, unread: [.signals(.tool): 2], healthChecks: 8, updatedAt: 1, worker: "f1"),
        ] { try self.bench.know(standing) }
        let told = await self.bench.run(["operation": "get_metrics"], now: 1_004_500).data
        #expect(told["queue_sizes"]?["tool"] == 5 && told["queue_sizes"]?["model"] == 0 && told["health_checks_performed"] == 8)
        #expect(told["signals_processed"] == 40)
        #expect(told["signals_by_source"]?["trajectory"] == 37)
        #expect(told["signals_by_source"]?["governance"] == 0)
        #expect(told["signals_by_component"]?["tool"] == 30)
        #expect(told["average_reward_by_component"]?["model/a"]?.doubleValue == 0.7)
        #expect(told["average_reward_by_component"]?["tool/a"]?.doubleValue == 0.9)
        #expect(told["disabled_components"] == ["agent/x"])
        #expect(told["probing_components"] == ["agent/w"])
        #expect(told["consolidations_triggered"] == 2)
        #expect(told["last_consolidation"]?.doubleValue == 99.5)
        #expect(told["total_components"] == 5)
        #expect(told["mean_reward"]?.doubleValue == 0.8)
        #expect(told["feedback_orchestrators"] == ["f1", "f2"])
        #expect(told["uptime_seconds"]?.doubleValue == 4.5)
        let limited = await self.bench.run(["operation": "get_metrics", "limit": 1]).data
        #expect(limited["average_reward_by_component"]?.objectValue?.keys == ["tool/a"])
        #expect(limited["total_components"] == 5)
        #expect(await self.failure(["operation": "get_metrics", "limit": -1]) == "Invalid parameter: limit: expected 0 to 5000, found -1")
    }

    @Test("tells the health of components, the worst first")
    func health() async {
        #expect(await self.bench.run(["operation": "get_health"]).data["overall_health"] == .number(1))
        self.bench.know(ComponentID(.model, "good"), health: ComponentHealth(averageReward: 0.9, sampleSize: 20, score: 0.8), updatedAt: 5)
        self.bench.know(
            ComponentID(.model, "bad"),
            availability: .disabled,
            health: ComponentHealth(averageReward: 0.3, rewardDeviation: 0.2, errorRate: 0.6, sampleSize: 20, score: 0.1),
            updatedAt: 7
        )
        self.bench.know(ComponentID(.tool, "bad"), health: ComponentHealth(averageReward: 0.6, sampleSize: 20, score: 0.6))
        let told = await self.bench.run(["operation": "get_health"]).data
        #expect(told["components"] == ["model": ["bad": .number(0.1), "good": .number(0.8)], "tool": ["bad": .number(0.6)]])
        #expect(told["disabled_components"] == ["model/bad"])
        #expect(told["unhealthy_components"] == ["model/bad"])
        #expect(told["total_components"] == 3)
        #expect(abs((told["overall_health"]?.doubleValue ?? 0) - 0.5) < 1e-12)
        #expect(abs((told["types"]?["model"]?["health_score"]?.doubleValue ?? 0) - 0.45) < 1e-12)
        #expect(told["types"]?["model"]?["last_checked"]?.doubleValue == 7)
        #expect(
            told["component_health_details"]?["model/bad"] == [
                "health_score": .number(0.1), "avg_reward": .number(0.3), "sample_size": 20, "error_rate": .number(0.6),
                "reward_std": .number(0.2), "availability": "disabled", "reason": "health", "policy_version": 3,
            ]
        )
        let limited = await self.bench.run(["operation": "get_health", "limit": 1]).data
        #expect(limited["component_health_details"]?.objectValue?.keys == ["model/bad"])
        #expect(limited["total_components"] == 3)
    }

    @Test("cannot start or stop loops, which belong to other processes, and says so")
    func loops() async throws {
        func reasons(_ now: Int64) async -> [JSONValue?] {
            [
                await self.bench.run(["operation": "start"], now: now).result.data["reason"],
                await self.bench.run(["operation": "stop"], now: now).result.data["reason"],
            ]
        }
        #expect(await reasons(1_000_000_000) == ["no_feedback_orchestrator", "not_running"])
        self.bench.know(ComponentID(.model, "a"), signals: 10, updatedAt: 1_000_000, worker: "feedback-7")
        let started = await self.bench.run(["operation": "start"], now: 1_000_000_000)
        #expect(started.result.isSkipped)
        #expect(started.data["feedback_orchestrators"] == ["feedback-7"] && started.data["signals_processed"] == 10)
        #expect(await reasons(1_000_899_000) == ["already_running", "runs_elsewhere"])
        // Long silent, then another one says how a partition stands.
        #expect(await reasons(1_000_900_000) == ["no_feedback_orchestrator", "not_running"])
        try self.bench.know(PartitionStanding(partition: 0, updatedAt: 1_000_890, worker: "feedback-8"))
        #expect(await reasons(1_000_900_000) == ["already_running", "runs_elsewhere"])
    }
}
