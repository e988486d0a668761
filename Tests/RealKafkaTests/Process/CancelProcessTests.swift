import JSON
import KafkaClient
import KafkaProcess
import Orchestration
import Testing
import Wire

extension RealKafkaSuite {
    /// Requests that are cancelled by their ids, wherever they are.
    @Suite struct CancelProcessTests {
        private func cancel(_ arguments: [String], of topics: TestTopics) async throws -> ChildProcess.Completion {
            try await ChildProcess.run(
                ChildProcess.buildProduct("fleet"),
                arguments: ["cancel", "--bootstrap-servers", topics.bootstrapServers, "--topic-prefix", topics.prefix] + arguments
            )
        }

        private func probe(_ id: String, _ kwargs: JSONObject = ["delay_ms": 3_600_000]) -> Request {
            Request(id: "event-\(id)", orchestrator: "probe", tenantID: "acme", requestID: id, kwargs: kwargs)
        }

        @Test func cancelledRequestsAreAnsweredOnceByWhicheverWorkerHasThem() async throws {
            let topics = try await TestTopics.ofLayer(
                .application,
                partitions: 4,
                more: [TopicSpecification(name: "events", partitions: 1)]
            )
            let names = topics.names
            let arguments = ["--enable-probe", "--probe-events", "\(topics.prefix)events", "--admin-address", "127.0.0.1:0"]
            // Nobody made the control topic: the workers work, and the tool says what to do.
            let first = try await WorkerProcess.ready("application-worker", id: "first", of: topics, arguments)
            let missing = try await self.cancel(["a"], of: topics)
            #expect(missing.status == .exited(1) && missing.standardError.contains("\(names.control) does not exist"))
            try await first.child.waitForLine(containing: "requests cannot be cancelled here")
            try await topics.create([TopicSpecification(name: names.control, partitions: 3, settings: names.settings(of: names.control))])
            let second = try await WorkerProcess.ready("application-worker", id: "second", of: topics, arguments)
            try await first.child.waitForLine(containing: "the control topic is read again")

            // Two in each partition: one runs, one waits behind it.
            let events = try await Collector(["\(topics.prefix)events"], of: topics)
            let results = try await Collector([names.results(.application)], of: topics)
            let requests = (0..<8).map { TestRecord(self.probe("r-\($0)"), partition: Int32($0 % 4), key: "k-\($0 % 4)") }
            try await Submitter.send(requests, to: names.requests(.application), of: topics)
            try await events.wait(for: 4)
            let cancelled = try await self.cancel(
                (0..<8).map { "r-\($0)" } + ["--wait", "--json", "--reason", "enough", "--timeout", "60"],
                of: topics
            )
            #expect(cancelled.status.isSuccess && cancelled.outputLines.count == 8, "\(cancelled.standardError)")
            for line in cancelled.outputLines {
                let reply = try JSONValue(parsing: line)
                #expect(reply["status"] == "cancelled" && reply["error"] == "enough" && reply["retryable"] == false, "\(line)")
            }
            // Four have begun, and all four have ended.
            try await events.wait(for: 8)

            // Before the request, and before the worker that gets it: both workers end, and a new one comes.
            #expect(try await first.drain() == .exited(0))
            let metrics = try await second.get("/metrics").body
            #expect(metrics.contains(#"fleet_worker_cancellations_kept{layer="application"} 8"#), "\(metrics)")
            #expect(try await second.drain() == .exited(0))
            #expect(try await self.cancel(["late", "again"], of: topics).status.isSuccess)
            #expect(try await self.cancel(["again", "--withdraw"], of: topics).status.isSuccess)
            try await Submitter.send(
                ["late", "again"].map { TestRecord(self.probe($0, [:]), partition: 0, key: "k") },
                to: names.requests(.application),
                of: topics
            )
            let third = try await WorkerProcess.ready("application-worker", id: "third", of: topics, arguments)
            let replies = try await results.wait(for: 10).map { try Reply(decoding: $0.value ?? []) }
            #expect(replies.first { $0.requestID == "late" }?.result.isCancelled == true)
            #expect(replies.first { $0.requestID == "again" }?.result.success == true)
            try await topics.waitUntilCommitted(group: "\(topics.prefix)fleet.application", topic: names.requests(.application))
            #expect(try await third.drain() == .exited(0))
            #expect(results.count == 10 && Set(replies.map(\.requestID)).count == 10)
            #expect(try await topics.readAll(names.deadLetters(.application)).isEmpty)
        }
    }
}
