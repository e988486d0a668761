import ArgumentParser
import CAllocationCounter
import DrillOrchestrators
import Feedback
import JSON
import Observability
import Orchestration
import Wire

extension Bench {
    struct Micro: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Nanoseconds and allocations of decoding a request, dispatching it, encoding its reply, and choosing; no Kafka.",
            discussion: """
                Examples:
                  fleet bench micro
                """
        )

        @Option(help: ArgumentHelp("Times that each part runs.", valueName: "number"))
        var iterations = 200_000

        @Flag(help: "Print one line of JSON a part.")
        var json = false

        func validate() throws {
            guard self.iterations > 0 else { throw ValidationError("--iterations must be 1 or more") }
        }

        func run() async throws {
            let fixture = try MicroFixture()
            self.show("decode", self.measure { fixture.decode() })
            self.show("encode", self.measure { fixture.encode() })
            let dispatched = await self.measureAsync { await fixture.dispatch() }
            self.show("dispatch", dispatched)
            self.show("choose", self.measure { fixture.choose() })
            self.show("choose-again", self.measure { fixture.chooseAgain() })
            #if DEBUG
            Console.line("This is a debug build: the figures mean nothing. Build with -c release.")
            #endif
        }

        private typealias Figures = (nanoseconds: Double, allocations: Double)

        private func measure(_ body: () -> Int) -> Figures {
            var sink = 0
            for _ in 0..<max(1, self.iterations / 10) { sink &+= body() }
            callocationcounter_enable(1)
            let allocations = callocationcounter_count()
            let time = ContinuousClock().measure { for _ in 0..<self.iterations { sink &+= body() } }
            return self.figures(time, allocations, sink)
        }

        private func measureAsync(_ body: () async -> Int) async -> Figures {
            var sink = 0
            for _ in 0..<max(1, self.iterations / 10) { sink &+= await body() }
            callocationcounter_enable(1)
            let allocations = callocationcounter_count()
            let time = await ContinuousClock().measure { for _ in 0..<self.iterations { sink &+= await body() } }
            return self.figures(time, allocations, sink)
        }

        private func figures(_ time: Duration, _ before: Int64, _ sink: Int) -> Figures {
            let count = callocationcounter_count() - before
            callocationcounter_enable(0)
            // The sink keeps the optimiser from leaving the work out.
            precondition(sink != 0, "the measured work produced nothing")
            let (seconds, attoseconds) = time.components
            let nanoseconds = Double(seconds) * 1e9 + Double(attoseconds) / 1e9
            return (nanoseconds / Double(self.iterations), Double(count) / Double(self.iterations))
        }

        private func show(_ name: String, _ figures: Figures) {
            guard self.json else {
                Console.line("\(name): \(Int(figures.nanoseconds)) ns, \(rounded(figures.allocations)) allocations")
                return
            }
            var writer = JSONWriter()
            writer.beginObject()
            writer.member("bench", "micro")
            writer.member("part", name)
            writer.member("ns_per_record", figures.nanoseconds)
            writer.member("allocations_per_record", figures.allocations)
            writer.endObject()
            Console.line(String(decoding: writer.bytes, as: UTF8.self))
        }
    }
}

/// A request of 400 bytes, its reply, a facade with an echo, and four models that something is known of.
private struct MicroFixture {
    private let padded: [UInt8]
    private let count: Int
    private let headers: RecordHeaders
    private let request: Request
    private let facade: OrchestrationFacade
    private let context: OrchestrationContext
    private let forgetful: OrchestrationContext
    private let remembering: OrchestrationContext

