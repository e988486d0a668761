import ArgumentParser
import DrillOrchestrators
import Feedback
import FleetProcess
import JSON
import KafkaClient
import Observability
import Orchestration
import Wire
import WorkerRuntime

extension Bench {
    struct Loop: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "loop",
            abstract: "Let workers choose, signals flow and policies come back, in a world that changes half way.",
            discussion: """
                Four models, two kinds of task; for each kind another model is best. Workers choose, the world rewards, the feedback orchestrator
                learns. Half way the world changes. Shows the share of right choices; everything runs in this process, on an embedded broker or
                a real one.

                Examples:
                  fleet bench loop
                  fleet bench loop --on-broker --bootstrap-servers localhost:9092 --learner lin_ts --requests 6000
                """
        )

        @OptionGroup var connection: ConnectionOptions

        @Flag(help: "Use the brokers of --bootstrap-servers, with topics of its own, and exactly_once for what is learned.")
        var onBroker = false

        @Option(help: ArgumentHelp("Requests in all.", valueName: "number"))
        var requests = 4_000

        @Option(help: ArgumentHelp("Requests under way at the same time.", valueName: "number"))
        var concurrency = 20

        @Option(help: ArgumentHelp("How the models are learned.", valueName: "algorithm"))
        var learner: LearnerAlgorithm = .linTSDiscounted

        @Option(help: ArgumentHelp("The right share of a hundred requests that counts as learned.", valueName: "share"))
        var target = 0.85

        @Flag(help: "Print one line of JSON.")
        var json = false

        func validate() throws {
            guard (400...1_000_000).contains(self.requests) else { throw ValidationError("--requests must be 400 to 1,000,000") }
            guard (1...1_000).contains(self.concurrency) else { throw ValidationError("--concurrency must be 1 to 1,000") }
            guard (0...1).contains(self.target) else { throw ValidationError("--target must be 0 to 1") }
        }

        func run() async throws {
            let shares = try await reporting {
                self.onBroker
                    ? try await self.run(try await FeedbackFixture.make(self.connection, partitions: 4), .exactlyOnce)
                    : try await self.runEmbedded()
            }
            self.show(shares)
            guard LoopReport(shares, target: self.target).isLearned else { throw ExitCode.failure }
        }

        private func runEmbedded() async throws -> [Double] {
            let broker = try EmbeddedBroker()
            var connection = self.connection
            connection.bootstrapServers = broker.bootstrapServers
            let fixture = FeedbackFixture(
                connection: connection,
                names: TopicNames(),
                partitions: 4,
                properties: try connection.properties().merging(EmbeddedBroker.clientDefaults) { mine, _ in mine }
            )
            try TopicProvision.create(fixture.names, partitions: 4, on: broker)
            defer { withExtendedLifetime(broker) {} }
            return try await self.run(fixture, .atLeastOnce)
        }

        /// - Returns: the share of right choices in each hundred requests.
        private func run(_ fixture: FeedbackFixture, _ delivery: DeliveryGuarantee) async throws -> [Double] {
            let (ready, isReady) = AsyncStream.makeStream(of: Int.self)
            var services: [any FleetService] = [
                FeedbackWorker(
                    configuration: fixture.configuration("feedback", delivery),
                    feedback: FeedbackSettings(learners: [.model: [self.learner]]),
                    logger: FeedbackFixture.logger,
                    onReady: { if !$0.isEmpty { isReady.yield(0) } }
                )
            ]
            for number in 1...2 {
                let facade = OrchestrationFacade(logger: FeedbackFixture.logger)
                try facade.register(ProbeOrchestrator(layer: .application))
                services.append(
                    Worker(
                        .application,
                        configuration: fixture.configuration("worker-\(number)"),
                        facade: facade,
                        logger: FeedbackFixture.logger,
                        onReady: { if !$0.isEmpty { isReady.yield(number) } }
                    )
                )
            }
            return try await FeedbackFixture.running(services) {
                var missing: Set<Int> = [0, 1, 2]
                for await number in ready {
                    missing.remove(number)
                    if missing.isEmpty { break }
                }
                let (requests, concurrency, json) = (self.requests, self.concurrency, self.json)
                return try await onOwnThread {
                    let world = try LoopWorld(fixture, requests: requests)
                    return try world.run(concurrency: concurrency) { done in
                        if !json, done % 500 == 0 { FleetProcess.complain("\(done) of \(requests) requests") }
                    }
                }
            }
        }

        private func show(_ shares: [Double]) {
            let report = LoopReport(shares, target: self.target)
            guard self.json else {
                for line in report.lines { Console.line(line) }
                return
            }
            var writer = JSONWriter()
            writer.beginObject()
            writer.member("bench", "loop")
            writer.member("learner", self.learner.rawValue)
            if let learned = report.learnedAfter { writer.member("learned_after_requests", learned) }
            if let recovered = report.recoveredAfter { writer.member("recovered_after_requests", recovered) }
            writer.member("right_shares", JSONValue.array(shares.map { .number($0) }))
            writer.endObject()
            Console.line(String(decoding: writer.bytes, as: UTF8.self))
        }
    }
}

