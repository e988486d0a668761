import Foundation
import KafkaClient
import KafkaProcess
import Orchestration
import Synchronization
import Testing
import Wire

extension RealKafkaSuite {
    /// Every signal counts once, whatever happens to the feedback orchestrators (G10).
    ///
    /// `FLEET_LONG=1`: 200,000 signals about 300 components instead of 24,000 about 60.
    @Suite struct FeedbackKillTests {
        private static let components = TestLength.isLong ? 300 : 60
        private static let signals = TestLength.isLong ? 200_000 : 24_000
        private static let partitions: Int32 = 6
        private static let types: [ComponentType] = [.model, .tool, .agent]
        private static let options = ["--processing-interval", "200", "--kafka", "session.timeout.ms=6000"]

        private func topics() async throws -> TestTopics {
            let topics = try await TestTopics.unused()
            let names = topics.names
            let shared = [names.decisions, names.feedbackState] + ComponentType.allCases.map { names.signals($0) }
            try await topics.create(
                shared.map { TopicSpecification(name: $0, partitions: Self.partitions, settings: names.settings(of: $0)) } + [
                    TopicSpecification(name: names.policies, partitions: 2, settings: names.settings(of: names.policies)),
                    TopicSpecification(name: names.control, partitions: 1, settings: names.settings(of: names.control)),
                    TopicSpecification(name: names.feedbackDeadLetters, partitions: 1),
                ]
            )
            return topics
        }

        private static func type(of number: Int) -> ComponentType { Self.types[number % Self.types.count] }
        private static func component(of number: Int) -> String { "c-\(number % Self.components)" }
        private static func reward(of number: Int) -> Double { Double(number % 11) / 10 }

        /// The record of a signal; the same number gives the same id.
        private static func record(_ number: Int) -> TestRecord {
            let signal = FeedbackSignal(
                source: .agentTask,
                componentType: Self.type(of: number),
                componentID: Self.component(of: number),
                reward: Self.reward(of: number)
            )
            return TestRecord(
                key: signal.componentID,
                value: SignalCodec.encode(signal, id: "signal-\(number)", timestamp: 1_790_000_000),
                headers: SignalCodec.headers(id: "signal-\(number)", causedBy: CloudEvent(id: "x"), source: "/test", time: 1)
            )
        }

        /// The newest snapshot of each component that readers of what is committed see.
        private func snapshots(_ topics: TestTopics) async throws -> [String: PolicySnapshot] {
            var newest: [String: PolicySnapshot] = [:]
            for record in try await topics.readAll(topics.names.policies) where ComponentID(record.keyText) != nil {
                let snapshot = try PolicySnapshot(decoding: record.value ?? [])
                if let before = newest[record.keyText] {
                    #expect(snapshot.policyVersion > before.policyVersion && snapshot.signals >= before.signals, "\(record.keyText)")
                }
                newest[record.keyText] = snapshot
            }
            return newest
        }

