import DrillOrchestrators
import JSON
import KafkaClient
import KafkaProcess
import Observability
import Orchestration
import Synchronization
import Testing
import Wire
import WorkerRuntime

extension RealKafkaSuite {
    @Suite struct LifecycleTests {
        private func send(_ count: Int, _ topics: TestTopics, key: String? = nil) async throws {
            try await Submitter.send(count: count, to: topics.names.requests(.domain), of: topics) {
                TestRecord(Request(id: "\($0)", orchestrator: "note", tenantID: "acme"), partition: 0, key: key)
            }
        }

        private func held(_ journal: Journal, _ gate: Gate) -> ClosureOrchestrator {
            ClosureOrchestrator("note") { context, _ in
                try await journal.record(context.requestID) { try await gate.pass() }
                return .ok()
            }
        }

        private func committed(_ topics: TestTopics) async throws -> Int64 {
            let source = TopicPartition(topic: topics.names.requests(.domain), partition: 0)
            return try await topics.admin { try $0.committedOffsets(group: "\(topics.prefix)fleet.domain", partitions: [source]) }[0].offset
        }

        @Test func drainFinishesWhatRunsAndLeavesTheRest() async throws {
            let topics = try await TestTopics.ofLayer(.domain, partitions: 1)
            let (journal, gate) = (Journal(), Gate())
            let worker = try await topics.startWorker(.domain, [self.held(journal, gate)]) { $0.concurrency = 3 }
            try await self.send(50, topics)
            try await eventually("3 running") { journal.running == 3 }
            worker.service.drain()
            try await eventually("draining") { worker.service.health.unreadyReason == "draining" }
            gate.open()
            try await worker.waitUntilEnded()
            #expect(journal.started.sorted() == ["0", "1", "2"] && journal.running == 0)
            let replies = try await topics.readAll(topics.names.results(.domain))
            #expect(Set(replies.map { $0.headers["ce_causationid"] ?? "" }) == ["0", "1", "2"])
            #expect(try await self.committed(topics) == 3)

            // The next worker goes on where this one has stopped.
            let second = try await topics.startWorker(.domain, [self.held(journal, gate)])
            try await Collector([topics.names.results(.domain)], of: topics).wait(for: 50)
            try await second.drain()
            #expect(journal.started.count == 50 && Set(journal.started).count == 50)
            #expect(try await self.committed(topics) == 50)
        }

        @Test func drainThatTakesTooLongGivesUp() async throws {
            let topics = try await TestTopics.ofLayer(.domain, partitions: 1)
            let (journal, gate) = (Journal(), Gate())
            let worker = try await topics.startWorker(.domain, [self.held(journal, gate)]) { $0.drainTimeout = 200 }
            try await self.send(1, topics)
            try await eventually("1 running") { journal.running == 1 }
            worker.service.drain()
            // The loop gives up, leaves the group without a commit, and only the handler itself is still waited for.
            try await eventually("an empty group", deadline: .now + .seconds(30), tick: .milliseconds(100)) {
                let group = try await topics.admin { try $0.listGroups() }.first { $0.id == "\(topics.prefix)fleet.domain" }
                return (group?.members ?? 0) == 0
            }
            gate.open()
            try await worker.waitUntilEnded()
            #expect(try await self.committed(topics) <= 0)
            #expect(try await topics.readAll(topics.names.results(.domain)).isEmpty)
        }

        @Test func stopCancelsAndCommitsNothingUnfinished() async throws {
            let topics = try await TestTopics.ofLayer(.domain, partitions: 1)
            let (journal, gate, open) = (Journal(), Gate(), Gate())
            open.open()
            let orchestrator = ClosureOrchestrator("note") { context, _ in
                try await journal.record(context.requestID) { try await (context.requestID == "0" ? open : gate).pass() }
                return .ok()
            }
            let worker = try await topics.startWorker(.domain, [orchestrator])
            try await self.send(20, topics, key: "k")
            try await eventually("the second running") { journal.started == ["0", "1"] }
            try await topics.waitUntilReplied(1)
            // Nobody opens the gate: only the cancellation can end the handler.
            try await worker.stop()
            #expect(journal.running == 0)
            #expect(journal.started == ["0", "1"])
            let replies = try await topics.readAll(topics.names.results(.domain))
            #expect(replies.map { $0.headers["ce_causationid"] } == ["0"])
            #expect(try await self.committed(topics) <= 1)
        }

