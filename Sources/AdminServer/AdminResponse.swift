public import Observability

/// An answer of the server.
public struct AdminResponse: Sendable, Hashable {
    /// The HTTP status.
    public var status: Int
    /// The media type of the body.
    public var contentType: String
    /// The body.
    public var body: [UInt8]

    /// Creates an answer.
    public init(status: Int = 200, contentType: String, body: [UInt8]) {
        self.status = status
        self.contentType = contentType
        self.body = body
    }

    /// Plain text, UTF-8.
    public static func text(_ text: String, status: Int = 200) -> AdminResponse {
        AdminResponse(status: status, contentType: "text/plain; charset=utf-8", body: Array(text.utf8))
    }

    /// A report as JSON: 200 when it is `ok`, else 503.
    public static func health(_ report: HealthReport) -> AdminResponse {
        AdminResponse(status: report.status == .ok ? 200 : 503, contentType: "application/json", body: report.json)
    }

    /// All series of a registry in the Prometheus text format.
    public static func metrics(_ registry: MetricsRegistry) -> AdminResponse {
        AdminResponse(contentType: MetricsRegistry.prometheusContentType, body: registry.prometheusText())
    }
}

/// A path and what it answers.
public struct AdminRoute: Sendable {
    /// The path, beginning with a slash.
    public let path: String
    /// Makes the answer to each request.
    ///
    /// It runs on the server's only thread: it must read snapshots and return at once, and must not stop the server.
    public let respond: @Sendable () -> AdminResponse

    /// Creates a route.
    public init(_ path: String, respond: @escaping @Sendable () -> AdminResponse) {
        self.path = path
        self.respond = respond
    }

    /// `/metrics`: a registry in the Prometheus text format.
    public static func metrics(_ registry: MetricsRegistry) -> AdminRoute {
        AdminRoute("/metrics") { .metrics(registry) }
    }

    /// `/livez`: whether the process should go on; 503 asks for a restart.
    public static func live(_ report: @escaping @Sendable () -> HealthReport) -> AdminRoute {
        AdminRoute("/livez") { .health(report()) }
    }

    /// `/readyz`: whether the process does its work.
    public static func ready(_ report: @escaping @Sendable () -> HealthReport) -> AdminRoute {
        AdminRoute("/readyz") { .health(report()) }
    }

    /// `/startupz`: whether the process has come up.
    public static func startup(_ report: @escaping @Sendable () -> HealthReport) -> AdminRoute {
        AdminRoute("/startupz") { .health(report()) }
    }
}
