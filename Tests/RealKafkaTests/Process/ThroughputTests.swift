import JSON
import KafkaClient
import KafkaProcess
import Orchestration
import Testing
import Wire

extension RealKafkaSuite {
    /// 100,000 requests through processes that come and go.
    @Suite struct ThroughputTests {
        private static let requests = 100_000
        private static let keys = 1_000

        @Test func everyRequestIsAnsweredInTheOrderOfItsKeyWhileProcessesComeAndGo() async throws {
            let topics = try await TestTopics.ofLayer(
                .application,
                partitions: 8,
                more: [TopicSpecification(name: "events", partitions: 8)]
            )
            let names = topics.names
            let (requests, results) = (names.requests(.application), names.results(.application))
            let options = ["--probe-events", "\(topics.prefix)events", "--log-level", "info"]
            func start(_ id: String) throws -> WorkerProcess { try WorkerProcess("application-worker", id: id, of: topics, options) }

            let replies = try await Collector([results], of: topics)
            let events = try await Collector(["\(topics.prefix)events"], of: topics)
            let first = try ["w1", "w2", "w3"].map { try start($0) }
            for worker in first { try await worker.waitUntilReady() }
            async let flood: Void = Submitter.send(count: Self.requests, to: requests, of: topics) { number in
                let request = Request(id: "r\(number)", orchestrator: "echo", tenantID: "acme", kwargs: ["n": .integer(Int64(number))])
                return TestRecord(request, key: "key-\(number % Self.keys)")
            }

            try await replies.wait(for: Self.requests / 4, deadline: .now + .seconds(120))
            first[0].child.terminate()
            let late = try start("w4")
            #expect(try await first[0].child.waitForExit(deadline: .now + .seconds(60)) == .exited(0))
            let countAtTheEndOfTheFirst = replies.count
            try await late.waitUntilReady()
            try await flood

            let (byCause, duplicates) = try await replies.wait(forDistinct: Self.requests, deadline: .now + .seconds(180)) {
                $0.header("ce_causationid")
            }
            #expect((0..<Self.requests).allSatisfy { byCause["r\($0)"] != nil })
            // It was stopped in the middle of the work.
            #expect(countAtTheEndOfTheFirst < Self.requests)
            try await topics.waitUntilCommitted(group: "\(topics.prefix)fleet.application", topic: requests)
            for worker in [first[1], first[2], late] { #expect(try await worker.drain() == .exited(0)) }

            // A worker has written every event when it has ended.
            let written = try await topics.ends(of: "\(topics.prefix)events")
            try await events.wait(for: written, deadline: .now + .seconds(60))
            let handlers = try Handlers(events.records)
            #expect(handlers.overlaps == [])
            #expect(handlers.disorders == [])
            #expect(handlers.unfinished == [])
            #expect(handlers.starts == handlers.ids.count + handlers.repeated && handlers.ids.count == Self.requests)
            #expect(handlers.workers == ["w1", "w2", "w3", "w4"])
            // An orderly hand-over repeats nothing.
            #expect(duplicates == 0 && handlers.repeated == 0)
        }

        /// What the events of handlers tell.
        private struct Handlers {
            private struct Event {
                let id: String
                let isStart: Bool
                let time: Int64
            }

            var starts = 0
            /// Starts of a request that had been started before.
            var repeated = 0
            var ids: Set<String> = []
            var workers: Set<String> = []
            /// Requests that started while another of their key ran.
            var overlaps: [String] = []
            /// Requests whose first start came after that of a later one of their key.
            var disorders: [String] = []
            /// Requests that never ended.
            var unfinished: [String] = []

            init(_ records: [ConsumedRecord]) throws {
                var byKey: [String: [Event]] = [:]
                let selector = JSONSelector([["id"], ["key"], ["event"], ["worker"], ["at_ns"]])
                for record in records {
                    let (key, event, worker) = try record.withView { view in
                        let value = view.value ?? UnsafeRawBufferPointer(start: nil, count: 0)
                        return try selector.select(from: value, readableBytes: view.readableBytes) { selection in
                            let (kind, time) = (selection.string(2), selection.integer(4))
                            if kind != "start" && kind != "end" || time == nil { Issue.record("an event without kind or time") }
                            let event = Event(id: selection.string(0) ?? "", isStart: kind == "start", time: time ?? 0)
                            return (selection.string(1) ?? "", event, selection.string(3) ?? "")
                        }
                    }
                    byKey[key, default: []].append(event)
                    self.workers.insert(worker)
                }
                for events in byKey.values { self.follow(events.sorted { ($0.time, $1.isStart ? 1 : 0) < ($1.time, $0.isStart ? 1 : 0) }) }
            }

            private mutating func follow(_ events: [Event]) {
                var running: String?
                var last = -1
                for event in events {
                    guard event.isStart else {
                        if running == event.id { running = nil } else { self.overlaps.append(event.id) }
                        continue
                    }
                    if running != nil { self.overlaps.append(event.id) }
                    running = event.id
                    self.starts += 1
                    guard self.ids.insert(event.id).inserted else {
                        self.repeated += 1
                        continue
                    }
                    // Requests of a key were produced in the order of their numbers, by a producer that keeps order.
                    let number = Int(event.id.dropFirst()) ?? -1
                    if number <= last { self.disorders.append(event.id) }
                    last = number
                }
                if let running { self.unfinished.append(running) }
            }
        }
    }
}

extension TestTopics {
    /// How many records a topic holds.
    func ends(of topic: String) async throws -> Int {
        let configuration = self.configuration
        return try await onTestThread {
            Int(try TopicReader(configuration: configuration, observer: .silent, topics: [topic], from: .end).ends.values.reduce(0, +))
        }
    }
}
