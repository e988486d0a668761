import Delivery
import Glibc
import JSON
import KafkaClient
import KafkaProcess
import Testing

extension RealKafkaSuite {
    /// After kill -9 only what was unfinished runs again (G4, G5).
    @Suite struct KillTests {
        private static let requests = 1_500

        /// Slow ones between fast ones, so that what is finished lies in pieces above the base.
        private func request(_ number: Int) -> (key: String?, kwargs: JSONObject) {
            if number % 20 == 0 { return (nil, ["delay_ms": 1_500]) }
            return (number % 3 == 0 ? nil : "key-\(number % 50)", ["delay_ms": .integer(Int64(number * 7 % 40))])
        }

        @Test func onlyWhatWasUnfinishedRunsAgain() async throws {
            let drill = try await Drill(partitions: 4)
            try await drill.send((0..<Self.requests).map { self.request($0) })
            let answers = try await Collector([drill.results], of: drill.topics)
            let options = ["--static-membership", "--concurrency", "32"]
            let first = try await drill.worker("same", options)
            try await answers.wait(for: Self.requests / 2)
            let killedAt = HandlerRuns.now
            first.child.signal(SIGKILL)
            try await first.child.waitForExit()

            let settled = try await self.settled(drill)
            let published = try await drill.replies()
            let second = try await drill.worker("same", options)
            try await answers.wait(forDistinct: Self.requests, deadline: .now + .seconds(90)) { $0.header("ce_causationid") }
            try await drill.topics.waitUntilCommitted(group: drill.group, topic: drill.requests)
            #expect(try await second.drain() == .exited(0))

            let runs = try await drill.runs()
            let startedBefore = Set(runs.all.filter { $0.start < killedAt }.map(\.id))
            let startedAfter = Set(runs.all.filter { $0.start > killedAt }.map(\.id))
            let again = startedBefore.intersection(startedAfter)
            let before = killedAt / 1_000_000 - 2 * Drill.commitInterval
            let old = Set(published.filter { $0.value.contains { $0.publishedAt < before } }.keys)
            print(
                "kill -9 of \(Self.requests) requests: \(published.count) answered before, \(settled.count) of them told in a commit,",
                "\(old.count) older than two commit intervals; \(again.count) ran again"
            )
            #expect(settled.count > Self.requests / 10 && old.count > Self.requests / 10)
            #expect(settled.intersection(startedAfter) == [], "told as finished in a commit, and run again")
            #expect(old.intersection(startedAfter) == [], "answered two commit intervals before, and run again")
            // It was killed in the middle, and what had begun did run again.
            #expect(!again.isEmpty && again.count < Self.requests / 2)
            #expect(runs.byID.values.allSatisfy { $0.count <= 2 })
            #expect(runs.byID.count == Self.requests)
            #expect(try await drill.replies().values.allSatisfy { $0.allSatisfy(\.success) })
            #expect(try await drill.letters().isEmpty)
        }

        /// The requests that the group's last commits tell as finished.
        private func settled(_ drill: Drill) async throws -> Set<String> {
            let committed = try await drill.committed()
            var settled: Set<String> = []
            for record in try await drill.topics.readAll(drill.requests) {
                guard let (base, metadata) = committed[record.source], let id = record.header("ce_id") else { continue }
                if record.offset < base || metadata?.finished.contains(where: { $0.contains(record.offset) }) == true { settled.insert(id) }
            }
            // Above the base too: otherwise this would show nothing that plain offsets do not.
            #expect(committed.values.contains { $0.metadata?.finished.isEmpty == false })
            return settled
        }
    }
}
