import ArgumentParser
import Delivery
import FleetProcess
import KafkaClient
import Orchestration
import Wire
import WorkerRuntime

struct Bench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure a worker against the plainest loop on the same broker, the parts of a request by themselves, and the learners.",
        discussion: """
            Examples:
              fleet bench seed --records 1000000
              fleet bench limit --in bench.requests --out bench.results --group limit-1 --records 1000000 --json
              fleet bench worker --in bench.requests --out bench.results --group worker-1 --records 1000000 --json
              fleet bench latency --rate 10000 --seconds 20 --json
              fleet bench micro
              fleet bench learners
              fleet bench feedback
              fleet bench freshness
              fleet bench loop

            Absolute figures move with the machine: compare a worker with the limit of the same run.
            """,
        subcommands: [
            Seed.self, WorkerRun.self, Limit.self, Latency.self, Micro.self, Learners.self, FeedbackRun.self, Freshness.self, Loop.self,
        ]
    )

    /// What the measuring commands share.
    struct Target: ParsableArguments {
        @OptionGroup var connection: ConnectionOptions

        @Option(name: .customLong("in"), help: ArgumentHelp("Topic of the requests.", valueName: "topic"))
        var input = "bench.requests"

        @Option(name: .customLong("out"), help: ArgumentHelp("Topic of the replies.", valueName: "topic"))
        var output = "bench.results"

        @Option(help: ArgumentHelp("Consumer group; a new one reads from the beginning. (default: a new one)", valueName: "name"))
        var group: String?

        @Option(help: ArgumentHelp("Records to read.", valueName: "number"))
        var records = 1_000_000

        @Flag(help: "Print one line of JSON.")
        var json = false

        init() {}

        var groupName: String { self.group ?? "bench-\(RequestID.make().prefix(13))" }

        func validate() throws {
            guard self.records > 0 else { throw ValidationError("--records must be 1 or more") }
        }

        /// Fails at once when the broker or a topic is not there; a worker would wait for it.
        ///
        /// - Parameter topics: further topics, which are made when they are missing.
        func check(creating topics: [String] = []) async throws {
            let configuration = try self.connection.clientConfiguration("check")
            let (input, output) = (self.input, self.output)
            try await reporting {
                try await onOwnThread {
                    let admin = try KafkaAdmin(configuration: configuration, observer: ConnectionOptions.observer)
                    for topic in [input, output] where try admin.describeTopics(topic).allSatisfy({ $0.partitions.isEmpty }) {
                        FleetProcess.complain("fleet: there is no topic \(topic); make and fill it with: fleet bench seed")
                        throw ExitCode.failure
                    }
                    try admin.createTopics(topics.map { TopicSpecification(name: $0, partitions: 8) })
                }
            }
        }
    }

    struct Seed: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Create the bench's topics and fill the requests' topic.",
            discussion: """
                Examples:
                  fleet bench seed --records 1000000 --partitions 8 --keys 1000
                """
        )

        @OptionGroup var target: Target

        @Option(help: ArgumentHelp("Partitions of the topics, if they are created.", valueName: "number"))
        var partitions: Int32 = 8

        @Option(help: ArgumentHelp("Different keys; 0 for records without key.", valueName: "number"))
        var keys = 1_000

        @Option(help: ArgumentHelp("Size of a request's JSON.", valueName: "bytes"))
        var bytes = 400

        func run() async throws {
            try await reporting {
                try await onOwnThread { try self.seed() }
            }
        }

        private func seed() throws {
            let configuration = try self.target.connection.clientConfiguration("seed")
            let observer = ConnectionOptions.observer
            try KafkaAdmin(configuration: configuration, observer: observer).createTopics(
                [self.target.input, self.target.output].map { TopicSpecification(name: $0, partitions: self.partitions) }
            )
            let producer = try KafkaProducer(
                configuration: configuration.merging(["queue.buffering.max.messages": "500000", "linger.ms": "50"]),
                observer: observer
            )
            let topic = try producer.topic(self.target.input)
            var failure: KafkaError?
            for index in 0..<self.target.records {
                let (key, value) = BenchRequest.make(index, keys: self.keys, bytes: self.bytes)
                while true {
                    let outcome = value.withUnsafeBytes { value in
                        guard let key else { return producer.produce(to: topic, key: nil, value: value) }
                        return key.withUnsafeBytes { producer.produce(to: topic, key: $0, value: value) }
                    }
                    if case .refused(let error) = outcome { throw error }
                    if outcome == .accepted { break }
                    producer.flush(milliseconds: 5) { failure = $1 ?? failure }
                }
                if index % 100_000 == 99_999 { FleetProcess.complain("seeded \(index + 1) of \(self.target.records)") }
            }
            while producer.queueLength > 0 {
                producer.flush(milliseconds: 100) { failure = $1 ?? failure }
            }
            if let failure { throw failure }
            Console.line("\(self.target.records) requests in \(self.target.input)")
        }
    }

    struct WorkerRun: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "worker",
            abstract: "Run an echo worker over requests that are there, from the first record received to the last commit.",
            discussion: """
                Examples:
                  fleet bench worker --in bench.requests --out bench.results --group worker-1 --records 1000000 --json
                  fleet bench worker --records 2000000 --memory-every 250000

                A thousand keys with one request of 3 ms each, all at the same time; what counts is "from the assignment to the last reply":
                  fleet bench seed --in keys.requests --out keys.results --records 1000 --keys 1000
                  fleet bench worker --in keys.requests --out keys.results --records 1000 --delay-us 3000 --concurrency 1000
                """
        )

        @OptionGroup var target: Target

        @Option(help: ArgumentHelp("Microseconds that the echo waits; 0 does not wait at all.", valueName: "us"))
        var delayUs = 0

        @Option(help: ArgumentHelp("Handlers at the same time.", valueName: "number"))
        var concurrency = 100

        @Option(help: ArgumentHelp("Records taken from the log and not finished, at most.", valueName: "number"))
        var inFlight = DeliveryLimits().records

        @Option(help: "key, none or partition.")
        var ordering: Ordering = .key

        @Option(help: "at_least_once or exactly_once.")
        var delivery: DeliveryGuarantee = .atLeastOnce

        @Option(help: "on: one signal about the orchestrator per request, as in production; off: none.")
        var signals: Switch = .off

        @Option(help: ArgumentHelp("Tell the resident memory each time so many records more have come.", valueName: "number"))
        var memoryEvery: Int?

        @Flag(help: "Count allocations, librdkafka's included; costs a little speed.")
        var countAllocations = false

        enum Switch: String, CaseIterable, ExpressibleByArgument {
            case on, off
        }

        func validate() throws {
            guard (0...60_000_000).contains(self.delayUs) else { throw ValidationError("--delay-us must be 0 to 60000000") }
            guard self.memoryEvery ?? 1 > 0 else { throw ValidationError("--memory-every must be 1 or more") }
            guard (1...100_000).contains(self.concurrency) else { throw ValidationError("--concurrency must be 1 to 100000") }
        }

        func run() async throws {
            var configuration = WorkerConfiguration()
            configuration.bootstrapServers = self.target.connection.bootstrapServers
            configuration.topicPrefix = self.target.connection.topicPrefix
            configuration.kafka = try self.target.connection.properties()
            configuration.groupID = self.target.groupName
            configuration.recordLimit = self.target.records
            configuration.concurrency = self.concurrency
            configuration.inFlight.records = max(self.inFlight, self.concurrency)
            configuration.ordering = self.ordering
            configuration.delivery = self.delivery
            configuration.signals = self.signals == .on ? .all : .off
            let signals = TopicNames(prefix: configuration.topicPrefix).signals(.agent)
            try await self.target.check(creating: self.signals == .on ? [signals] : [])
            if self.countAllocations { AllocationCount.enable() }
            let bench = WorkerBench(
                configuration: configuration,
                input: self.target.input,
                output: self.target.output,
                delay: .microseconds(self.delayUs),
                memoryInterval: self.memoryEvery
            )
            let result = try await reporting { try await bench.run() }
            result.show(json: self.target.json)
        }
    }

    struct Limit: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "The plainest consume → produce loop that librdkafka allows: no JSON, no handlers, one thread.",
            discussion: """
                Examples:
                  fleet bench limit --in bench.requests --out bench.results --group limit-1 --records 1000000 --json
                """
        )

        @OptionGroup var target: Target

        func run() async throws {
            try await self.target.check()
            let bench = LimitBench(
                bootstrapServers: self.target.connection.bootstrapServers,
                input: self.target.input,
                output: self.target.output,
                group: self.target.groupName,
                records: self.target.records,
                kafka: try self.target.connection.properties()
            )
            do {
                let result = try await onOwnThread { try bench.run() }
                result.show(json: self.target.json)
            } catch let error as LimitBench.Failure {
                FleetProcess.complain("fleet: \(error)")
                throw ExitCode.failure
            }
        }
    }
}

/// Requests of the size that the field's comparisons use.
enum BenchRequest {
    static func make(_ index: Int, keys: Int, bytes: Int) -> (key: [UInt8]?, value: [UInt8]) {
        let digits = String(index)
        let id = "0190b2f1-0000-7000-8000-\(String(repeating: "0", count: max(0, 12 - digits.count)))\(digits)"
        let head =
            #"{"orchestrator":"echo","context":{"tenant_id":"acme","request_id":"\#(id)","trace_id":null,"#
            + #""parent_orchestrator":null,"orchestration_depth":0,"metadata":{}},"kwargs":{"n":\#(index),"text":""#
        let text = String(repeating: "x", count: max(0, bytes - head.utf8.count - 3))
        return (keys > 0 ? Array("key-\(index % keys)".utf8) : nil, Array("\(head)\(text)\"}}".utf8))
    }
}
