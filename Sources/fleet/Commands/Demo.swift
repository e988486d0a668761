import ArgumentParser
import DomainProcess
import FleetProcess
import Glibc
import JSON
import KafkaClient
import Observability
import Orchestration
import Wire
import WorkerRuntime

struct Demo: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run a whole fleet here, submit real documents, and show progress, replies and signals.",
        discussion: """
            Examples:
              fleet demo
              fleet demo --samples ~/articles --keep

            Exit codes: 0 every document ended as expected, 1 otherwise, 2 replies are missing.
            """
    )

    @Option(help: ArgumentHelp("Folder of documents; a manifest.json in it says which and what to expect.", valueName: "path"))
    var samples = "deploy/samples"

    @Flag(help: "Leave the fleet running afterwards, and say how to submit from another terminal.")
    var keep = false

    @Flag(help: "Print whole reports instead of their beginnings.")
    var full = false

    @Option(help: ArgumentHelp("Seconds to wait for the replies.", valueName: "seconds"))
    var timeout = 120.0

    @Option(help: "Log level of the workers.")
    var logLevel: LogLevelOption = .warning

    func run() async throws {
        let level = self.logLevel.level
        LoggingSystem.bootstrap { LogFormat.automatic.makeHandler(label: $0, level: level) }
        let folder = try SampleFolder(self.samples)
        let jobs = try DemoJob.read(folder)
        Console.line("Starting the embedded broker and four workers …")

        var domain = DomainOptions()
        domain.fileRoot = [folder.path]
        let registry = MetricsRegistry()
        let (ready, announce) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(16))
        let fleet = try DevFleet(
            on: try EmbeddedBroker(),
            WorkerConfiguration(),
            domain: domain,
            partitions: 4,
            probe: false,
            logger: Logger(label: "fleet"),
            registry: registry
        ) { announce.yield() }

        let code = try await withThrowingTaskGroup(of: ExitCode?.self) { group in
            for service in fleet.services {
                group.addTask {
                    try await service.run()
                    return nil
                }
            }
            group.addTask {
                for await _ in ready where fleet.services.allSatisfy({ $0.health.hasStarted }) { break }
                Console.line("Fleet ready on \(fleet.broker.bootstrapServers); submitting \(jobs.count) documents.\n")
                let code = try await onOwnThread { try self.play(jobs, on: fleet) }
                if self.keep {
                    Dev.explain(fleet.broker.bootstrapServers, topicPrefix: fleet.configuration.topicPrefix)
                } else {
                    for service in fleet.services { service.drain() }
                }
                return code
            }
            var code = ExitCode.success
            for try await result in group {
                if let result { code = result }
            }
            return code
        }
        guard code == .success else { throw code }
    }

    /// Submits the documents and shows what comes back until every one is answered.
    private func play(_ jobs: [DemoJob], on fleet: DevFleet) throws -> ExitCode {
        let names = TopicNames()
        let configuration = KafkaConfiguration(bootstrapServers: fleet.broker.bootstrapServers).merging(EmbeddedBroker.clientDefaults)
        let observer = KafkaObserver(logger: Logger(label: "demo"))
        let signalTopics = ComponentType.allCases.map { names.signals($0) }
        let reader = try TopicReader(
            configuration: configuration,
            observer: observer,
            topics: [names.progress(.domain), names.results(.domain), names.policies] + signalTopics,
            from: .end
        )
        let producer = try KafkaProducer(configuration: configuration.merging(["linger.ms": "0"]), observer: observer)
        let topic = try producer.topic(names.requests(.domain))
        var open: [String: DemoJob] = [:]
        for job in jobs {
            open[job.request.id] = job
            try producer.send(job.request, to: topic, key: job.key)
        }

        var unexpected = 0
        var signals: [String: (count: Int, reward: Double)] = [:]
        var policies: Set<String> = []
        var replied = 0
        let end = WireTime.now + Int64(self.timeout * 1000)
        // After the last reply, its signals and the next policy snapshots are still on their way.
        var quietUntil = Int64.max
        while WireTime.now < min(end, quietUntil) {
            for record in try reader.read(milliseconds: 200) {
                guard let value = record.value else { continue }
                switch record.headers["ce_type"] {
                case ProgressNotice.type:
                    guard let notice = try? ProgressNotice(decoding: value), let job = open[notice.requestID] else { continue }
                    let progress = notice.progress
                    Console.line(
                        "  \(Console.styled("\(progress.step)/\(progress.total)", .dim)) \(job.file): \(Console.shortened(progress.message))"
                    )
                case Reply.type:
                    guard let reply = try? Reply(decoding: value), let job = open.removeValue(forKey: reply.requestID) else { continue }
                    replied += 1
                    unexpected += self.show(reply, job) ? 0 : 1
                    if open.isEmpty { quietUntil = WireTime.now + 2_500 }
                case SignalCodec.type:
                    guard let signal = try? JSONValue(parsing: value), let component = signal["component_id"]?.stringValue else { continue }
                    let name = "\(signal["component_type"]?.stringValue ?? "?")/\(component)"
                    let known = signals[name] ?? (0, 0)
                    signals[name] = (known.count + 1, known.reward + (signal["reward"]?.doubleValue ?? 0))
                case PolicySnapshot.type:
                    if let snapshot = try? PolicySnapshot(decoding: value) {
                        policies.insert("\(snapshot.componentType.rawValue)/\(snapshot.componentID)")
                    }
                default: break
                }
            }
        }

        Console.line("\n\(Console.styled("Signals", .bold)) (component, number, mean reward, policy published)")
        for (name, tally) in signals.sorted(by: { $0.key < $1.key }) {
            let mean = hundredths(tally.reward / Double(tally.count))
            Console.line("  \(name)  \(tally.count)  \(mean)  \(policies.contains(name) ? "yes" : "not yet")")
        }
        let summary =
            "\n\(replied) of \(jobs.count) documents answered, \(unexpected) other than expected, \(signals.values.map(\.count).reduce(0, +)) signals."
        Console.line(summary)
        if !open.isEmpty {
            Console.line(Console.styled("No reply for: \(open.values.map(\.file).sorted().joined(separator: ", "))", .red))
            return .timedOut
        }
        return unexpected == 0 ? .success : .failure
    }

    /// Prints a reply; false when it is not what the manifest expects.
    private func show(_ reply: Reply, _ job: DemoJob) -> Bool {
        let isExpected = reply.result.success == job.expectsSuccess
        let mark = isExpected ? Console.styled("as expected", .dim) : Console.styled("NOT as expected", .red)
        Console.line("\n\(Console.headline(of: reply))\n  \(Console.styled(job.file, .bold)) \(mark)")
        if let error = reply.result.error { Console.line("  \(Console.styled(Console.shortened(error, to: 300), .yellow))") }
        if let report = reply.result.data["result"]?["report"]?.stringValue {
            let lines = Console.printable(report).split(separator: "\n", omittingEmptySubsequences: true)
            for line in lines.prefix(self.full ? lines.count : 14) { Console.line("  │ \(line)") }
            if !self.full, lines.count > 14 { Console.line("  │ \(Console.styled("… \(lines.count - 14) more lines (--full)", .dim))") }
        }
        Console.line()
        return isExpected
    }
}

