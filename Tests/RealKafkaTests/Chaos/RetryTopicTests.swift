import Delivery
import Glibc
import JSON
import KafkaClient
import KafkaProcess
import Orchestration
import Testing
import Wire

extension RealKafkaSuite {
    /// Long waits for retries are in topics of their own, and their keys wait behind them.
    @Suite struct RetryTopicTests {
        /// Fails once; so many seconds later it goes well.
        private static func failing(seconds: Double, attempts: Int = 1) -> JSONObject {
            [
                "fail": "network", "retryable": true, "fail_attempts": .integer(Int64(attempts)), "retry_after": .number(seconds),
            ]
        }

        private static func waiting(_ drill: Drill, _ tier: RetryTier = .oneMinute) async throws -> Collector {
            try await Collector([drill.topics.names.retries(.application, tier)], of: drill.topics)
        }

        /// The group has committed all that retry topics hold.
        private func expectNothingWaits(_ drill: Drill) async throws {
            for tier in RetryTier.allCases {
                let topic = drill.topics.names.retries(.application, tier)
                let ends = try await drill.topics.readAll(topic).reduce(into: [TopicPartition: Int64]()) {
                    $0[$1.source] = max($0[$1.source] ?? 0, $1.offset + 1)
                }
                let group = drill.group
                let committed = try await drill.topics.admin { try $0.committedOffsets(group: group) }
                for (source, end) in ends {
                    // Behind the last record a transaction may have left its marker.
                    #expect(committed.contains { $0.source == source && $0.offset >= end }, "\(source)")
                }
            }
        }

