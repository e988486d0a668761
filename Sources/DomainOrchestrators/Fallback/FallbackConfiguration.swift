/// What `FallbackAutonomousOrchestrator` may read, run and ask, and how much of it.
///
/// The defaults are the careful ones: no file is readable, only public addresses are reachable, no program is run, no service is asked.
public struct FallbackConfiguration: Sendable {
    /// Directories whose regular files `file:` URLs may name, without symbolic links on the way.
    ///
    /// None by default: every `file:` URL is refused. A demonstration names its folder of samples here.
    public var fileRoots: [String] = []
    /// Limits of a document's fetch; `maximumBytes` bounds files and transcripts too.
    public var http = HTTPLimits()
    /// Addresses that documents may come from.
    public var addresses = AddressPolicy.publicOnly
    /// The `User-Agent` of every request.
    public var userAgent = "orchestration-fleet (+fallback_autonomous)"
    /// A proxy for fetching documents, as `http://host:port`; nil connects directly, whatever the environment says.
    ///
    /// With a proxy it is the proxy that must refuse private addresses: the worker only sees the proxy's own.
    public var proxy: String?
    /// Downloads a medium; nil: media cannot be fetched.
    ///
    /// Its arguments hold `{url}`, `{output}` (the file to write, an extension may be appended) and may hold `{quality}` (`720p`, `audio`,
    /// `worst`). It resolves names itself: where a hostile name server is a concern, let it go through a proxy that filters.
    public var downloader: MediaCommand?
    /// Transcribes a medium; nil: media cannot be transcribed.
    ///
    /// Its arguments hold `{input}` (the file to read) and may hold `{output}` (the file to write, an extension may be appended; left
    /// alone, the standard output is the transcript), `{url}` and `{quality}`. The transcript may be plain text, SubRip, WebVTT or JSON.
    public var transcriber: MediaCommand?
    /// Hosts (and their subdomains) whose pages are handed to the downloader, if there is one, instead of being read as HTML.
    public var mediaHosts: [String] = [
        "youtube.com", "youtu.be", "vimeo.com", "dailymotion.com", "twitch.tv", "tiktok.com", "soundcloud.com",
    ]
    /// Environment of the commands beyond `PATH`, `HOME`, `LANG` and `TMPDIR`, which they inherit.
    ///
    /// Nothing else of the worker's environment reaches them.
    public var commandEnvironment: [String: String] = [:]
    /// Largest medium in bytes (2 GiB).
    public var maximumMediaBytes = 2 * 1_024 * 1_024 * 1_024
    /// The service that verifies claims; nil leaves the fact check `limited`.
    public var factCheck: FactCheckService?
    /// Most claims that are extracted and sent for verification (20).
    public var maximumClaims = 20
    /// Bytes of the transcript that the result carries (256 KiB), so that a reply stays within a record.
    ///
    /// The analyses see more of it: up to the text analyser's own limit.
    public var maximumTranscriptBytesInResult = 256 * 1_024
    /// Threads for files, parsers and analyses (4).
    public var blockingThreads = 4

    /// The careful defaults.
    public init() {}

    /// A program with placeholders in its arguments, run without a shell.
    public struct MediaCommand: Sendable, Hashable {
        /// The program and its arguments.
        public var arguments: [String]
        /// After this time the program is killed (15 minutes).
        public var timeLimit: Duration

        /// A program with its arguments; see `FallbackConfiguration` for the placeholders.
        public init(_ arguments: [String], timeLimit: Duration = .seconds(900)) {
            self.arguments = arguments
            self.timeLimit = timeLimit
        }
    }

    /// An HTTP service that takes `{"claims": [...]}` and answers with verdicts; see `HTTPFactChecker`.
    public struct FactCheckService: Sendable {
        /// An `http:` or `https:` URL.
        ///
        /// The operator names it, so private addresses are fine; redirects are not followed.
        public var endpoint: String
        /// The name of the header that carries `secret`.
        public var secretHeader: String
        /// What the service knows its clients by, for instance `Bearer …`; never logged, never in a result.
        public var secret: Secret?
        /// Limits of one exchange (1 MiB, 20 s in all, 5 s to connect).
        public var limits: HTTPLimits

        /// A service at an endpoint; without a secret it is asked without that header.
        public init(
            endpoint: String,
            secretHeader: String = "Authorization",
            secret: Secret? = nil,
            limits: HTTPLimits = HTTPLimits(
                maximumBytes: 1_024 * 1_024,
                totalTime: .seconds(20),
                connectTime: .seconds(5),
                maximumRedirects: 0
            )
        ) {
            self.endpoint = endpoint
            self.secretHeader = secretHeader
            self.secret = secret
            self.limits = limits
        }
    }

    /// A text that prints as `<secret>`.
    public struct Secret: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
        let value: String

        /// Wraps the text.
        public init(_ value: String) {
            self.value = value
        }

        /// `<secret>`.
        public var description: String { "<secret>" }
        /// `<secret>`.
        public var debugDescription: String { self.description }
        /// Nothing to see.
        public var customMirror: Mirror { Mirror(self, children: []) }
    }
}

/// A configuration that cannot work: what is wrong with which value.
public struct FallbackConfigurationError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What is wrong with which value.
    public let message: String

    init(_ message: String) {
        self.message = message
    }

    /// The message after the orchestrator's name.
    public var description: String { "fallback_autonomous: \(self.message)" }
}
