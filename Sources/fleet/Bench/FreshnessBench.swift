import ArgumentParser
import Feedback
import FleetProcess
import JSON
import KafkaClient
import Observability
import Orchestration
import Wire
import WorkerRuntime

extension Bench {
    struct Freshness: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "freshness",
            abstract: "Time from a signal to the moment every worker chooses with the policy that learned it.",
            discussion: """
                One feedback orchestrator and some workers share this process; signals are sent one by one at uneven intervals, beside a steady
                background of others, and every worker's table of policies is looked at until it has the signal. The first ten are not counted.

                Examples:
                  fleet bench freshness
                  fleet bench freshness --processing-interval 20 --samples 500 --delivery at_least_once --json
                """
        )

        /// Signals that are followed before and not counted: clients connect.
        private static let warmUp = 10

        @OptionGroup var connection: ConnectionOptions

        @Option(help: ArgumentHelp("Signals that are followed.", valueName: "number"))
        var samples = 200

        @Option(help: ArgumentHelp("Workers.", valueName: "number"))
        var workers = 3

        @Option(help: ArgumentHelp("Other signals a second, about 100 components.", valueName: "number"))
        var background = 1_000

        @Option(help: ArgumentHelp("What is promised: at_least_once or exactly_once.", valueName: "guarantee"))
        var delivery: DeliveryGuarantee = .exactlyOnce

        @Option(help: ArgumentHelp("What was learned is published within so many milliseconds.", valueName: "ms"))
        var processingInterval: Int64 = 1_000

        @Flag(help: "Print one line of JSON.")
        var json = false

        func validate() throws {
            guard (2...100_000).contains(self.samples) else { throw ValidationError("--samples must be 2 to 100,000") }
            guard (1...100).contains(self.workers) else { throw ValidationError("--workers must be 1 to 100") }
            guard (0...100_000).contains(self.background) else { throw ValidationError("--background must be 0 to 100,000") }
        }

        func run() async throws {
            try await reporting {
                let fixture = try await FeedbackFixture.make(self.connection, partitions: 8)
                let tables = (0..<self.workers).map { _ in PolicyTable() }
                let (ready, isReady) = AsyncStream.makeStream(of: Int.self)
                let feedback = FeedbackWorker(
                    configuration: fixture.configuration("feedback", self.delivery),
                    schedule: FeedbackSchedule(processingInterval: self.processingInterval),
                    logger: FeedbackFixture.logger,
                    onReady: { if !$0.isEmpty { isReady.yield(-1) } }
                )
                let services: [any FleetService] =
                    [feedback]
                    + tables.enumerated().map { number, table in
                        Worker(
                            .application,
                            configuration: fixture.configuration("worker-\(number)"),
                            facade: OrchestrationFacade(logger: FeedbackFixture.logger),
                            policies: table,
                            logger: FeedbackFixture.logger,
                            onReady: { _ in isReady.yield(number) }
                        )
                    }
                let latencies = try await FeedbackFixture.running(services) {
                    var missing = Set(-1..<self.workers)
                    for await number in ready {
                        missing.remove(number)
                        if missing.isEmpty { break }
                    }
                    return try await self.measure(fixture, tables)
                }
                self.show(latencies.sorted())
            }
        }

        /// Milliseconds of each sample.
        private func measure(_ fixture: FeedbackFixture, _ tables: [PolicyTable]) async throws -> [Double] {
            let producer = try KafkaProducer(
                configuration: try self.connection.clientConfiguration("freshness").merging(["linger.ms": "0"]),
                observer: ConnectionOptions.observer
            )
            let topic = try producer.topic(fixture.names.signals(.model))
            let send = { @Sendable (component: String, id: String) in
                let signal = FeedbackSignal(source: .trajectory, componentType: .model, componentID: component, reward: 0.5)
                let value = SignalCodec.encode(signal, id: id, timestamp: 1_790_000_000)
                _ = Array(component.utf8).withUnsafeBytes { key in
                    value.withUnsafeBytes { producer.produce(to: topic, key: key, value: $0) }
                }
                producer.readReports { _, _ in }
            }
            let rate = self.background
            let others = Task {
                var number = 0
                while rate > 0, (try? await Task.sleep(for: .milliseconds(10))) != nil {
                    for _ in 0..<max(1, rate / 100) {
                        send("other-\(number % 100)", "other-\(number)")
                        number += 1
                    }
                }
            }
            defer { others.cancel() }
            let clock = ContinuousClock()
            var generator = SystemRandomNumberGenerator()
            var latencies: [Double] = []
            let component = ComponentID(.model, "followed")
            for sample in 1...self.samples + Self.warmUp {
                try await Task.sleep(for: .milliseconds(Int.random(in: 5...250, using: &generator)))
                let start = clock.now
                send(component.id, "followed-\(sample)")
                while tables.contains(where: { $0.snapshot(of: component)?.signals ?? 0 < Int64(sample) }) {
                    guard clock.now - start < .seconds(60) else {
                        FleetProcess.complain("fleet: a signal was not learned within a minute")
                        throw ExitCode.failure
                    }
                    try await Task.sleep(for: .milliseconds(1))
                }
                if sample > Self.warmUp { latencies.append((clock.now - start) / .milliseconds(1)) }
            }
            return latencies
        }

        private func show(_ sorted: [Double]) {
            func quantile(_ share: Double) -> Double { sorted[min(sorted.count - 1, Int(share * Double(sorted.count)))] }
            let (p50, p90, p99) = (quantile(0.5), quantile(0.9), quantile(0.99))
            guard self.json else {
                Console.line(
                    "freshness \(self.delivery.rawValue), \(self.workers) workers, at most \(self.processingInterval) ms between writes: "
                        + "p50 \(rounded(p50)) ms, p90 \(rounded(p90)) ms, p99 \(rounded(p99)) ms, max \(rounded(sorted.last ?? 0)) ms"
                )
                return
            }
            var writer = JSONWriter()
            writer.beginObject()
            writer.member("bench", "freshness")
            writer.member("samples", sorted.count)
            writer.member("p50_ms", p50)
            writer.member("p90_ms", p90)
            writer.member("p99_ms", p99)
            writer.member("max_ms", sorted.last ?? 0)
            writer.endObject()
            Console.line(String(decoding: writer.bytes, as: UTF8.self))
        }
    }
}
