import Delivery
import Glibc
import JSON
import KafkaClient
import KafkaProcess
import Testing

extension RealKafkaSuite {
    /// A request that ends its worker's process is found and put away, and nobody else pays for it (G6).
    @Suite struct PoisonTests {
        struct Case: Sendable, CustomTestStringConvertible {
            let testDescription: String
            /// By the request's number.
            let poisons: [Int: JSONObject]
            var isStatic = true
        }

        private static let cases = [
            Case(testDescription: "an abort in the middle", poisons: [12: ["delay_ms": 200, "abort": true]]),
            Case(testDescription: "an exit in the middle", poisons: [12: ["delay_ms": 200, "exit_code": 3]]),
            Case(testDescription: "the very first record", poisons: [0: ["delay_ms": 200, "abort": true]]),
            Case(
                testDescription: "two at once",
                poisons: [10: ["delay_ms": 200, "abort": true], 13: ["delay_ms": 200, "abort": true]]
            ),
            Case(testDescription: "without static membership", poisons: [12: ["delay_ms": 200, "abort": true]], isStatic: false),
        ]

        @Test(arguments: Self.cases) func requestThatEndsItsProcessIsPutAwayAndItsNeighboursAreServed(_ poison: Case) async throws {
            let drill = try await Drill(partitions: 2)
            // Some without a key; the rest so that every poison has records of its key before and behind it.
            let requests = (0..<30).map { number -> (key: String?, kwargs: JSONObject) in
                let key = number % 7 == 3 ? nil : "key-\(number % 5)"
                return (key, poison.poisons[number] ?? ["delay_ms": .integer(Int64(50 + number * 37 % 150))])
            }
            try await drill.send(requests)
            let supervisor = try Supervisor("application-worker", id: "watched", of: drill.topics, isStatic: poison.isStatic, drill.options)
            let answers = try await Collector([drill.results], of: drill.topics)
            try await answers.wait(forDistinct: requests.count, deadline: .now + .seconds(90)) { $0.header("ce_causationid") }
            try await drill.topics.waitUntilCommitted(group: drill.group, topic: drill.requests)
            #expect(try await supervisor.drain() == .exited(0))

            let (runs, replies, letters) = (try await drill.runs(), try await drill.replies(), try await drill.letters())
            let most = requests.indices.map { runs.starts(of: "\($0)") }.max() ?? 0
            print("poison, \(poison.testDescription): \(supervisor.deaths.count) deaths, no request started more than \(most) times")
            #expect(letters.keys.sorted() == poison.poisons.keys.map { "\($0)" }.sorted())
            for number in requests.indices {
                let (id, answers) = ("\(number)", replies["\(number)"] ?? [])
                guard poison.poisons[number] != nil else {
                    #expect(!answers.isEmpty && answers.allSatisfy(\.success), "\(id)")
                    continue
                }
                #expect(answers.map(\.success) == [false] && answers.map(\.category) == ["processing"], "\(id)")
                let found = try #require(letters[id])
                #expect(found.map { $0.header("x-dlq-reason") } == ["poison"], "\(id)")
                #expect(found.map { $0.header("x-dlq-crash-attempts") } == ["3"], "\(id)")
                #expect(found.map { $0.header("x-dlq-attempts") } == ["3"], "\(id)")
                #expect(answers.map(\.attempt) == [3], "\(id)")
                // The first process dies before it can say anything of the others, the last one is blamed for nobody else's death.
                #expect((1...3).contains(runs.starts(of: id)), "\(id) was started \(runs.starts(of: id)) times")
                self.expectThatItsKeyWaited(number, requests.map(\.key), runs)
            }
            // Every death is one of theirs, and those that died together count for both.
            #expect((3...3 * poison.poisons.count).contains(supervisor.deaths.count), "\(supervisor.deaths)")
            for status in supervisor.deaths { #expect(status == .signaled(SIGABRT) || status == .exited(3)) }
        }

        /// Workers that lose their session over a request, three times and more, and live: nothing is its fault.
        @Test func requestWhoseWorkersLoseTheirSessionsIsNoPoison() async throws {
            let drill = try await Drill(partitions: 1)
            var workers: [String: WorkerProcess] = [:]
            for id in ["a", "b"] { workers[id] = try await drill.worker(id) }
            try await drill.send([(key: "k", kwargs: ["delay_ms": 8_000])])
            for round in 1...3 {
                let deadline = ContinuousClock.now + .seconds(60)
                try await eventually("run \(round) began", deadline: deadline, tick: .milliseconds(100)) {
                    try await drill.runs().starts(of: "0") == round
                }
                let worker = try #require(workers[try await drill.runs().byID["0"]?.last?.worker ?? ""])
                let owner = try await drill.committed().values.first?.metadata?.owner
                worker.child.signal(SIGSTOP)
                try await eventually("the other one began", deadline: deadline, tick: .milliseconds(100)) {
                    try await drill.runs().starts(of: "0") == round + 1
                }
                worker.child.signal(SIGCONT)
                try await eventually("it accuses nobody", deadline: deadline, tick: .milliseconds(100)) {
                    let metadata = try await drill.committed().values.first?.metadata
                    return metadata?.owner != owner && metadata?.started.map(\.accused) == [[]]
                }
            }
            try await eventually("it is answered", deadline: .now + .seconds(60), tick: .milliseconds(100)) {
                try await drill.replies()["0"] != nil
            }
            // A stopped worker whose handler is over when it goes on may answer before it hears that its session is lost.
            let answers = try await drill.replies()["0"] ?? []
            #expect(answers.map(\.success) == answers.map { _ in true })
            #expect(try await drill.letters().isEmpty)
            #expect(try await drill.runs().starts(of: "0") >= 4, "it lost its worker three times")
            for worker in workers.values { #expect(try await worker.drain() == .exited(0)) }
        }

        /// Later records of the poison's key begin when it is put away, and not before.
        private func expectThatItsKeyWaited(_ number: Int, _ keys: [String?], _ runs: HandlerRuns) {
            guard let key = keys[number], let last = runs.byID["\(number)"]?.last else { return }
            for later in keys.indices where later > number && keys[later] == key {
                for run in runs.byID["\(later)"] ?? [] { #expect(run.start > last.start, "\(later) began before \(number) was put away") }
            }
        }
    }
}
