public import JSON

extension StepResult: CustomStringConvertible {
    /// The result for people and logs: fields that are set, with secrets and personal data taken out (spec §1.13).
    public var description: String {
        var parts = ["status: \(Redaction.redact(self.status))"]
        if let error = self.error { parts.append("error: \(Redaction.redact(error))") }
        if let category = self.errorCategory { parts.append("error_category: \(category.rawValue)") }
        if self.retryable { parts.append("retryable: true") }
        if !self.data.isEmpty { parts.append("data: \(Redaction.redact(self.data).description)") }
        if !self.metadata.isEmpty { parts.append("metadata: \(Redaction.redact(self.metadata).description)") }
        return "StepResult(\(parts.joined(separator: ", ")))"
    }

    /// What helps to find out why a step failed (spec §1.11): everything but the payload and the stack trace.
    ///
    /// Not redacted.
    public var debugInfo: JSONObject {
        [
            WireKey.success: .bool(self.success),
            WireKey.error: self.error.map { .string($0) } ?? .null,
            WireKey.errorCategory: self.errorCategory.map { .string($0.rawValue) } ?? .null,
            WireKey.errorSeverity: .string(self.errorSeverity.rawValue),
            WireKey.retryable: .bool(self.retryable),
            WireKey.metadata: .object(self.metadata),
            WireKey.errorContext: self.errorContext.map { .object($0.jsonObject) } ?? .null,
            WireKey.suggestedActions: .array(self.suggestedActions.map { .string($0) }),
            WireKey.relatedErrors: .array(self.relatedErrors.map { .string($0) }),
            WireKey.performanceImpact: .number(self.performanceImpact),
        ]
    }
}

extension StepResult: CustomDebugStringConvertible {
    /// The same as `description`, so that a debugger or an interpolated collection gives no secrets away either.
    public var debugDescription: String { self.description }
}
