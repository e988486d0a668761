import JSON
import KafkaClient
import KafkaProcess
import Orchestration
import Testing
import Wire

extension RealKafkaSuite {
    /// Workers that are replaced one after the other, while handlers take their time, run nothing twice (G7).
    ///
    /// ThroughputTests shows the same with handlers that take none.
    @Suite struct RollingRestartTests {
        @Test func slowHandlersAreWaitedForAndRunOnce() async throws {
            let drill = try await Drill(partitions: 6)
            func start(_ id: String) throws -> WorkerProcess {
                try WorkerProcess("application-worker", id: id, of: drill.topics, drill.options)
            }
            var workers = try ["a", "b", "c"].map { try start($0) }
            for worker in workers { try await worker.waitUntilReady() }
            let load = ChaosLoad(drill, perSecond: 200) { number in
                let delay = Int64(number % 10 == 0 ? 600 : number * 13 % 80)
                let request = Request(id: "\(number)", orchestrator: "probe", tenantID: "acme", kwargs: ["delay_ms": .integer(delay)])
                return TestRecord(request, key: number % 6 == 5 ? nil : "key-\(number % 60)")
            }
            let answers = try await Collector([drill.results], of: drill.topics)
            for place in workers.indices {
                try await answers.wait(for: answers.count + 200)
                let new = try start("new-\(place)")
                #expect(try await workers[place].drain() == .exited(0))
                try await new.waitUntilReady()
                workers[place] = new
            }
            let (sent, acknowledged) = try await load.stop()
            try await drill.topics.waitUntilCommitted(group: drill.group, topic: drill.requests)
            for worker in workers { #expect(try await worker.drain() == .exited(0)) }

            let (runs, replies) = (try await drill.runs(), try await drill.replies())
            let duplicates = replies.values.reduce(0) { $0 + $1.count - 1 }
            print(
                "rolling restart of 3 workers: \(sent) requests, \(replies.count) answered, \(duplicates) replies and \(runs.all.count - runs.byID.count) runs repeated"
            )
            #expect(acknowledged.count == sent && replies.count == sent && runs.byID.count == sent)
            #expect(duplicates == 0 && runs.all.count == sent)
            for (key, ofKey) in Dictionary(grouping: runs.all, by: \.key) where !key.isEmpty {
                let numbers = ofKey.compactMap { Int($0.id) }
                #expect(numbers == numbers.sorted(), "\(key)")
                for (earlier, later) in zip(ofKey, ofKey.dropFirst()) { #expect((earlier.end ?? .max) <= later.start, "\(key)") }
            }
        }
    }
}
