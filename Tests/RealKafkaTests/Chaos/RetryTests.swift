import Delivery
import Glibc
import JSON
import KafkaClient
import KafkaProcess
import Testing

extension RealKafkaSuite {
    /// Failures that say they may be retried are, in their key's order.
    @Suite struct RetryTests {
        @Test func failedRequestIsTriedAgainWhileItsKeyWaitsAndOthersGoOn() async throws {
            let drill = try await Drill(partitions: 1)
            let failing: JSONObject = ["delay_ms": 100, "fail": "network", "retryable": true, "fail_attempts": 2]
            let requests =
                [(key: "waits", kwargs: failing)] + (1...3).map { _ in (key: "waits", kwargs: [:]) }
                + (4..<40).map { _ in (key: "goes on", kwargs: ["delay_ms": 15] as JSONObject) }
                + [
                    // Tried again once (spec §1.17), then given up.
                    (key: "exhausted", kwargs: ["fail": "processing", "retryable": true]), (key: "exhausted", kwargs: [:]),
                    (key: "stands", kwargs: ["fail": "network"]), (key: "stands", kwargs: [:]),
                    (key: "throws", kwargs: ["throw": "no"]), (key: "throws", kwargs: [:]),
                ]
            try await drill.send(requests.map { ($0.key, $0.kwargs) })
            let worker = try await drill.worker("retries")
            try await Collector([drill.results], of: drill.topics).wait(for: requests.count)
            #expect(try await worker.drain() == .exited(0))

            let (runs, replies, letters) = (try await drill.runs(), try await drill.replies(), try await drill.letters())
            for number in requests.indices {
                let (id, expected) = ("\(number)", [0: 3, 40: 2, 44: 2][number] ?? 1)
                #expect(runs.starts(of: id) == expected, "\(id)")
                #expect(replies[id]?.map(\.attempt) == [Int64(expected)], "\(id)")
                #expect(replies[id]?.map(\.success) == [![40, 42, 44].contains(number)], "\(id)")
            }
            #expect(replies["40"]?.map(\.category) == ["processing"] && replies["42"]?.map(\.category) == ["network"])
            #expect(Set(letters.keys) == ["40", "44"])
            for letter in letters.values {
                #expect(letter.map { $0.header("x-dlq-reason") } == ["exhausted"])
                #expect(letter.map { $0.header("x-dlq-attempts") } == ["2"])
                #expect(letter.map { $0.header("x-dlq-crash-attempts") } == ["0"])
            }
            // One run of a key after the other, each request with all its attempts before the next.
            for (key, ofKey) in Dictionary(grouping: runs.all, by: \.key) {
                let numbers = ofKey.compactMap { Int($0.id) }
                #expect(numbers == numbers.sorted(), "\(key)")
                for (earlier, later) in zip(ofKey, ofKey.dropFirst()) { #expect((earlier.end ?? .max) <= later.start, "\(key)") }
            }
            let attempts = try #require(runs.byID["0"])
            let meanwhile = runs.all.filter { $0.key == "goes on" && $0.start > attempts[0].start && $0.start < attempts[2].start }
            #expect(!meanwhile.isEmpty)
        }

        @Test func attemptsAreNotForgottenWhenTheWorkerIsKilled() async throws {
            let drill = try await Drill(partitions: 1)
            // Two failures, with up to 2 s and 4 s between.
            try await drill.send([("key", ["fail": "timeout", "retryable": true, "fail_attempts": 2]), ("key", [:])])
            let first = try await drill.worker("same", ["--static-membership"])
            try await eventually("a commit that tells of a failure", deadline: .now + .seconds(30)) {
                try await drill.committed().values.contains { $0.metadata?.started.contains { $0.failures > 0 } == true }
            }
            first.child.signal(SIGKILL)
            try await first.child.waitForExit()
            let killedAt = HandlerRuns.now

            let second = try await drill.worker("same", ["--static-membership"])
            try await Collector([drill.results], of: drill.topics).wait(for: 2)
            #expect(try await second.drain() == .exited(0))
            let replies = try await drill.replies()
            #expect(replies["0"]?.map(\.success) == [true] && replies["0"]?.map(\.attempt) == [3])
            #expect(replies["1"]?.map(\.attempt) == [1])
            let runs = try await drill.runs()
            // Three if the attempts had begun anew; one if the first worker had come to its second.
            let later = runs.byID["0"]?.filter { $0.start > killedAt } ?? []
            #expect((1...2).contains(later.count))
            #expect(runs.byID["1"]?.allSatisfy { $0.start > later.last?.end ?? .max } == true)
            #expect(try await drill.letters().isEmpty)
        }
    }
}