        @Test func drainAndStopBeforeTheStartEndTheRun() async throws {
            let topics = try await TestTopics.ofLayer(.domain, partitions: 1)
            for stops in [false, true] {
                var configuration = WorkerConfiguration()
                configuration.bootstrapServers = topics.bootstrapServers
                configuration.topicPrefix = topics.prefix
                let worker = Worker(.domain, configuration: configuration, facade: OrchestrationFacade(logger: .silent), logger: .silent)
                stops ? worker.stop() : worker.drain()
                try await worker.run()
            }
        }

        @Test func orchestratorsAreShutDownAtTheEnd() async throws {
            struct Closing: Orchestrator {
                let name = "closing"
                let layer = OrchestrationLayer.domain
                let closed: Journal
                func orchestrate(_ context: OrchestrationContext, _ arguments: Arguments) async throws -> StepResult { .ok() }
                func shutdown() async { await self.closed.record("closed") {} }
            }
            let topics = try await TestTopics.ofLayer(.domain, partitions: 1)
            let closed = Journal()
            let worker = try await topics.startWorker(.domain, [Closing(closed: closed)])
            #expect(closed.started == [])
            try await worker.drain()
            #expect(closed.started == ["closed"])
        }

        @Test func onlyAcknowledgedRecordsAreCommitted() async throws {
            // The results topic is missing: every handler returns, no reply can be acknowledged.
            let topics = try await TestTopics.unused()
            let names = topics.names
            try await topics.create([TopicSpecification(name: names.requests(.domain), partitions: 1)])
            let journal = Journal()
            let orchestrator = ClosureOrchestrator("note") { context, _ in
                await journal.record(context.requestID) {}
                return .ok()
            }
            let registry = MetricsRegistry()
            let worker = try await topics.startWorker(.domain, [orchestrator], registry: registry) { configuration in
                configuration.signals = .off
                configuration.kafka = ["topic.metadata.propagation.max.ms": "300"]
                configuration.drainTimeout = 500
            }
            try await self.send(10, topics)
            try await eventually("all handlers' ends") { journal.entries.count == 20 }
            try await eventually("a refused delivery", deadline: .now + .seconds(30)) {
                registry.counter(.deliveryRetries, "domain").value > 0
            }
            #expect(try await self.committed(topics) <= 0)
            // The replies wait, and go out once the topic is there.
            try await topics.create([TopicSpecification(name: names.results(.domain), partitions: 1)])
            try await Collector([names.results(.domain)], of: topics).wait(for: 10)
            try await topics.waitUntilCommitted(group: "\(topics.prefix)fleet.domain", topic: names.requests(.domain))
            try await worker.drain()
            #expect(journal.started.count == 10)
        }

        @Test func mistakesInTheConfigurationComeTogether() async throws {
            var configuration = WorkerConfiguration()
            configuration.bootstrapServers = ""
            configuration.concurrency = 0
            configuration.retries.maximumAttempts = 0
            configuration.kafka = ["group.id": "x", "no.such.property": "1"]
            let worker = Worker(.domain, configuration: configuration, facade: OrchestrationFacade(logger: .silent), logger: .silent)
            let error = try await #require(throws: WorkerError.self) { try await worker.run() }
            #expect(error.code == .configuration)
            for part in ["bootstrap-servers", "concurrency", "max-attempts", "group.id", "no.such.property"] {
                #expect(error.message.contains(part), "\(part) in \(error.message)")
            }
        }
    }
}

extension TestTopics {
    /// Waits for so many replies of the domain layer.
    fileprivate func waitUntilReplied(_ count: Int) async throws {
        try await Collector([self.names.results(.domain)], of: self).wait(for: count)
    }
}
