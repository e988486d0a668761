/// Why a record was put among the dead letters (contracts, "Dead letter headers").
public enum DeadLetterReason: String, Sendable, Hashable, CaseIterable {
    /// Its bytes are no JSON document, or of a kind that is not read here.
    case undecodable
    /// It is JSON, but breaks a rule of the contract.
    case invalid
    /// It exceeds a limit: bytes of the value, the key or an attribute, nesting, number or bytes of headers.
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
    /// Bytes of all headers together, names included; 64 KiB.
    public var headerBytes: Int
    /// Bytes of one attribute that a reply echoes or that names something: ids, tenant, orchestrator; 1 KiB.
    ///
    /// A reply carries a request's id four times: without this limit a request could ask for a reply that no broker takes.
    public var attributeBytes: Int
    /// Bytes of an idempotency key; 200.
    public var idempotencyKeyBytes: Int

    /// Creates limits; the defaults are those of the contract: 1 MiB, 256 bytes, 64 levels, 64 headers of 64 KiB, attributes of 1 KiB,
    /// idempotency keys of 200 bytes.
    public init(
        valueBytes: Int = 1 << 20,
        keyBytes: Int = 256,
        depth: Int = 64,
        headers: Int = 64,
        headerBytes: Int = 64 << 10,
        attributeBytes: Int = 1 << 10,
        idempotencyKeyBytes: Int = 200
    ) {
        self.valueBytes = valueBytes
        self.keyBytes = keyBytes
        self.depth = depth
        self.headers = headers
        self.headerBytes = headerBytes
        self.attributeBytes = attributeBytes
        self.idempotencyKeyBytes = idempotencyKeyBytes
    }

    /// The contract's limits.
    public static let `default` = WireLimits()
}
