public import ArgumentParser
public import DomainOrchestrators
import FleetProcess
import JSON
public import Observability
public import Orchestration

/// The options of the domain layer's orchestrators; configurable like those of ``WorkerOptions``.
public struct DomainOptions: ConfigurableArguments {
    /// Environment variables begin with `FLEET_`, as those of ``WorkerOptions`` do.
    public static let environmentPrefix = "FLEET_"
    /// The configuration file is JSON.
    public static var configurationSources: ConfigurationSources { .json }
    /// Roots and addresses of all sources count, not only those of the highest.
    public static var mergedOptions: Set<String> { ["file-root", "allow-address"] }
    /// The secret of the fact check service is not shown in messages.
    public static var secretOptions: Set<String> { ["fact-check-secret"] }

    /// Directories whose files requests may read by `file:` URLs; none by default, so that all such URLs are refused.
    @Option(
        help: ArgumentHelp("Directory whose files requests may read by file: URLs; repeat for more. (default: none)", valueName: "path")
    )
    public var fileRoot: [String] = []

    /// Private addresses or blocks that requests may fetch from beside the public ones; none by default.
    @Option(
        help: ArgumentHelp(
            "Private address or block, such as 10.0.0.0/8, that requests may fetch from; repeat for more. (default: none)",
            valueName: "block"
        )
    )
    public var allowAddress: [String] = []

    /// The largest document in bytes, 1 or more; 10 MiB by default.
    @Option(help: ArgumentHelp("Largest document, in bytes.", valueName: "bytes"))
    public var maximumDocumentBytes = 10 << 20

    /// Seconds that fetching a document may take, 1 to 3,600; 30 by default.
    @Option(help: ArgumentHelp("Seconds that fetching a document may take.", valueName: "seconds"))
    public var fetchTimeout = 30

    /// The command that downloads media, a JSON array of strings; nil: media cannot be fetched.
    @Option(help: ArgumentHelp("Command that downloads media: a JSON array with {url}, {output} and {quality}.", valueName: "argv"))
    public var downloader: String?

    /// The command that transcribes media, a JSON array of strings; nil: media cannot be transcribed.
    @Option(help: ArgumentHelp("Command that transcribes media: a JSON array with {input} and {output}.", valueName: "argv"))
    public var transcriber: String?

    /// The URL of the service that verifies claims; nil leaves fact checks limited.
    @Option(help: ArgumentHelp("Service that verifies claims. (default: none, fact checks are limited)", valueName: "url"))
    public var factCheckURL: String?

    /// What the fact check service knows its clients by; sent only when there is a ``factCheckURL``.
    @Option(help: ArgumentHelp("What the fact check service knows us by; better in FLEET_FACT_CHECK_SECRET.", valueName: "text"))
    public var factCheckSecret: String?

    /// The defaults: no file, no private address, no command, no service.
    public init() {}

    /// The configuration of `fallback_autonomous`.
    ///
    /// - Throws: every mistake at once.
    public func fallback() throws -> FallbackConfiguration {
        var configuration = FallbackConfiguration()
        var mistakes: [String] = []
        configuration.fileRoots = self.fileRoot
        configuration.http.maximumBytes = self.maximumDocumentBytes
        configuration.http.totalTime = .seconds(self.fetchTimeout)
        if self.maximumDocumentBytes < 1 { mistakes.append("--maximum-document-bytes must be 1 or more") }
        if !(1...3_600).contains(self.fetchTimeout) { mistakes.append("--fetch-timeout must be 1 to 3600 seconds") }
        let ranges = self.allowAddress.map { text in
            let range = AddressRange(text)
            if range == nil { mistakes.append("--allow-address \(text): expected an address or a block such as 10.0.0.0/8") }
            return range
        }
        if !ranges.isEmpty { configuration.addresses = .publicAnd(ranges.compactMap { $0 }) }
        func command(_ name: String, _ text: String?) -> FallbackConfiguration.MediaCommand? {
            guard let text else { return nil }
            let words = (try? JSONValue(parsing: text))?.arrayValue?.map(\.stringValue)
            guard let words, !words.isEmpty, !words.contains(nil) else {
                mistakes.append("--\(name): expected a JSON array of strings such as [\"program\",\"{url}\"]")
                return nil
            }
            return FallbackConfiguration.MediaCommand(words.compactMap { $0 })
        }
        configuration.downloader = command("downloader", self.downloader)
        configuration.transcriber = command("transcriber", self.transcriber)
        if let url = self.factCheckURL {
            configuration.factCheck = FallbackConfiguration.FactCheckService(
                endpoint: url,
                secret: self.factCheckSecret.map { FallbackConfiguration.Secret($0) }
            )
        }
        guard mistakes.isEmpty else { throw ConfigurationMistakes(mistakes) }
        return configuration
    }

    /// Throws every mistake at once, as ``fallback()`` does.
    public func validate() throws { _ = try self.fallback() }

    /// Registers the domain layer's orchestrators.
    public func register(on facade: OrchestrationFacade, _ logger: Logger) throws {
        try facade.register(try FallbackAutonomousOrchestrator(configuration: try self.fallback()))
    }
}
