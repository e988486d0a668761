import ArgumentParser
import DrillOrchestrators
import Glibc
import JSON
import KafkaClient
import Observability
import Orchestration
import Synchronization
import Wire
import WorkerRuntime

extension Bench {
    struct Latency: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Latency from the intended send to the reply's arrival, at a steady rate.",
            discussion: """
                Open loop: requests are sent when the clock says so, whatever the fleet does, and latency counts from that moment, so that a stall
                is not hidden (coordinated omission). Producer, worker and reader share this process.

                Examples:
                  fleet bench latency --rate 10000 --seconds 20 --json
                """
        )

        @OptionGroup var target: Target

        @Option(help: ArgumentHelp("Requests a second.", valueName: "number"))
        var rate = 10_000

        @Option(help: ArgumentHelp("Seconds to measure, after two of warm-up.", valueName: "number"))
        var seconds = 20

        @Option(help: ArgumentHelp("Milliseconds that the worker's producer waits for a batch to fill.", valueName: "ms"))
        var linger = 5

        @Option(help: ArgumentHelp("Milliseconds that the sender's producer waits for a batch to fill.", valueName: "ms"))
        var sendLinger = 5

        @Option(help: ArgumentHelp("Handlers at the same time.", valueName: "number"))
        var concurrency = 100

        func validate() throws {
            guard (1...1_000_000).contains(self.rate) else { throw ValidationError("--rate must be 1 to 1000000") }
            guard (1...3_600).contains(self.seconds) else { throw ValidationError("--seconds must be 1 to 3600") }
        }

        func run() async throws {
            try await self.target.check()
            var configuration = WorkerConfiguration()
            configuration.bootstrapServers = self.target.connection.bootstrapServers
            configuration.groupID = self.target.groupName
            configuration.concurrency = self.concurrency
            configuration.signals = .off
            configuration.kafka = try self.target.connection.properties()
            configuration.kafka["linger.ms"] = String(self.linger)
            configuration.kafka["auto.offset.reset"] = "latest"
            var logger = Logger(label: "fleet.bench")
            logger.logLevel = .warning
            let facade = OrchestrationFacade(logger: logger)
            try facade.register(EchoOrchestrator(layer: .domain))
            let (ready, announce) = AsyncStream.makeStream(of: Void.self)
            let worker = Worker(
                .domain,
                configuration: configuration,
                facade: facade,
                logger: logger,
                topics: .init(requests: self.target.input, results: self.target.output),
                onReady: { if !$0.isEmpty { announce.finish() } }
            )
            async let work: Void = worker.run()
            for await _ in ready {}
            let latencies = try await reporting { try await self.measure() }
            worker.drain()
            try await work
            self.show(latencies)
        }

        /// Sends and reads on two threads; latencies in microseconds, sorted.
        private func measure() async throws -> [Int] {
            let observer = ConnectionOptions.observer
            let client = try self.target.connection.clientConfiguration("latency")
            let total = self.rate * (self.seconds + 2)
            let run = RequestID.make()
            let interval = 1_000_000_000 / Double(self.rate)
            let rate = self.rate
            let input = self.target.input
            let output = self.target.output
            let linger = String(self.sendLinger)

            return try await withThrowingTaskGroup(of: [Int].self) { group in
                let (positioned, isPositioned) = AsyncStream.makeStream(of: Void.self)
                let schedule = Schedule(interval: interval)
                group.addTask {
                    try await onOwnThread {
                        let reader = try TopicReader(
                            configuration: client.merging(["fetch.wait.max.ms": "100"]),
                            observer: observer,
                            topics: [output],
                            from: .end
                        )
                        isPositioned.finish()
                        var latencies: [Int] = []
                        latencies.reserveCapacity(total)
                        var seen = 0
                        var quiet = 0
                        while seen < total, quiet < 10 {
                            let records = try reader.read(milliseconds: 1_000)
                            let now = Schedule.now
                            quiet = records.isEmpty ? quiet + 1 : 0
                            for record in records {
                                guard let id = record.headers["ce_causationid"], id.hasPrefix(run),
                                    let index = Int(id.dropFirst(run.count + 1))
                                else { continue }
                                seen += 1
                                if index >= rate * 2 { latencies.append(Int((now - schedule.time(of: index)) / 1_000)) }
                            }
                        }
                        return latencies
                    }
                }
                for await _ in positioned {}
                group.addTask {
                    try await onOwnThread {
                        let producer = try KafkaProducer(configuration: client.merging(["linger.ms": linger]), observer: observer)
                        let topic = try producer.topic(input)
                        schedule.begin()
                        for index in 0..<total {
                            schedule.wait(for: index)
                            let (key, value) = BenchRequest.make(index, keys: 1_000, bytes: 400)
                            var headers = RecordHeaders(reservingCapacity: 128)
                            headers.append("ce_id", "\(run)-\(index)")
                            _ = headers.withView { headers in
                                value.withUnsafeBytes { value in
                                    (key ?? []).withUnsafeBytes { producer.produce(to: topic, key: $0, value: value, headers: headers) }
                                }
                            }
                            if index % 64 == 0 { producer.readReports { _, _ in } }
                        }
                        while producer.queueLength > 0 {
                            producer.flush(milliseconds: 100) { _, _ in }
                        }
                        return []
                    }
                }
                var latencies: [Int] = []
                for try await part in group { latencies += part }
                return latencies.sorted()
            }
        }

        private func show(_ latencies: [Int]) {
            let expected = self.rate * self.seconds
            func milliseconds(_ quantile: Double) -> Double {
                guard !latencies.isEmpty else { return 0 }
                return Double(latencies[min(latencies.count - 1, Int(Double(latencies.count) * quantile))]) / 1000
            }
            guard self.target.json else {
                Console.line(
                    "latency: \(latencies.count) of \(expected) replies at \(self.rate)/s, linger \(self.linger) ms: "
                        + "p50 \(hundredths(milliseconds(0.5))) ms, p90 \(hundredths(milliseconds(0.9))) ms, "
                        + "p99 \(hundredths(milliseconds(0.99))) ms, max \(hundredths(milliseconds(1))) ms"
                )
                return
            }
            var writer = JSONWriter()
            writer.beginObject()
            writer.member("bench", "latency")
            writer.member("rate", self.rate)
            writer.member("linger_ms", self.linger)
            writer.member("sent", expected)
            writer.member("replies", latencies.count)
            writer.member("p50_ms", milliseconds(0.5))
            writer.member("p90_ms", milliseconds(0.9))
            writer.member("p99_ms", milliseconds(0.99))
            writer.member("max_ms", milliseconds(1))
            writer.endObject()
            Console.line(String(decoding: writer.bytes, as: UTF8.self))
        }
    }
}

/// When each request is meant to be sent.
private final class Schedule: Sendable {
    private let start = Atomic<Int64>(0)
    private let interval: Double

    init(interval: Double) {
        self.interval = interval
    }

    /// Monotonic nanoseconds.
    static var now: Int64 {
        Int64(ContinuousClock.now.nanosecondsSinceLaunch)
    }

    func begin() { self.start.store(Schedule.now, ordering: .releasing) }

    func time(of index: Int) -> Int64 { self.start.load(ordering: .acquiring) + Int64(Double(index) * self.interval) }

    func wait(for index: Int) {
        while true {
            let left = self.time(of: index) - Schedule.now
            guard left > 0 else { return }
            usleep(UInt32(clamping: max(50, min(left / 1_000, 1_000))))
        }
    }
}

extension ContinuousClock.Instant {
    private static let launch = ContinuousClock.now

    fileprivate var nanosecondsSinceLaunch: Int64 {
        let (seconds, attoseconds) = ContinuousClock.Instant.launch.duration(to: self).components
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }
}
