public import JSON

/// How well a component did, as a number to learn from (spec §5.1).
public struct FeedbackSignal: Sendable, Hashable {
    /// Identity of the signal.
    ///
    /// Nil until it is published: the id then derives from request id and ordinal, so that a repeated request repeats its ids and nothing
    /// is learned twice.
    public var signalID: String?
    /// Who says so.
    public var source: FeedbackSource
    /// What kind of component is judged.
    public var componentType: ComponentType
    /// Which one.
    public var componentID: String
    /// From 0 (as bad as possible) to 1.
    public var reward: Double
    /// From 0 (a guess) to 1; 0.8 by default.
    public var confidence: Double
    /// The situation, as far as it matters for the choice of the component.
    public var context: JSONObject
    /// What joins the signal with its decision and its request.
    public var metadata: JSONObject
    /// Seconds since 1970; nil means the moment of publication.
    public var timestamp: Double?
    /// A correction carries the same id and a higher version.
    public var version: Int

    /// Creates a signal; nothing is checked before `validate()`.
    public init(
        signalID: String? = nil,
        source: FeedbackSource,
        componentType: ComponentType,
        componentID: String,
        reward: Double,
        confidence: Double = 0.8,
        context: JSONObject = JSONObject(),
        metadata: JSONObject = JSONObject(),
        timestamp: Double? = nil,
        version: Int = 1
    ) {
        self.signalID = signalID
        self.source = source
        self.componentType = componentType
        self.componentID = componentID
        self.reward = reward
        self.confidence = confidence
        self.context = context
        self.metadata = metadata
        self.timestamp = timestamp
        self.version = version
    }

    /// The longest id of a component, in bytes: it is the key of records, and kept as long as the component is known.
    public static let componentIDBytes = 256
    /// The longest id of a signal, in bytes.
    public static let signalIDBytes = 2_048

    /// Checks that reward and confidence lie in [0, 1] (spec §5.2), and that ids, version and timestamp are such as can be published.
    ///
    /// - Throws: `OrchestrationError` with code `invalidSignal`, such as "Reward must be in [0.0, 1.0], got 1.5".
    public func validate() throws(OrchestrationError) {
        for (name, value) in [("Reward", self.reward), ("Confidence", self.confidence)] where !(0...1).contains(value) {
            throw Self.invalid("\(name) must be in [0.0, 1.0], got \(value)")
        }
        guard (1...Self.componentIDBytes).contains(self.componentID.utf8.count) else {
            throw Self.invalid("Component id must have 1 to \(Self.componentIDBytes) bytes, got \(self.componentID.utf8.count)")
        }
        if let id = self.signalID, !(1...Self.signalIDBytes).contains(id.utf8.count) {
            throw Self.invalid("Signal id must have 1 to \(Self.signalIDBytes) bytes, got \(id.utf8.count)")
        }
        guard (1...1_000_000_000).contains(self.version) else {
            throw Self.invalid("Version must be 1 to 1000000000, got \(self.version)")
        }
        if let timestamp = self.timestamp, !(0...1e12).contains(timestamp) {
            throw Self.invalid("Timestamp must be seconds since 1970, got \(timestamp)")
        }
    }

    private static func invalid(_ message: String) -> OrchestrationError { OrchestrationError(code: .invalidSignal, message: message) }
}
