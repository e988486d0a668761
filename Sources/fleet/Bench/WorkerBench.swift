import Delivery
import DrillOrchestrators
import Observability
import Orchestration
import Wire
import WorkerRuntime

/// A worker with an `echo` orchestrator over requests that are there already, from the first record received to the last commit.
struct WorkerBench {
    var configuration: WorkerConfiguration
    var input: String
    var output: String
    var delay: Duration
    /// Tells the resident set each time so many records more have come; nil for never.
    var memoryInterval: Int?

    func run() async throws -> BenchResult {
        var logger = Logger(label: "fleet.bench")
        logger.logLevel = .warning
        let facade = OrchestrationFacade(logger: logger)
        try facade.register(EchoOrchestrator(layer: .domain, delay: self.delay))
        let usage = StartUsage()
        let registry = MetricsRegistry()
        let memory = self.memoryInterval.map { interval in
            Task { await MemoryReport.tell(every: interval, of: registry.counter(.recordsReceived, OrchestrationLayer.domain.rawValue)) }
        }
        defer { memory?.cancel() }
        let worker = Worker(
            .domain,
            configuration: self.configuration,
            facade: facade,
            logger: logger,
            registry: registry,
            topics: .init(requests: self.input, results: self.output),
            onReady: { if !$0.isEmpty { usage.start() } }
        )
        let allocations = AllocationCount.now
        let times = try await worker.runMeasured()
        let end = ProcessUsage.now
        let records = self.configuration.recordLimit ?? 0
        return BenchResult(
            name: "worker",
            records: records,
            seconds: Double(times.lastCommitted - times.firstReceived) / 1_000_000_000,
            secondsFromAssignment: Double(times.lastFinished - usage.time) / 1_000_000_000,
            cpuSeconds: end.cpuSeconds - usage.value.cpuSeconds,
            maximumResidentMebibytes: end.maximumResidentMebibytes,
            allocationsPerRecord: AllocationCount.now.map { Double($0 - (allocations ?? 0)) / Double(max(1, records)) }
        )
    }
}
