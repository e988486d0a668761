import AdminServer
import ArgumentParser
import CAllocator
import Dispatch
import Glibc
import KafkaClient
public import Observability
public import WorkerRuntime

/// What every binary of the fleet does around its services: logging, signals, the admin endpoint, the line that says ready, exit codes.
public enum FleetProcess {
    /// Runs services until the first SIGTERM or SIGINT has drained them; a second one stops at once.
    ///
    /// - Parameters:
    ///   - options: the process's options.
    ///   - makeServices: makes the services; each calls its `onReady` when it has joined its group.
    /// - Throws: `ExitCode` 1 when a service fails while running, 78 for a configuration that cannot be used; the reason is on stderr.
    public static func run(
        _ options: WorkerOptions,
        makeServices: (WorkerConfiguration, Logger, MetricsRegistry, _ onReady: @escaping @Sendable () -> Void) throws -> [any FleetService]
    ) async throws {
        let configuration = try options.configuration()
        self.bootstrapLogging(options)
        var logger = Logger(label: "fleet")
        logger.logLevel = options.logLevel.level
        let registry = MetricsRegistry()
        registry.gauge(.buildInfo, KafkaAdmin.libraryVersion, self.allocator).set(1)
        registry.observe(.logLinesDropped) { Double(LogSink.standardError.droppedLines) }

        let (events, continuation) = AsyncStream.makeStream(of: Event.self, bufferingPolicy: .bufferingNewest(64))
        let services = try makeServices(configuration, logger, registry) { continuation.yield(.ready) }
        let admin = try self.startAdmin(options, services, registry, logger)
        defer { admin?.stop() }
        let signals = SignalSources { continuation.yield(.signal) }
        defer { signals.cancel() }

        let failure = await withTaskGroup(of: (any Error)?.self) { group in
            for service in services {
                group.addTask {
                    defer { continuation.yield(.ended) }
                    do {
                        try await service.run()
                        return nil
                    } catch {
                        return error
                    }
                }
            }
            await self.supervise(services, events, ready: "ready \(configuration.workerID)", logger)
            var failure: (any Error)?
            for await error in group { failure = failure ?? error }
            return failure
        }
        guard let failure else {
            let unfinished = services.reduce(0) { $0 + $1.health.unfinishedRecords }
            guard unfinished > 0 else { return }
            FleetProcess.complain("records that were not finished and run again elsewhere: \(unfinished)")
            throw ExitCode.failure
        }
        FleetProcess.complain("\(failure)")
        let isConfiguration = (failure as? WorkerError)?.code == .configuration
        throw isConfiguration ? ExitCode.configurationFailure : ExitCode.failure
    }

    /// Who serves malloc.
    private static var allocator: String {
        let version = callocator_mimalloc_version()
        return version > 0 ? "mimalloc \(version / 100).\(version / 10 % 10).\(version % 10)" : "system"
    }

    private enum Event: Sendable {
        case ready, signal, ended
    }

    /// Waits until every service has ended; tells readiness, drains on the first signal, stops on the second, and when one service fails.
    private static func supervise(_ services: [any FleetService], _ events: AsyncStream<Event>, ready line: String, _ logger: Logger) async
    {
        var signals = 0
        var ended = 0
        var isAnnounced = false
        for await event in events {
            switch event {
            case .ready:
                if !isAnnounced, services.allSatisfy({ $0.health.hasStarted }) {
                    isAnnounced = true
                    self.announce(line)
                }
            case .signal:
                signals += 1
                if signals == 1 {
                    logger.info("signal received: draining; a second one stops at once")
                    for service in services { service.drain() }
                } else {
                    logger.warning("second signal received: stopping at once")
                    for service in services { service.stop() }
                    self.exitSoon()
                }
            case .ended:
                ended += 1
                if ended == services.count { return }
                // The services of a process live and end together.
                for service in services { service.drain() }
            }
        }
    }

    /// A handler that does not hear its cancellation must not keep a process that was told twice to end.
    private static func exitSoon() {
        DispatchQueue.global().asyncAfter(deadline: .now() + .seconds(2)) { @Sendable in _exit(1) }
    }

    static func announce(_ line: String) {
        let bytes = Array("\(line)\n".utf8)
        _ = bytes.withUnsafeBytes { write(STDOUT_FILENO, $0.baseAddress, $0.count) }
    }

    /// Writes a line to stderr.
    public static func complain(_ line: String) {
        let bytes = Array("\(line)\n".utf8)
        _ = bytes.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }

    /// Sends every logger's lines to stderr in the format and from the level that the options name.
    public static func bootstrapLogging(_ options: WorkerOptions) {
        let format = options.logFormat.format
        let level = options.logLevel.level
        LoggingSystem.bootstrap { label in format.makeHandler(label: label, level: level) }
    }

    private static func startAdmin(
        _ options: WorkerOptions,
        _ services: [any FleetService],
        _ registry: MetricsRegistry,
        _ logger: Logger
    ) throws -> AdminServer? {
        guard let text = options.adminAddress else { return nil }
        func report(_ check: @escaping @Sendable (ServiceHealth) -> String?) -> @Sendable () -> HealthReport {
            { @Sendable in
                var checks: [String: HealthReport.Check] = [:]
                for (index, service) in services.enumerated() {
                    let problem = check(service.health)
                    checks["service-\(index)"] = HealthReport.Check(isOK: problem == nil, detail: problem ?? "ok")
                }
                return HealthReport(checks: checks)
            }
        }
        do {
            let server = AdminServer(
                address: try AdminAddress(parsing: text),
                routes: [
                    .metrics(registry),
                    .live(report { $0.isLive ? nil : "the delivery loop does not turn" }),
                    .ready(report { $0.unreadyReason }),
                    .startup(report { $0.hasStarted ? nil : "not in its group yet" }),
                ]
            )
            try server.start()
            logger.info("admin endpoint", metadata: ["address": "\(server.address?.description ?? text)"])
            return server
        } catch {
            self.complain("cannot serve the admin endpoint on \(text): \(error)")
            throw ExitCode.failure
        }
    }
}

/// SIGTERM and SIGINT as calls.
private final class SignalSources: @unchecked Sendable {  // the sources are made in init and cancelled once
    private let sources: [any DispatchSourceSignal]

    init(_ handler: @escaping @Sendable () -> Void) {
        self.sources = [SIGTERM, SIGINT].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { @Sendable in handler() }
            source.activate()
            return source
        }
        // A reader that went away must not end the process.
        signal(SIGPIPE, SIG_IGN)
    }

    func cancel() {
        for source in self.sources { source.cancel() }
    }
}