        /// Of each key one run after the other, in the order of requests.
        private func expectOrder(_ runs: HandlerRuns) {
            for (key, ofKey) in Dictionary(grouping: runs.all, by: \.key) {
                let numbers = ofKey.compactMap { Int($0.id) }
                #expect(numbers == numbers.sorted(), "\(key)")
                for (earlier, later) in zip(ofKey, ofKey.dropFirst()) { #expect((earlier.end ?? 0) <= later.start, "\(key)") }
            }
        }

        @Test(arguments: ["at_least_once", "exactly_once"]) func whatWaitsOutlivesAWorkerThatIsKilled(delivery: String) async throws {
            let drill = try await Drill(partitions: 1, retryTopics: true)
            let waiting = try await Self.waiting(drill)
            try await drill.send([("a", Self.failing(seconds: 8)), ("a", [:]), ("b", [:]), ("a", [:])])
            let options = ["--static-membership", "--retry-in-place", "100", "--delivery", delivery]
            let first = try await drill.worker("same", options)
            try await waiting.wait(for: 3)
            first.child.signal(SIGKILL)
            try await first.child.waitForExit()
            let second = try await drill.worker("same", options)
            try await Collector([drill.results], of: drill.topics).wait(forDistinct: 4, deadline: .now + .seconds(90)) {
                $0.header("ce_causationid")
            }
            #expect(try await second.drain() == .exited(0))

            let (runs, replies) = (try await drill.runs(), try await drill.replies())
            #expect(runs.starts(of: "0") == 2 && runs.starts(of: "1") == 1 && runs.starts(of: "3") == 1)
            #expect(replies["0"]?.map(\.attempt) == [2] && replies["1"]?.map(\.attempt) == [1] && replies["3"]?.map(\.attempt) == [1])
            if delivery == "exactly_once" { #expect(replies["2"]?.count == 1) }
            self.expectOrder(runs)
            #expect(try await drill.letters().isEmpty)
            try await self.expectNothingWaits(drill)
        }

        @Test(arguments: ["at_least_once", "exactly_once"]) func whatWaitsGoesAlongWithItsPartitions(delivery: String) async throws {
            let drill = try await Drill(partitions: 4, retryTopics: true)
            let waiting = try await Self.waiting(drill)
            let keys = (0..<12).map { "key-\($0)" }
            let requests = keys.map { (key: $0, kwargs: Self.failing(seconds: 10, attempts: 1)) } + keys.map { (key: $0, kwargs: [:]) }
            try await drill.send(requests.map { ($0.key, $0.kwargs) })
            let options = ["--retry-in-place", "100", "--delivery", delivery]
            let first = try await drill.worker("first", options)
            try await waiting.wait(for: requests.count)
            let second = try await drill.worker("second", options)
            // And some more, which have to wait as well wherever they come.
            let more = keys.enumerated().map { number, key in
                TestRecord(Request(id: "\(requests.count + number)", orchestrator: "probe", tenantID: "acme"), key: key)
            }
            try await Submitter.send(more, to: drill.requests, of: drill.topics)
            try await Collector([drill.results], of: drill.topics).wait(for: requests.count + more.count, deadline: .now + .seconds(90))
            #expect(try await first.drain() == .exited(0))
            #expect(try await second.drain() == .exited(0))

            let (runs, replies) = (try await drill.runs(), try await drill.replies())
            self.expectOrder(runs)
            for number in 0..<requests.count + more.count {
                #expect(runs.starts(of: "\(number)") == (number < keys.count ? 2 : 1), "\(number)")
                #expect(replies["\(number)"]?.map(\.attempt) == [number < keys.count ? 2 : 1], "\(number)")
            }
            #expect(Set(runs.all.map(\.worker)) == ["first", "second"])
            try await self.expectNothingWaits(drill)
        }

        @Test func aCopyThatEndsItsWorkersProcessIsPutAway() async throws {
            let drill = try await Drill(partitions: 1, retryTopics: true)
            let poison: JSONObject = ["delay_ms": 200, "abort": true]
            try await drill.send([("a", poison), ("a", [:]), ("b", [:])])
            // As if a worker had ended between the copy and its commit.
            let request = Request(id: "0", orchestrator: "probe", tenantID: "acme", kwargs: poison).encode()
            let copy = RetryHeaders(due: 0, originPartition: 0, originOffset: 0, originTimestamp: -1, failures: 1)
            let headers = request.headers.withView { copy.headers(keeping: $0) }
            try await Submitter.send(
                [TestRecord(partition: 0, key: "a", value: request.value, headers: headers)],
                to: drill.topics.names.retries(.application, .oneMinute),
                of: drill.topics
            )
            let supervisor = try Supervisor("application-worker", id: "watched", of: drill.topics, drill.options)
            try await Collector([drill.results], of: drill.topics).wait(forDistinct: 3, deadline: .now + .seconds(90)) {
                $0.header("ce_causationid")
            }
            #expect(try await supervisor.drain() == .exited(0))
            let (runs, replies, letters) = (try await drill.runs(), try await drill.replies(), try await drill.letters())
            #expect(supervisor.deaths.count == 3 && replies["1"]?.map(\.success) == [true] && replies["0"]?.map(\.attempt) == [4])
            self.expectOrder(runs)
            let letter = try #require(letters["0"]?.first)
            #expect(letters.count == 1 && letter.header("x-dlq-reason") == "poison" && letter.header("x-dlq-crash-attempts") == "3")
            #expect(letter.header("x-dlq-source-topic") == drill.requests && letter.header("x-dlq-source-offset") == "0")
            try await self.expectNothingWaits(drill)
        }

        @Test(arguments: ["at_least_once", "exactly_once"])
        func whatNoRetryTopicTakesIsADeadLetterAndItsKeyGoesOn(delivery: String) async throws {
            let drill = try await Drill(partitions: 1, retryTopics: true, retrySettings: ["max.message.bytes": "4000"])
            var generator = SystemRandomNumberGenerator()
            // Nothing that could be compressed.
            let noise = (0..<1_000).map { _ in String(generator.next(), radix: 36) }.joined()
            var large = Self.failing(seconds: 30)
            large["noise"] = .string(noise)
            try await drill.send([("a", large)])
            let worker = try await drill.worker("only", ["--retry-in-place", "100", "--delivery", delivery])
            try await Collector([drill.deadLetters], of: drill.topics).wait(for: 1)
            let next = Request(id: "1", orchestrator: "probe", tenantID: "acme")
            try await Submitter.send([TestRecord(next, key: "a")], to: drill.requests, of: drill.topics)
            try await Collector([drill.results], of: drill.topics).wait(for: 1, deadline: .now + .seconds(60))
            #expect(try await worker.drain() == .exited(0))
            let (replies, letters) = (try await drill.replies(), try await drill.letters())
            #expect(replies["1"]?.map(\.success) == [true] && replies["0"] == nil)
            let letter = try #require(letters["0"]?.first)
            #expect(letter.header("x-dlq-reason") == "exhausted" && letter.header("x-dlq-attempts") == "1")
            #expect(letter.header("x-dlq-source-topic") == drill.requests && letter.text.contains(noise))
        }

        @Test(arguments: ["at_least_once", "exactly_once"])
        func exhaustedAfterAWaitIsADeadLetterThatNamesTheRequest(delivery: String) async throws {
            let drill = try await Drill(partitions: 1, retryTopics: true)
            // Tried again once (spec §1.17).
            let hopeless: JSONObject = ["fail": "processing", "retryable": true, "retry_after": 1]
            try await drill.send([("b", [:]), ("a", hopeless), ("a", [:])])
            let worker = try await drill.worker("only", ["--retry-in-place", "100", "--delivery", delivery])
            try await Collector([drill.results], of: drill.topics).wait(for: 3, deadline: .now + .seconds(60))
            #expect(try await worker.drain() == .exited(0))
            let (runs, replies, letters) = (try await drill.runs(), try await drill.replies(), try await drill.letters())
            #expect(replies["1"]?.map(\.attempt) == [2] && replies["1"]?.map(\.success) == [false])
            self.expectOrder(runs)
            let letter = try #require(letters["1"]?.first)
            #expect(letters.count == 1 && letter.header("x-dlq-reason") == "exhausted" && letter.header("x-dlq-attempts") == "2")
            #expect(letter.header("x-dlq-source-topic") == drill.requests && letter.header("x-dlq-source-offset") == "1")
            #expect(letter.header("x-retry-due") == nil)
            try await self.expectNothingWaits(drill)
        }
    }
}
