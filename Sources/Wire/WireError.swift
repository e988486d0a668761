/// Why a record was put among the dead letters (contracts, "Dead letter headers").
public enum DeadLetterReason: String, Sendable, Hashable, CaseIterable {
    /// Its bytes are no JSON document, or of a kind that is not read here.
    case undecodable
    /// It is JSON, but breaks a rule of the contract.
    case invalid
    /// It exceeds a limit: bytes of the value or key, nesting, number of headers.
    case oversize
    /// No orchestrator of that name is registered here.
    case unknownOrchestrator = "unknown_orchestrator"
    /// Its deadline had passed.
    case expired
    /// Refused by policy.
    case rejected
    /// It failed as often as it may.
    case exhausted
    /// It ended its worker's process too often.
    case poison
}

/// A record that does not keep the contract: which rule, and what was found.
public struct WireError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What becomes of the record.
    public let reason: DeadLetterReason
    /// One sentence that names the place and what was expected.
    public let message: String

    /// Creates an error from what becomes of the record and a sentence for people.
    public init(_ reason: DeadLetterReason, _ message: String) {
        self.reason = reason
        self.message = message
    }

    /// The reason by its wire name, and the message.
    public var description: String { "\(self.reason.rawValue): \(self.message)" }
}

/// What a record may be at most (contracts, "Request").
public struct WireLimits: Sendable, Hashable {
    /// Bytes of the value; 1 MiB.
    public var valueBytes: Int
    /// Bytes of the key; 256.
    public var keyBytes: Int
    /// Nested objects and arrays; 64.
    public var depth: Int
    /// Headers; 64.
    public var headers: Int

    /// Creates limits; the defaults are those of the contract: 1 MiB, 256 bytes, 64 levels, 64 headers.
    public init(valueBytes: Int = 1 << 20, keyBytes: Int = 256, depth: Int = 64, headers: Int = 64) {
        self.valueBytes = valueBytes
        self.keyBytes = keyBytes
        self.depth = depth
        self.headers = headers
    }

    /// The contract's limits.
    public static let `default` = WireLimits()
}