    init() throws {
        let (_, value) = BenchRequest.make(1, keys: 0, bytes: 400)
        self.padded = value + Array(repeating: 0, count: 64)
        self.count = value.count
        var headers = RecordHeaders()
        headers.append("ce_specversion", "1.0")
        headers.append("ce_id", RequestID.make())
        headers.append("ce_type", Request.type)
        headers.append("ce_source", "/bench")
        headers.append("content-type", "application/json")
        self.headers = headers
        var logger = Logger(label: "fleet.bench")
        logger.logLevel = .warning
        self.facade = OrchestrationFacade(logger: logger)
        try self.facade.register(EchoOrchestrator(layer: .domain))
        self.request = try MicroFixture.decode(self.padded, self.count, headers)
        self.context = OrchestrationContext(tenantID: "acme", requestID: self.request.requestID, logger: logger)
        let policies = try MicroFixture.policies()
        let choosers = [0, 10_000].map { ComponentChooser(policies: policies, remembering: $0) }
        let contexts = choosers.map { OrchestrationContext(tenantID: "acme", requestID: "r-1", logger: logger, chooser: $0) }
        (self.forgetful, self.remembering) = (contexts[0], contexts[1])
    }

    private static let models = ["gpt-4", "gpt-3.5-turbo", "claude-3-opus", "claude-3-sonnet"]
    private static let situation: JSONObject = ["task_type": "summarization", "complexity": "simple", "token_estimate": 2_000]

    /// Each model has a hundred rewards around its own mean.
    private static func policies() throws -> PolicyTable {
        let table = PolicyTable()
        var generator = SeededGenerator(seed: 1)
        for (index, model) in Self.models.enumerated() {
            var learner = try LearnerAlgorithm.linTS.prior(features: FeatureVector.count(.model))
            for round in 0..<100 {
                let situation: JSONObject = [
                    "task_type": round % 2 == 0 ? "summarization" : "reasoning", "token_estimate": .integer(Int64(round)),
                ]
                let reward = min(1, 0.5 + 0.05 * Double(index) + Double.random(in: 0..<0.3, using: &generator))
                try learner.learn(Observation(features: FeatureVector.make(.model, situation), arm: 0, reward: reward))
            }
            table.take(
                PolicySnapshot(
                    policyVersion: 1,
                    componentType: .model,
                    componentID: model,
                    signals: 100,
                    meanReward: 0.7,
                    bySource: [:],
                    learners: ["lin_ts": try LearnerState.encode(learner)],
                    firstSignalAt: 0,
                    lastSignalAt: 0,
                    updatedAt: 0,
                    worker: "bench"
                )
            )
        }
        return table
    }

    private static func decode(_ bytes: [UInt8], _ count: Int, _ headers: RecordHeaders) throws -> Request {
        try bytes.withUnsafeBytes { bytes in
            try headers.withView { headers in
                try Request(
                    decoding: RecordView(
                        key: nil,
                        value: UnsafeRawBufferPointer(rebasing: bytes[0..<count]),
                        readableBytes: bytes.count,
                        headers: headers
                    ),
                    fallbackID: ""
                )
            }
        }
    }

    func decode() -> Int {
        (try? MicroFixture.decode(self.padded, self.count, self.headers))?.orchestrator.utf8.count ?? 0
    }

    func encode() -> Int {
        let value = Reply(
            requestID: self.request.requestID,
            orchestrator: self.request.orchestrator,
            layer: .domain,
            worker: "bench-1",
            result: .ok(self.request.kwargs),
            queuedMilliseconds: 1.25,
            processingMilliseconds: 0.5
        ).encodeValue()
        return value.count &+ Reply.headers(answering: self.request.event, source: "/bench", time: 1_790_000_000_000).count
    }

    /// One of four models, drawn anew.
    func choose() -> Int { self.choose(self.forgetful) }

    /// The same choice once more.
    func chooseAgain() -> Int { self.choose(self.remembering) }

    private func choose(_ context: OrchestrationContext) -> Int {
        (try? context.choose(.model, among: Self.models, situation: Self.situation))?.candidates.count ?? 0
    }

    func dispatch() async -> Int {
        let result = await self.facade.orchestrate(self.request.orchestrator, self.context, Arguments(self.request.kwargs))
        return result.success ? 1 : 0
    }
}
