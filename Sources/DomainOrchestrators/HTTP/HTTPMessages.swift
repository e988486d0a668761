/// What one HTTP exchange may cost.
public struct HTTPLimits: Sendable, Hashable {
    /// Largest body in bytes, counted after decompression and checked against Content-Length too (10 MiB).
    public var maximumBytes: Int
    /// Time for the whole exchange, redirects included (30 s).
    public var totalTime: Duration
    /// Time to look the name up and connect (10 s).
    public var connectTime: Duration
    /// Redirects followed (5); 0 makes any redirect a failure.
    public var maximumRedirects: Int

    /// Limits; each has the default its property names.
    public init(
        maximumBytes: Int = 10 * 1_024 * 1_024,
        totalTime: Duration = .seconds(30),
        connectTime: Duration = .seconds(10),
        maximumRedirects: Int = 5
    ) {
        self.maximumBytes = maximumBytes
        self.totalTime = totalTime
        self.connectTime = connectTime
        self.maximumRedirects = maximumRedirects
    }
}

/// One request.
struct HTTPRequest: Sendable {
    var url: String
    var limits = HTTPLimits()
    var addresses = AddressPolicy.publicOnly
    var userAgent = "orchestration-fleet"
    /// A proxy's URL; nil connects directly and ignores the proxy variables of the environment.
    var proxy: String?
    var headers: [(name: String, value: String)] = []
    /// The body of a POST; nil makes it a GET.
    var body: [UInt8]?
    /// Whether a body of this content type is wanted; the transfer ends at once when it is not.
    var wantsBody: @Sendable (_ contentType: String?) -> Bool = { _ in true }
}

/// A response with a status of 200 to 299.
struct HTTPResponse: Sendable {
    var status: Int
    /// Where the redirects ended.
    var url: String
    var contentType: String?
    var body: [UInt8]
    /// False when `wantsBody` said no.
    var bodyWasWanted: Bool
}

/// Why an exchange failed.
struct HTTPError: Error, Sendable, Hashable, CustomStringConvertible {
    enum Code: Sendable, Hashable {
        case addressRefused
        case status(Int)
        case tooLarge
        case timedOut
        case nameNotResolved
        case connectFailed
        case tooManyRedirects
        case schemeRefused
        case untrustedPeer
        case interrupted
        case invalidRequest
    }

    var code: Code
    var message: String

    var description: String { self.message }

    /// Whether the same request may succeed later.
    var isTransient: Bool {
        switch self.code {
        case .timedOut, .nameNotResolved, .connectFailed, .interrupted: true
        case .status(let status): [408, 425, 429].contains(status) || (status >= 500 && ![501, 505].contains(status))
        case .addressRefused, .tooLarge, .tooManyRedirects, .schemeRefused, .untrustedPeer, .invalidRequest: false
        }
    }
}
