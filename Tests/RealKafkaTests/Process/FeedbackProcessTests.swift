import KafkaClient
import KafkaProcess
import Orchestration
import Testing
import Wire

extension RealKafkaSuite {
    @Suite struct FeedbackProcessTests {
        private func topics(letterBytes: Int = 1_048_588, withPolicies: Bool = true) async throws -> TestTopics {
            let topics = try await TestTopics.unused()
            let names = topics.names
            try await topics.create(
                ComponentType.allCases.map { TopicSpecification(name: names.signals($0), partitions: 3) } + [
                    TopicSpecification(name: names.decisions, partitions: 3),
                    TopicSpecification(name: names.feedbackState, partitions: 3, settings: names.settings(of: names.feedbackState)),
                    TopicSpecification(
                        name: names.feedbackDeadLetters,
                        partitions: 1,
                        settings: ["max.message.bytes": "\(letterBytes)"]
                    ),
                ]
            )
            if withPolicies {
                let settings = names.settings(of: names.policies)
                try await topics.create([TopicSpecification(name: names.policies, partitions: 2, settings: settings)])
            }
            return topics
        }

        private func send(_ signal: FeedbackSignal, id: String, _ topics: TestTopics) -> TestRecord {
            TestRecord(
                key: signal.componentID,
                value: SignalCodec.encode(signal, id: id, timestamp: 1_790_000_000),
                headers: SignalCodec.headers(id: id, causedBy: CloudEvent(id: "cause"), source: "/test", time: 1_790_000_000_000)
            )
        }

        /// The newest snapshot of each component.
        private func newest(_ records: [ConsumedRecord]) throws -> [String: PolicySnapshot] {
            var newest: [String: PolicySnapshot] = [:]
            for record in records where ComponentID(record.keyText) != nil {
                let snapshot = try PolicySnapshot(decoding: record.value ?? [])
                #expect(record.keyText == "\(snapshot.componentType.rawValue)/\(snapshot.componentID)")
                #expect(record.header("ce_type") == "feedback.policy.v1" && snapshot.worker.hasPrefix("learner"))
                if let before = newest[record.keyText] { #expect(snapshot.policyVersion > before.policyVersion) }
                newest[record.keyText] = snapshot
            }
            return newest
        }

        @Test func signalsBecomeSnapshotsAndWhatIsNoneADeadLetter() async throws {
            let topics = try await self.topics()
            let names = topics.names
            let options = ["--processing-interval", "100"]
            let learner = try await WorkerProcess.ready("feedback-orchestrator", id: "learner", of: topics, options)
            let policies = try await Collector([names.policies], of: topics)
            // Component c of each type has 10 + c signals; sources take turns; rewards are halves and wholes in turn.
            var expected: [String: (signals: Int64, rewards: Double, bySource: [FeedbackSource: Int64])] = [:]
            for type in ComponentType.allCases {
                var records: [TestRecord] = []
                for component in 0..<5 {
                    for number in 0..<10 + component {
                        let source = FeedbackSource.allCases[number % FeedbackSource.allCases.count]
                        let reward = number % 2 == 0 ? 1.0 : 0.5
                        let signal = FeedbackSignal(source: source, componentType: type, componentID: "c-\(component)", reward: reward)
                        records.append(self.send(signal, id: "\(type.rawValue)-\(component)-\(number)", topics))
                        var total = expected["\(type.rawValue)/c-\(component)"] ?? (0, 0, [:])
                        total.signals += 1
                        total.rewards += reward
                        total.bySource[source, default: 0] += 1
                        expected["\(type.rawValue)/c-\(component)"] = total
                    }
                }
                try await Submitter.send(records, to: names.signals(type), of: topics)
            }
            let invalid = [
                #"{"signal_id": "x", "source": "rumour", "component_type": "tool", "component_id": "t", "reward": 1}"#,
                #"{"signal_id": "x", "source": "agent_task", "component_type": "tool", "component_id": "t", "reward": 1.5}"#,
                #"{"signal_id": "x", "source": "agent_task", "component_type": "tool", "component_id": "t"}"#, "[]", "{", "",
            ]
            try await Submitter.send(
                invalid.map { TestRecord(key: "t", text: $0) } + [TestRecord(key: "t", value: nil)],
                to: names.signals(.tool),
                of: topics
            )

            // Signals are counted in any order, and so are those refused.
            let letters = try await Collector([names.feedbackDeadLetters], of: topics).wait(for: invalid.count + 1)
                .sorted {
                    $0.header("x-dlq-source-offset").flatMap { Int($0) } ?? 0 < $1.header("x-dlq-source-offset").flatMap { Int($0) } ?? 0
                }
            #expect(letters.map(\.value) == invalid.map { Array($0.utf8) } + [nil])
            #expect(
                letters.map { $0.header("x-dlq-reason") } == ["invalid", "invalid", "invalid", "invalid"]
                    + Array(repeating: "undecodable", count: 3)
            )
            #expect(letters.allSatisfy { $0.header("x-dlq-source-topic") == names.signals(.tool) && $0.keyText == "t" })
            let total = expected.values.reduce(0) { $0 + $1.signals }
            try await eventually("snapshots of every signal", deadline: .now + .seconds(30)) {
                try self.newest(policies.records).values.reduce(0) { $0 + $1.signals } == total
            }
            let newest = try self.newest(policies.records)
            #expect(Set(newest.keys) == Set(expected.keys))
            for (key, want) in expected {
                let snapshot = try #require(newest[key])
                #expect(snapshot.signals == want.signals && snapshot.bySource == want.bySource, "\(key)")
                #expect(abs(snapshot.meanReward - want.rewards / Double(want.signals)) < 1e-9, "\(key)")
                #expect(snapshot.firstSignalAt == 1_790_000_000 && snapshot.lastSignalAt == 1_790_000_000)
            }
            for type in ComponentType.allCases {
                try await topics.waitUntilCommitted(group: "\(topics.prefix)fleet.feedback", topic: names.signals(type))
            }
            #expect(try await learner.drain() == .exited(0))
        }

