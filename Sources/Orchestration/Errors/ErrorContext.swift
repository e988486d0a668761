public import JSON

/// Where and for whom a failure happened (spec §1.5).
public struct ErrorContext: Sendable, Hashable {
    /// Identity of this failure: "err_" and the time in microseconds since 1970 unless given.
    public var errorID: String
    /// Seconds since 1970.
    public var timestamp: Double
    /// What was being done.
    public var operation: String
    /// What was doing it; failures are counted per component.
    public var component: String
    /// For whom.
    public var tenant: String
    /// In which of the tenant's workspaces.
    public var workspace: String
    /// For which user, if one is known.
    public var userID: String?
    /// In which request.
    public var requestID: String?
    /// In which session or conversation.
    public var sessionID: String?
    /// For local diagnosis only: never written to the wire or into a description.
    public var stackTrace: String?
    /// Whatever else helps.
    public var additionalContext: JSONObject

    /// Creates a context.
    ///
    /// - Parameters:
    ///   - errorID: Derived from the timestamp when nil.
    ///   - timestamp: Seconds since 1970; the current time when nil or not finite.
    ///   - operation: What was being done; "unknown" by default, as is `component`.
    ///   - tenant: For whom; "global" by default, as is `workspace`.
    public init(
        errorID: String? = nil,
        timestamp: Double? = nil,
        operation: String = "unknown",
        component: String = "unknown",
        tenant: String = "global",
        workspace: String = "global",
        userID: String? = nil,
        requestID: String? = nil,
        sessionID: String? = nil,
        stackTrace: String? = nil,
        additionalContext: JSONObject = [:]
    ) {
        let given = timestamp.flatMap { $0.isFinite ? $0 : nil }
        let time = given ?? Double(OrchestrationClock.system.now()) / 1_000
        self.timestamp = time
        self.errorID = errorID ?? "err_\(Int64(exactly: (time * 1_000_000).rounded()) ?? 0)"
        self.operation = operation
        self.component = component
        self.tenant = tenant
        self.workspace = workspace
        self.userID = userID
        self.requestID = requestID
        self.sessionID = sessionID
        self.stackTrace = stackTrace
        self.additionalContext = additionalContext
    }
}