        @Test func everySignalCountsOnceWhateverHappensToTheOrchestrators() async throws {
            let topics = try await self.topics()
            let workers = Mutex<[WorkerProcess]>([])
            let started = Mutex(0)
            let start = { @Sendable () throws -> WorkerProcess in
                let number = started.withLock {
                    $0 += 1
                    return $0
                }
                return try WorkerProcess("feedback-orchestrator", id: "f\(number)", of: topics, Self.options)
            }
            for _ in 0..<3 {
                let worker = try start()
                workers.withLock { $0.append(worker) }
                try await worker.waitUntilReady()
            }
            let isSent = Atomic(false)
            let sender = Task {
                defer { isSent.store(true, ordering: .releasing) }
                let batch = 1_000
                for first in stride(from: 0, to: Self.signals, by: batch) {
                    for type in Self.types {
                        var numbers = (first..<min(first + batch, Self.signals)).filter { Self.type(of: $0) == type }
                        // A tenth is sent again: some at once, some long after.
                        numbers += numbers.filter { $0 % 20 == 0 }
                        if first >= 10 * batch {
                            numbers += (first - 10 * batch..<first - 9 * batch).filter { $0 % 20 == 7 && Self.type(of: $0) == type }
                        }
                        try await Submitter.send(numbers.map { Self.record($0) }, to: topics.names.signals(type), of: topics)
                    }
                    try await Task.sleep(for: .milliseconds(TestLength.isLong ? 250 : 500))
                }
            }
            // Killed, ended in an orderly way, joined by another one: in turn, until everything is sent.
            var deeds: [String: Int] = [:]
            var round = 0
            while !isSent.load(ordering: .acquiring) {
                try await Task.sleep(for: .milliseconds(1_500))
                let place = round % 3
                let victim = workers.withLock { $0[place] }
                if round % 2 == 0 {
                    victim.child.signal(SIGKILL)
                    _ = try await victim.child.waitForExit(deadline: .now + .seconds(20))
                    deeds["kill -9", default: 0] += 1
                } else {
                    let end = try await victim.drain()
                    #expect(end == .exited(0), "\(victim.id) said:\n\(victim.child.lines.map(\.text).joined(separator: "\n"))")
                    deeds["drain", default: 0] += 1
                }
                let next = try start()
                workers.withLock { $0[place] = next }
                round += 1
            }
            try await sender.value
            try await eventually("every signal is counted", deadline: .now + .seconds(120), tick: .milliseconds(500)) {
                try await self.snapshots(topics).values.reduce(0) { $0 + $1.signals } >= Int64(Self.signals)
            }
            for worker in workers.withLock({ $0 }) {
                try await worker.waitUntilReady()
                #expect(try await worker.drain() == .exited(0))
            }
            let counted = try await self.expectEverySignalOnce(topics)
            print(
                "feedback: \(Self.signals) signals about \(counted.count) components, a tenth of them sent twice, \(deeds):",
                "\(counted.values.reduce(0) { $0 + $1.signals }) counted"
            )
            try await self.expectTheSameAfterARestart(topics, counted)
        }

        private func expectEverySignalOnce(_ topics: TestTopics) async throws -> [String: PolicySnapshot] {
            var expected: [String: (signals: Int64, rewards: Double)] = [:]
            for number in 0..<Self.signals {
                let key = "\(Self.type(of: number).rawValue)/\(Self.component(of: number))"
                expected[key, default: (0, 0)].signals += 1
                expected[key, default: (0, 0)].rewards += Self.reward(of: number)
            }
            let counted = try await self.snapshots(topics)
            #expect(Set(counted.keys) == Set(expected.keys))
            for (key, want) in expected {
                let found = try #require(counted[key])
                #expect(found.signals == want.signals, "\(key)")
                #expect(abs(found.meanReward - want.rewards / Double(want.signals)) < 1e-9, "\(key)")
            }
            return counted
        }

        /// A state that is read back is the state before: one more signal makes one more, and everything else is as it was.
        private func expectTheSameAfterARestart(_ topics: TestTopics, _ before: [String: PolicySnapshot]) async throws {
            let worker = try await WorkerProcess.ready("feedback-orchestrator", id: "after", of: topics, Self.options)
            for type in Self.types {
                let numbers = (0..<Self.components * Self.types.count).filter { Self.type(of: $0) == type }
                let records = numbers.map { Self.record($0) }
                let new = numbers.map { number in
                    var record = Self.record(number)
                    let signal = FeedbackSignal(
                        source: .agentTask,
                        componentType: type,
                        componentID: Self.component(of: number),
                        reward: before["\(type.rawValue)/\(Self.component(of: number))"]?.meanReward ?? 0
                    )
                    record.value = SignalCodec.encode(signal, id: "after-\(number)", timestamp: 1_790_000_000)
                    return record
                }
                try await Submitter.send(records + new, to: topics.names.signals(type), of: topics)
            }
            let count = Int64(Self.components * Self.types.count)
            let total = before.values.reduce(0) { $0 + $1.signals } + count
            try await eventually("the new signals are counted", deadline: .now + .seconds(60), tick: .milliseconds(300)) {
                try await self.snapshots(topics).values.reduce(0) { $0 + $1.signals } >= total
            }
            #expect(try await worker.drain() == .exited(0))
            let after = try await self.snapshots(topics)
            #expect(after.values.reduce(0) { $0 + $1.signals } == total)
            for (key, snapshot) in after {
                #expect(abs(snapshot.meanReward - (before[key]?.meanReward ?? -1)) < 1e-9, "\(key)")
            }
        }
    }
}
