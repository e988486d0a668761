public import JSON

extension StepResult {
    /// Reads the wire form `jsonObject` writes.
    ///
    /// Only `success` is required; absent and null members get their defaults, unknown members are ignored.
    /// - Throws: `StepResultFormatError` for a member of the wrong kind, an unknown category or severity, or a newer `step_result_version`.
    ///   Use `StepResult(lenient:context:)` for objects that were never meant to be step results.
    public init(jsonObject object: JSONObject) throws(StepResultFormatError) {
        let reader = MemberReader(object: object, path: "")
        if let version = try reader.integer(WireKey.version), !(1...Self.wireVersion).contains(version) {
            throw StepResultFormatError(
                path: WireKey.version,
                expected: "a version from 1 to \(Self.wireVersion)",
                found: "\(version)"
            )
        }
        guard let success = try reader.bool(WireKey.success) else { throw reader.mismatch(WireKey.success, "a bool") }
        let strategy = try reader.object(WireKey.recoveryStrategy)
        let context = try reader.object(WireKey.errorContext)
        self.init(
            success: success,
            data: try reader.object(WireKey.data) ?? JSONObject(),
            error: try reader.string(WireKey.error),
            customStatus: try reader.string(WireKey.status),
            errorCategory: try reader.category(WireKey.errorCategory),
            retryable: try reader.bool(WireKey.retryable) ?? false,
            metadata: try reader.object(WireKey.metadata) ?? JSONObject(),
            errorContext: try context.map { members throws(StepResultFormatError) in
                try ErrorContext(MemberReader(object: members, path: "\(WireKey.errorContext)."))
            },
            errorSeverity: try reader.severity(WireKey.errorSeverity) ?? .medium,
            recoveryStrategy: try strategy.map { members throws(StepResultFormatError) in
                try ErrorRecoveryStrategy(MemberReader(object: members, path: "\(WireKey.recoveryStrategy)."))
            },
            performanceImpact: try reader.double(WireKey.performanceImpact) ?? 0,
            suggestedActions: try reader.strings(WireKey.suggestedActions) ?? [],
            relatedErrors: try reader.strings(WireKey.relatedErrors) ?? []
        )
    }
}

extension ErrorContext {
    fileprivate init(_ reader: MemberReader) throws(StepResultFormatError) {
        self.init(
            errorID: try reader.string("error_id"),
            timestamp: try reader.double("timestamp"),
            operation: try reader.string("operation") ?? "unknown",
            component: try reader.string("component") ?? "unknown",
            tenant: try reader.string("tenant") ?? "global",
            workspace: try reader.string("workspace") ?? "global",
            userID: try reader.string("user_id"),
            requestID: try reader.string("request_id"),
            sessionID: try reader.string("session_id"),
            additionalContext: try reader.object("additional_context") ?? JSONObject()
        )
    }
}

extension ErrorRecoveryStrategy {
    fileprivate init(_ reader: MemberReader) throws(StepResultFormatError) {
        var categories: [ErrorCategory] = []
        for name in try reader.strings("error_categories") ?? [] {
            guard let category = ErrorCategory(rawValue: name) else {
                throw reader.mismatch("error_categories", "error categories", found: name)
            }
            categories.append(category)
        }
        self.init(
            errorCategories: categories,
            maxRetries: try reader.int("max_retries") ?? 3,
            retryDelayBase: try reader.double("retry_delay_base") ?? 1,
            retryBackoffFactor: try reader.double("retry_backoff_factor") ?? 2,
            fallbackEnabled: try reader.bool("fallback_enabled") ?? true,
            circuitBreakerThreshold: try reader.int("circuit_breaker_threshold") ?? 5,
            alertOnFailure: try reader.bool("alert_on_failure") ?? false
        )
    }
}

/// Reads members of an object: nil when absent or null, an error that names the member when of the wrong kind.
private struct MemberReader {
    var object: JSONObject
    var path: String

    func bool(_ key: String) throws(StepResultFormatError) -> Bool? { try self.member(key, "a bool") { $0.boolValue } }
    func integer(_ key: String) throws(StepResultFormatError) -> Int64? { try self.member(key, "an integer") { $0.integerValue } }
    func int(_ key: String) throws(StepResultFormatError) -> Int? {
        try self.member(key, "an integer") { $0.integerValue.flatMap(Int.init(exactly:)) }
    }
    func double(_ key: String) throws(StepResultFormatError) -> Double? { try self.member(key, "a number") { $0.doubleValue } }
    func string(_ key: String) throws(StepResultFormatError) -> String? { try self.member(key, "a string") { $0.stringValue } }
    func object(_ key: String) throws(StepResultFormatError) -> JSONObject? { try self.member(key, "an object") { $0.objectValue } }

    func strings(_ key: String) throws(StepResultFormatError) -> [String]? {
        try self.member(key, "an array of strings") { value in
            guard let elements = value.arrayValue else { return nil }
            let strings = elements.compactMap(\.stringValue)
            return strings.count == elements.count ? strings : nil
        }
    }

    func category(_ key: String) throws(StepResultFormatError) -> ErrorCategory? {
        guard let name = try self.string(key) else { return nil }
        guard let category = ErrorCategory(rawValue: name) else { throw self.mismatch(key, "an error category", found: name) }
        return category
    }

    func severity(_ key: String) throws(StepResultFormatError) -> ErrorSeverity? {
        guard let name = try self.string(key) else { return nil }
        guard let severity = ErrorSeverity(rawValue: name) else { throw self.mismatch(key, "low, medium, high or critical", found: name) }
        return severity
    }

    func mismatch(_ key: String, _ expected: String, found: String? = nil) -> StepResultFormatError {
        StepResultFormatError(
            path: "\(self.path)\(key)",
            expected: expected,
            found: found ?? self.object[key]?.kindName ?? "nothing"
        )
    }

    private func member<T>(_ key: String, _ expected: String, _ read: (JSONValue) -> T?) throws(StepResultFormatError) -> T? {
        guard let value = self.object[key], !value.isNull else { return nil }
        guard let result = read(value) else { throw self.mismatch(key, expected) }
        return result
    }
}
