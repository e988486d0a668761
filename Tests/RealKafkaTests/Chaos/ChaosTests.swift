import Foundation
import JSON
import KafkaClient
import KafkaProcess
import Orchestration
import Testing
import Wire
import WorkerRuntime

extension RealKafkaSuite {
    /// Workers, brokers and networks fail at random while requests come; nothing is lost and every key keeps its order (G1, G3, G11).
    ///
    /// With `--delivery exactly_once` nothing is answered twice either, for readers with `read_committed` (G2).
    ///
    /// `FLEET_LONG=1` runs ten times as long; `FLEET_CHAOS_SEED` repeats what a seed has done.
    @Suite struct ChaosTests {
        private static let seconds = TestLength.isLong ? 300 : 30
        private static let workers = 3

        @Test(arguments: DeliveryGuarantee.allCases)
        func nothingIsLostAndKeysKeepTheirOrder(_ delivery: DeliveryGuarantee) async throws {
            let seed = ProcessInfo.processInfo.environment["FLEET_CHAOS_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 1...1_000_000)
            print("chaos \(delivery.rawValue): FLEET_CHAOS_SEED=\(seed)")
            if let reason = ProxiedNetwork.unavailableReason { print("chaos: without networks: \(reason)") }
            try await RealKafka.withCluster(
                brokers: 3,
                networks: ProxiedNetwork.isAvailable ? Self.workers : 0
            ) { kafka in
                let drill = Drill(TestTopics(prefix: "", bootstrapServers: kafka.bootstrapServers))
                try await self.makeTopics(drill)
                let options = ["--delivery", delivery.rawValue]
                let fleet = try ChaosFleet(drill, places: Self.workers, networks: kafka.networks, options: options)
                for worker in fleet.current { try await worker.process.waitUntilReady() }
                let load = ChaosLoad(drill, perSecond: 150) { self.request($0, seed) }
                try await ChaosMonkey(drill: drill, kafka: kafka, fleet: fleet, end: .now + .seconds(Self.seconds)).run(seed: seed)
                let (sent, acknowledged) = try await load.stop()

                try await eventually("everything finished", deadline: .now + .seconds(240), tick: .milliseconds(200)) {
                    try fleet.revive()
                    return try await drill.topics.lag(of: drill.group, on: drill.requests) == 0
                }
                #expect(try await fleet.drain() == Array(repeating: .exited(0), count: Self.workers))
                #expect(fleet.surprises == [])
                if delivery == .exactlyOnce { try await self.expectOneAnswerEach(drill) }
                try await self.reconcile(drill, fleet, sent: sent, acknowledged: acknowledged)
            }
        }

        private func makeTopics(_ drill: Drill) async throws {
            let names = drill.topics.names
            try await drill.topics.create([
                TopicSpecification(name: drill.requests, partitions: 6), TopicSpecification(name: drill.results, partitions: 3),
                TopicSpecification(name: drill.deadLetters, partitions: 3), TopicSpecification(name: drill.events, partitions: 1),
                TopicSpecification(name: names.progress(.application), partitions: 1),
            ])
        }

        /// Keys for most, and now and then one that takes long.
        private func request(_ number: Int, _ seed: UInt64) -> TestRecord {
            var generator = SeededGenerator(seed: seed &+ UInt64(number) << 20)
            let delay = Int64.random(in: 0..<20, using: &generator) == 0 ? 700 : Int64.random(in: 0...60, using: &generator)
            let key = Int.random(in: 0..<60, using: &generator)
            let request = Request(id: "\(number)", orchestrator: "probe", tenantID: "acme", kwargs: ["delay_ms": .integer(delay)])
            return TestRecord(request, key: key < 50 ? "key-\(key)" : nil)
        }

        private func expectOneAnswerEach(_ drill: Drill) async throws {
            let (log, replies) = (try await drill.topics.readAll(drill.requests), try await drill.topics.readCommitted(drill.results))
            let found = ExactlyOnceReconciliation(log: log, replies: replies)
            print(
                "chaos exactly_once: \(log.count) in the log, \(replies.count) answers seen, \(found.missing.count) missing,",
                "\(found.twice.count) twice, \(found.outOfOrder.count) keys out of order"
            )
            #expect(found.missing == [])
            #expect(found.twice == [])
            #expect(found.outOfOrder == [])
        }

        private func reconcile(_ drill: Drill, _ fleet: ChaosFleet, sent: Int, acknowledged: Set<Int>) async throws {
            let (log, letters, runs) = (try await drill.topics.readAll(drill.requests), try await drill.letters(), try await drill.runs())
            let found = Reconciliation(log: log, replies: try await drill.replies(), letters: letters, runs: runs, fleet: fleet)
            let twice = log.count - Set(log.map { $0.header("ce_id") ?? "" }).count
            print(
                """
                chaos: \(sent) requests, \(acknowledged.count) acknowledged, \(log.count) in the log (\(twice) of them twice), \(found.lost.count) lost, \
                \(letters.count) dead letters (\(found.wronglyAccused.count) of them were run by no worker that was killed); \(found.repeatedReplies) replies and \(found.repeatedRuns) runs were repeated; \
                \(found.overlaps.count) overlaps, \(found.excusedOverlaps) more with a worker that had lost its session, \
                \(found.disorders.count) out of order; \(fleet.deeds.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", "))
                """
            )
            try self.keepLogs(fleet, runs)
            let inLog = Set(log.compactMap { $0.header("ce_id").flatMap { Int($0) } })
            #expect(acknowledged.subtracting(inLog).isEmpty, "acknowledged by the brokers, and not in the log")
            #expect(found.lost == [])
            #expect(found.overlaps == [])
            #expect(found.disorders == [])
            #expect(acknowledged.count > Self.seconds * 50 && fleet.incarnations.count > Self.workers)
            // Whose workers were killed three times, the last time when it was to run alone, cannot be told from poison; a lost session can.
            #expect(found.wronglyAccused == [])
            for letter in letters.values.joined() { #expect(letter.header("x-dlq-reason") == "poison") }
        }

        /// Leaves everything behind that helps to understand a failure, in the folder that `FLEET_CHAOS_LOGS` names.
        private func keepLogs(_ fleet: ChaosFleet, _ runs: HandlerRuns) throws {
            guard let path = ProcessInfo.processInfo.environment["FLEET_CHAOS_LOGS"] else { return }
            let folder = URL(fileURLWithPath: path)
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            for incarnation in fleet.incarnations {
                let text = incarnation.process.child.lines.map { "\($0.text)\n" }.joined()
                try text.write(to: folder.appending(path: "\(incarnation.id).log"), atomically: true, encoding: .utf8)
            }
            let text = runs.all.map { "\($0.start) \($0.end ?? 0) \($0.id) \($0.key) \($0.worker)\n" }.joined()
            try text.write(to: folder.appending(path: "runs.txt"), atomically: true, encoding: .utf8)
        }
    }
}