/// One document of the demonstration.
private struct DemoJob: Sendable {
    let file: String
    let key: String?
    let expectsSuccess: Bool
    let request: Request

    /// The documents that the folder's manifest names, or every file in it.
    static func read(_ folder: SampleFolder) throws -> [DemoJob] {
        let manifest = "\(folder.path)/manifest.json"
        guard let bytes = try? ConfigurationSources.readSmallFile(manifest) else {
            let files = folder.files
            guard !files.isEmpty else { throw ValidationError("--samples \(folder.path): there are no documents here") }
            return files.map { DemoJob(file: $0, folder: folder, key: nil, tenant: "demo", depth: "standard", expectsSuccess: true) }
        }
        let entries = try JSONValue(parsing: bytes).arrayValue ?? []
        let jobs = entries.compactMap { entry in
            entry["file"]?.stringValue.map { file in
                DemoJob(
                    file: file,
                    folder: folder,
                    key: entry["key"]?.stringValue,
                    tenant: entry["tenant"]?.stringValue ?? "demo",
                    depth: entry["depth"]?.stringValue ?? "standard",
                    expectsSuccess: entry["expect"]?.stringValue != "error"
                )
            }
        }
        guard !jobs.isEmpty else { throw ValidationError("\(manifest): expected an array of documents with a member file") }
        return jobs
    }

    private init(file: String, folder: SampleFolder, key: String?, tenant: String, depth: String, expectsSuccess: Bool) {
        self.file = file
        self.key = key
        self.expectsSuccess = expectsSuccess
        var request = Request(
            id: RequestID.make(),
            orchestrator: "fallback_autonomous",
            tenantID: tenant,
            kwargs: ["url": .string(folder.url(of: file)), "depth": .string(depth)],
            source: "/orchestration-fleet/demo"
        )
        request.event.time = WireTime.text(WireTime.now)
        self.request = request
    }
}

/// A folder of documents.
private struct SampleFolder: Sendable {
    /// Absolute, without symbolic links.
    let path: String

    init(_ path: String) throws {
        guard let resolved = realpath(path, nil) else {
            throw ValidationError(
                "--samples \(path): \(String(cString: strerror(errno))); run this at the top of the repository or name a folder"
            )
        }
        defer { free(resolved) }
        self.path = String(cString: resolved)
    }

    /// The names of the files in it, sorted, hidden ones left out.
    var files: [String] {
        guard let directory = opendir(self.path) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            if !name.hasPrefix("."), entry.pointee.d_type == UInt8(DT_REG) { names.append(name) }
        }
        return names.sorted()
    }

    /// The file: URL of a file in it; everything that is not plain is percent-encoded.
    func url(of file: String) -> String {
        let allowed = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/".utf8)
        let encoded = "\(self.path)/\(file)".utf8.map { byte in
            allowed.contains(byte) ? String(UnicodeScalar(byte)) : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
        }
        return "file://" + encoded.joined()
    }
}
