import DrillOrchestrators
import JSON
import KafkaClient
import KafkaProcess
import Orchestration
import Testing
import Wire
import WorkerRuntime

extension RealKafkaSuite {
    @Suite struct SignalTests {
        @Test func progressAndSignalsAreTold() async throws {
            let topics = try await TestTopics.ofLayer(.domain, partitions: 1)
            let names = topics.names
            try await topics.withWorker(.domain, [ProbeOrchestrator(layer: .domain), EchoOrchestrator(layer: .domain)]) { _ in
                var probe = Request(
                    id: "p",
                    orchestrator: "probe",
                    tenantID: "acme",
                    requestID: "job",
                    kwargs: ["progress": 5, "signals": 12]
                )
                probe.event.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
                let failing = Request(id: "f", orchestrator: "probe", tenantID: "acme", kwargs: ["fail": "network"])
                // A redelivery repeats every id.
                try await Submitter.send([probe, failing, probe].map { TestRecord($0, key: "k") }, to: names.requests(.domain), of: topics)

                let progress = try await Collector([names.progress(.domain)], of: topics).wait(for: 10)
                for (number, record) in progress.enumerated() {
                    let notice = try ProgressNotice(decoding: record.value ?? [])
                    #expect(notice.requestID == "job" && notice.orchestrator == "probe" && notice.worker == "in-process")
                    #expect(notice.progress.step == number % 5 + 1 && notice.progress.total == 5 && notice.progress.stage == "probe")
                    #expect(
                        record.headers["ce_id"] == "p.progress.\(number % 5)" && record.headers["ce_type"] == "orchestration.progress.v1"
                    )
                    #expect(record.headers["ce_causationid"] == "p" && record.keyText == "k")
                }

                let tools = try await Collector([names.signals(.tool)], of: topics).wait(for: 24)
                for (number, record) in tools.enumerated() {
                    let signal = try record.withView { try SignalCodec.decode($0) }
                    #expect(signal.signalID == "job.signal.\(number % 12)" && record.headers["ce_id"] == signal.signalID)
                    #expect(signal.source == .toolExecution && signal.componentType == .tool && signal.reward == 0.5)
                    #expect(signal.componentID == "probe-\(number % 12 % 10)" && record.keyText == signal.componentID)
                    #expect(signal.metadata["request_id"] == "job")
                    #expect(record.headers["ce_causationid"] == "p" && record.headers["traceparent"] == probe.event.traceparent)
                }

                // One about each execution, after those that the orchestrator emitted.
                let agents = try await Collector([names.signals(.agent)], of: topics).wait(for: 3)
                let signals = try agents.map { record in try record.withView { try SignalCodec.decode($0) } }
                #expect(signals.map(\.signalID) == ["job.signal.12", "f.signal.0", "job.signal.12"])
                #expect(signals.map { $0.reward > 0 } == [true, false, true])
                for signal in signals {
                    #expect(signal.source == .agentTask && signal.componentID == "probe")
                    #expect(signal.metadata["layer"] == "domain" && signal.metadata["tenant_id"] == "acme")
                }
            }
        }

        @Test(arguments: [SignalPolicy.off, .sampled(0.25)])
        func policyDecidesWhichExecutionsAreTold(_ policy: SignalPolicy) async throws {
            let topics = try await TestTopics.ofLayer(.domain, partitions: 2)
            let names = topics.names
            let orchestrators: [any Orchestrator] = [EchoOrchestrator(layer: .domain), ProbeOrchestrator(layer: .domain)]
            let expected = policy == .off ? 0...0 : 50...150
            try await topics.withWorker(.domain, orchestrators, { $0.signals = policy }) { _ in
                for _ in 0..<2 {
                    try await Submitter.send(count: 400, to: names.requests(.domain), of: topics) {
                        TestRecord(Request(id: "\($0)", orchestrator: "echo", tenantID: "acme"))
                    }
                }
                // What an orchestrator emits itself is published whatever the policy is.
                let own = Request(id: "own", orchestrator: "probe", tenantID: "acme", kwargs: ["signals": 2])
                try await Submitter.send([TestRecord(own)], to: names.requests(.domain), of: topics)
                try await Collector([names.results(.domain)], of: topics).wait(for: 801)
                try await Collector([names.signals(.tool)], of: topics).wait(for: 2)
                try await topics.waitUntilCommitted(group: "\(topics.prefix)fleet.domain", topic: names.requests(.domain))
            }
            let agents = try await topics.readAll(names.signals(.agent)).filter { $0.keyText == "echo" }
            let ids = agents.compactMap { $0.headers["ce_id"] }
            // The second time the same executions are chosen.
            #expect(expected.contains(Set(ids).count) && ids.count == Set(ids).count * 2, "\(ids.count)")
        }

        @Test func nothingIsToldOfWhatDidNotRun() async throws {
            let topics = try await TestTopics.ofLayer(.domain, partitions: 1)
            let names = topics.names
            let skipping = ClosureOrchestrator("skip") { _, _ in .skip(reason: "not today") }
            try await topics.withWorker(.domain, [skipping]) { _ in
                var late = Request(id: "late", orchestrator: "skip", tenantID: "acme")
                late.event.deadline = 1
                let requests = [
                    late, Request(id: "unknown", orchestrator: "nobody", tenantID: "acme"),
                    Request(id: "skip", orchestrator: "skip", tenantID: "acme"),
                ]
                try await Submitter.send(requests.map { TestRecord($0) }, to: names.requests(.domain), of: topics)
                let results = try await Collector([names.results(.domain)], of: topics)
                try await results.wait(for: 3)
                let skipped = try Reply(decoding: try await results.wait(forCause: "skip").value ?? []).result
                #expect(skipped.isSkipped && skipped.success)
                try await topics.waitUntilCommitted(group: "\(topics.prefix)fleet.domain", topic: names.requests(.domain))
            }
            for component in ComponentType.allCases { #expect(try await topics.readAll(names.signals(component)).isEmpty) }
        }

        @Test func missingSignalTopicsBlockNobody() async throws {
            let topics = try await TestTopics.unused()
            let names = topics.names
            try await topics.create([names.requests(.domain), names.results(.domain)].map { TopicSpecification(name: $0, partitions: 1) })
            try await topics.withWorker(.domain, [ProbeOrchestrator(layer: .domain)]) { _ in
                let requests = (0..<5).map {
                    Request(id: "\($0)", orchestrator: "probe", tenantID: "acme", kwargs: ["signals": 3, "progress": 2])
                }
                try await Submitter.send(requests.map { TestRecord($0, key: "k") }, to: names.requests(.domain), of: topics)
                let replies = try await Collector([names.results(.domain)], of: topics).wait(for: 5)
                #expect(replies.map { $0.headers["ce_causationid"] } == (0..<5).map { "\($0)" })
                try await topics.waitUntilCommitted(
                    group: "\(topics.prefix)fleet.domain",
                    topic: names.requests(.domain),
                    deadline: .now + .seconds(60)
                )
            }
        }
    }
}
