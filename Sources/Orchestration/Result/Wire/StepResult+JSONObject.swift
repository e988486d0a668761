public import JSON

extension StepResult {
    /// The version of the wire form below; a reader refuses newer ones.
    public static let wireVersion: Int64 = 1

    /// The result as a JSON object: the nested form of spec §1.14 with `step_result_version`.
    ///
    /// Always present, in this order: `step_result_version`, `success`, `status`, `data`, `error`, `error_category`, `error_severity`,
    /// `retryable`, `metadata`. Only when set: `error_context` (without its stack trace), `recovery_strategy`, `performance_impact`,
    /// `suggested_actions`, `related_errors`. `StepResult(jsonObject:)` gives back the same result.
    public var jsonObject: JSONObject {
        var object: JSONObject = [
            WireKey.version: .integer(Self.wireVersion),
            WireKey.success: .bool(self.success),
            WireKey.status: .string(self.status),
            WireKey.data: .object(self.data),
            WireKey.error: self.error.map { .string($0) } ?? .null,
            WireKey.errorCategory: self.errorCategory.map { .string($0.rawValue) } ?? .null,
            WireKey.errorSeverity: .string(self.errorSeverity.rawValue),
            WireKey.retryable: .bool(self.retryable),
            WireKey.metadata: .object(self.metadata),
        ]
        for (key, value) in self.detailMembers { object[key] = value }
        return object
    }

    /// The members that are only present when set.
    var detailMembers: [(key: String, value: JSONValue)] {
        guard !self.hasNoDetails else { return [] }
        var members: [(key: String, value: JSONValue)] = []
        if let context = self.errorContext { members.append((WireKey.errorContext, .object(context.jsonObject))) }
        if let strategy = self.recoveryStrategy { members.append((WireKey.recoveryStrategy, .object(strategy.jsonObject))) }
        if self.performanceImpact != 0 { members.append((WireKey.performanceImpact, .number(self.performanceImpact))) }
        if !self.suggestedActions.isEmpty { members.append((WireKey.suggestedActions, .array(self.suggestedActions.map { .string($0) }))) }
        if !self.relatedErrors.isEmpty { members.append((WireKey.relatedErrors, .array(self.relatedErrors.map { .string($0) }))) }
        return members
    }

    /// The names of the members on the wire.
    enum WireKey {
        static let version = "step_result_version"
        static let success = "success"
        static let status = "status"
        static let data = "data"
        static let error = "error"
        static let errorCategory = "error_category"
        static let errorSeverity = "error_severity"
        static let retryable = "retryable"
        static let metadata = "metadata"
        static let errorContext = "error_context"
        static let recoveryStrategy = "recovery_strategy"
        static let performanceImpact = "performance_impact"
        static let suggestedActions = "suggested_actions"
        static let relatedErrors = "related_errors"
    }
}

extension ErrorContext {
    /// Every field except the stack trace (spec §1.5); a timestamp that is not finite is written as 0.
    public var jsonObject: JSONObject {
        [
            "error_id": .string(self.errorID),
            "timestamp": .number(self.timestamp.isFinite ? self.timestamp : 0),
            "operation": .string(self.operation),
            "component": .string(self.component),
            "tenant": .string(self.tenant),
            "workspace": .string(self.workspace),
            "user_id": self.userID.map { .string($0) } ?? .null,
            "request_id": self.requestID.map { .string($0) } ?? .null,
            "session_id": self.sessionID.map { .string($0) } ?? .null,
            "additional_context": .object(self.additionalContext),
        ]
    }
}

extension ErrorRecoveryStrategy {
    /// Every field; a number that is not finite is written as 0.
    public var jsonObject: JSONObject {
        [
            "error_categories": .array(self.errorCategories.map { .string($0.rawValue) }),
            "max_retries": .integer(Int64(self.maxRetries)),
            "retry_delay_base": .number(self.retryDelayBase.isFinite ? self.retryDelayBase : 0),
            "retry_backoff_factor": .number(self.retryBackoffFactor.isFinite ? self.retryBackoffFactor : 0),
            "fallback_enabled": .bool(self.fallbackEnabled),
            "circuit_breaker_threshold": .integer(Int64(self.circuitBreakerThreshold)),
            "alert_on_failure": .bool(self.alertOnFailure),
        ]
    }
}
