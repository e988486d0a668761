import ArgumentParser
import Feedback
import JSON
import KafkaClient
import Observability
import Orchestration
import Wire
import WorkerRuntime

extension Bench {
    struct FeedbackRun: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "feedback",
            abstract: "Signals a second through a feedback orchestrator, beside the plainest loop over the same signals.",
            discussion: """
                Makes topics of its own, fills one with signals, lets one feedback orchestrator learn them all (read, learn, write state and policies,
                commit), and then the plain loop of `fleet bench limit` copy the same records.

                Examples:
                  fleet bench feedback --records 1000000 --components 300
                  fleet bench feedback --delivery exactly_once --json
                """
        )

        @OptionGroup var connection: ConnectionOptions

        @Option(help: ArgumentHelp("Signals.", valueName: "number"))
        var records = 500_000

        @Option(help: ArgumentHelp("Components that they are about.", valueName: "number"))
        var components = 300

        @Option(help: ArgumentHelp("Partitions of the topics.", valueName: "number"))
        var partitions: Int32 = 8

        @Option(help: ArgumentHelp("What is promised: at_least_once or exactly_once.", valueName: "guarantee"))
        var delivery: DeliveryGuarantee = .atLeastOnce

        @Option(help: ArgumentHelp("What was learned is written within so many milliseconds.", valueName: "ms"))
        var processingInterval: Int64 = 1_000

        @Flag(help: "Print one line of JSON for each.")
        var json = false

        func validate() throws {
            guard (1...100_000_000).contains(self.records) else { throw ValidationError("--records must be 1 to 100,000,000") }
            guard (1...100_000).contains(self.components) else { throw ValidationError("--components must be 1 to 100,000") }
            guard (1...1_000).contains(self.partitions) else { throw ValidationError("--partitions must be 1 to 1,000") }
        }

        func run() async throws {
            try await reporting {
                let fixture = try await FeedbackFixture.make(self.connection, partitions: self.partitions)
                try await self.seed(fixture)
                try await self.learn(fixture).show(json: self.json)
                let limit = LimitBench(
                    bootstrapServers: self.connection.bootstrapServers,
                    input: fixture.names.signals(.model),
                    output: fixture.names.results(.infrastructure),
                    group: "\(fixture.names.prefix)limit",
                    records: self.records,
                    kafka: fixture.properties
                )
                try await onOwnThread { try limit.run() }.show(json: self.json)
            }
        }

        private func seed(_ fixture: FeedbackFixture) async throws {
            let (records, components) = (self.records, self.components)
            let client = try self.connection.clientConfiguration("seed")
            let observer = ConnectionOptions.observer
            try await onOwnThread {
                let producer = try KafkaProducer(configuration: client, observer: observer)
                let topic = try producer.topic(fixture.names.signals(.model))
                let tasks = ["analysis", "generation", "summarization", "translation", "reasoning"]
                for number in 0..<records {
                    let signal = FeedbackSignal(
                        source: .trajectory,
                        componentType: .model,
                        componentID: "model-\(number % components)",
                        reward: Double(number % 11) / 10,
                        context: ["task_type": .string(tasks[number % tasks.count]), "token_estimate": .integer(Int64(number % 8_000))],
                        metadata: ["request_id": .string("request-\(number)")]
                    )
                    let key = Array(signal.componentID.utf8)
                    let value = SignalCodec.encode(signal, id: "request-\(number).signal.0", timestamp: 1_790_000_000)
                    while true {
                        let outcome = key.withUnsafeBytes { key in
                            value.withUnsafeBytes { producer.produce(to: topic, key: key, value: $0) }
                        }
                        if case .refused(let error) = outcome { throw error }
                        if outcome == .accepted { break }
                        producer.readReports(waiting: 10) { _, _ in }
                    }
                }
                while !producer.flush(milliseconds: 1_000, { _, _ in }) {}
            }
        }

        private func learn(_ fixture: FeedbackFixture) async throws -> BenchResult {
            let registry = MetricsRegistry()
            let taken = registry.counter(.feedbackRecords, "taken")
            let (ready, isReady) = AsyncStream.makeStream(of: Void.self)
            let worker = FeedbackWorker(
                configuration: fixture.configuration("bench", self.delivery),
                schedule: FeedbackSchedule(processingInterval: self.processingInterval),
                logger: FeedbackFixture.logger,
                registry: registry,
                onReady: { if !$0.isEmpty { isReady.finish() } }
            )
            let clock = ContinuousClock()
            var (start, end) = (clock.now, clock.now)
            var (before, after) = (ProcessUsage.now, ProcessUsage.now)
            let allocations = AllocationCount.now
            var last: Int64?
            try await FeedbackFixture.running([worker]) {
                for await _ in ready {}
                (start, before) = (clock.now, ProcessUsage.now)
                while taken.value < Int64(self.records) { try await Task.sleep(for: .milliseconds(5)) }
                (end, after, last) = (clock.now, ProcessUsage.now, AllocationCount.now)
            }
            return BenchResult(
                name: "feedback \(self.delivery.rawValue)",
                records: self.records,
                seconds: (end - start) / .seconds(1),
                cpuSeconds: after.cpuSeconds - before.cpuSeconds,
                maximumResidentMebibytes: after.maximumResidentMebibytes,
                allocationsPerRecord: last.map { Double($0 - (allocations ?? 0)) / Double(max(1, self.records)) }
            )
        }
    }
}