        @Test(arguments: ["exactly_once", "at_least_once"])
        func aDeadLetterThatIsTooLargeHoldsNothingUp(_ delivery: String) async throws {
            let topics = try await self.topics(letterBytes: 5_000)
            let names = topics.names
            let learner = try await WorkerProcess.ready(
                "feedback-orchestrator",
                id: "learner",
                of: topics,
                ["--processing-interval", "100", "--delivery", delivery]
            )
            let signal = FeedbackSignal(source: .agentTask, componentType: .tool, componentID: "t", reward: 1)
            // Random, so that compression does not make it small; the second one is too large even without its value.
            var generator = SystemRandomNumberGenerator()
            let noise = (0..<20_000).map { _ in UInt8.random(in: 0...255, using: &generator) }
            var headers = RecordHeaders()
            headers.append("noise", String(decoding: noise.prefix(16_000).map { 97 + $0 % 26 }, as: UTF8.self))
            let garbage = [TestRecord(key: "t", value: noise), TestRecord(key: "t", value: noise, headers: headers)]
            try await Submitter.send([self.send(signal, id: "1", topics)] + garbage, to: names.signals(.tool), of: topics)
            try await Submitter.send([self.send(signal, id: "2", topics)], to: names.signals(.tool), of: topics)
            try await topics.waitUntilCommitted(group: "\(topics.prefix)fleet.feedback", topic: names.signals(.tool))
            let letters = try await topics.readAll(names.feedbackDeadLetters)
            #expect(letters.map { $0.value?.count } == [nil, nil])
            #expect(letters.map { $0.header("x-dlq-value-bytes") } == ["20000", "20000"])
            #expect(try self.newest(try await topics.readAll(names.policies))["tool/t"]?.signals == 2)
            #expect(try await learner.drain() == .exited(0))
        }

        @Test func waitsForTheTopicsThatItWritesTo() async throws {
            let topics = try await self.topics(withPolicies: false)
            let missing = topics.names.policies
            let learner = try WorkerProcess("feedback-orchestrator", id: "learner", of: topics)
            try await learner.child.waitForLine(containing: missing)
            try await topics.create([TopicSpecification(name: missing, partitions: 1)])
            try await learner.waitUntilReady()
            #expect(try await learner.drain() == .exited(0))
        }

        @Test func countsOfTheLastIntervalAreToldAtTheEnd() async throws {
            let topics = try await self.topics()
            let names = topics.names
            let learner = try await WorkerProcess.ready(
                "feedback-orchestrator",
                id: "learner",
                of: topics,
                ["--processing-interval", "3600000"]
            )
            let signal = FeedbackSignal(source: .agentTask, componentType: .agent, componentID: "late", reward: 1)
            try await Submitter.send((0..<25).map { self.send(signal, id: "\($0)", topics) }, to: names.signals(.agent), of: topics)
            try await topics.waitUntilCommitted(group: "\(topics.prefix)fleet.feedback", topic: names.signals(.agent))
            #expect(try await learner.drain() == .exited(0))
            let snapshots = try self.newest(try await topics.readAll(names.policies))
            #expect(snapshots["agent/late"]?.signals == 25)
        }
    }
}