/// Requests whose arguments describe the world, and the replies to them; for one thread.
struct LoopWorld {
    private static let tasks = ["summarization", "reasoning"]
    /// Mean rewards of the four models by kind of task, before and after the change.
    private static let rewards: [[[Double]]] = [
        [[0.9, 0.4, 0.6, 0.5], [0.3, 0.85, 0.5, 0.6]],
        [[0.4, 0.5, 0.9, 0.6], [0.6, 0.3, 0.5, 0.85]],
    ]

    private let producer: KafkaProducer
    private let topic: ProducerTopic
    private let reader: TopicReader
    private let requests: Int
    private let run = RequestID.make()

    init(_ fixture: FeedbackFixture, requests: Int) throws {
        let client = try fixture.connection.readerConfiguration("loop").merging(fixture.properties)
        self.producer = try KafkaProducer(configuration: client.merging(["linger.ms": "0"]), observer: ConnectionOptions.observer)
        self.topic = try self.producer.topic(fixture.names.requests(.application))
        self.reader = try TopicReader(
            configuration: client,
            observer: ConnectionOptions.observer,
            topics: [fixture.names.results(.application)],
            from: .end
        )
        self.requests = requests
    }

    /// - Returns: the share of right choices in each hundred requests.
    func run(concurrency: Int, _ progress: (Int) -> Void) throws -> [Double] {
        var right = [Int](repeating: 0, count: (self.requests + 99) / 100)
        var (sent, done) = (0, 0)
        while done < self.requests {
            while sent < min(self.requests, done + concurrency) {
                try self.send(sent)
                sent += 1
            }
            self.producer.readReports { _, _ in }
            for record in try self.reader.read(milliseconds: 1_000) {
                guard let id = record.headers["ce_causationid"], id.hasPrefix(self.run), let number = Int(id.dropFirst(self.run.count + 1)),
                    number < self.requests
                else { continue }
                done += 1
                let reply = try JSONValue(parsing: record.value ?? [])
                if reply["data"]?["is_best"]?.boolValue == true { right[number / 100] += 1 }
                if done % 100 == 0 { progress(done) }
            }
        }
        return right.map { Double($0) / 100 }
    }

    private func send(_ number: Int) throws {
        let (task, phase) = (number % 2, number * 2 >= self.requests ? 1 : 0)
        var among = JSONObject()
        for (model, reward) in Self.rewards[phase][task].enumerated() { among["model-\(model)"] = .number(reward) }
        let request = Request(
            id: "\(self.run)-\(number)",
            orchestrator: "probe",
            tenantID: "bench",
            kwargs: ["choose": ["among": .object(among), "noise": 0.1, "situation": ["task_type": .string(Self.tasks[task])]]]
        )
        let (value, headers) = request.encode()
        let outcome = headers.withView { headers in
            value.withUnsafeBytes { self.producer.produce(to: self.topic, key: nil, value: $0, headers: headers) }
        }
        if case .refused(let error) = outcome { throw error }
    }
}

/// What the shares of right choices say, as a table and a plot.
struct LoopReport {
    private let shares: [Double]
    private let target: Double

    init(_ shares: [Double], target: Double) {
        self.shares = shares
        self.target = target
    }

    private var change: Int { self.shares.count / 2 }

    /// Requests until the first hundred that reached the target, that hundred included; nil when none did before the change.
    var learnedAfter: Int? { self.shares.prefix(self.change).firstIndex { $0 >= self.target }.map { ($0 + 1) * 100 } }
    /// The same, counted from the change.
    var recoveredAfter: Int? {
        self.shares.dropFirst(self.change).firstIndex { $0 >= self.target }.map { ($0 - self.change + 1) * 100 }
    }
    var isLearned: Bool { self.learnedAfter != nil && self.recoveredAfter != nil }

    var lines: [String] {
        var lines = ["  requests  right"]
        for (index, share) in self.shares.enumerated() {
            if index == self.change { lines.append("            the world changes") }
            let bar = String(repeating: "█", count: Int((share * 50).rounded()))
            lines.append("\(padded("\((index + 1) * 100)", 10))  \(padded("\(Int((share * 100).rounded()))", 3)) %  \(bar)")
        }
        let percent = Int((self.target * 100).rounded())
        lines.append(
            self.learnedAfter.map { "\(percent) % right within \($0) requests." }
                ?? "\(percent) % right were never reached before the change."
        )
        lines.append(
            self.recoveredAfter.map { "\(percent) % right again within \($0) requests after the change." }
                ?? "\(percent) % right were not reached again after the change."
        )
        return lines
    }
}

private func padded(_ text: String, _ width: Int) -> String { String(repeating: " ", count: max(0, width - text.count)) + text }
