public import JSON

extension StepResult {
    /// A success with this payload.
    public static func ok(_ data: JSONObject = JSONObject()) -> StepResult {
        StepResult(success: true, data: data, customStatus: nil)
    }

    /// A success that did nothing on purpose; `data.reason` says why.
    public static func skip(reason: String, _ data: JSONObject = JSONObject()) -> StepResult {
        var data = data
        data["reason"] = .string(reason)
        return StepResult(success: true, data: data, customStatus: Status.skipped)
    }

    /// A success the author would not vouch for.
    public static func uncertain(_ data: JSONObject = JSONObject()) -> StepResult {
        StepResult(success: true, data: data, customStatus: Status.uncertain)
    }

    /// A success with remarks, which stand in `metadata.warnings`.
    public static func successWithWarnings(_ warnings: [String], _ data: JSONObject = JSONObject()) -> StepResult {
        var result = StepResult.ok(data)
        result.metadata["warnings"] = .array(warnings.map { .string($0) })
        return result
    }

    /// A step that ended because somebody asked for it: status `cancelled`, no category, not retryable.
    public static func cancelled(reason: String, _ data: JSONObject = JSONObject()) -> StepResult {
        var result = StepResult(success: false, data: data, customStatus: Status.cancelled)
        result.error = reason
        return result
    }

    /// A step that waits for input: status `input_required`, no category, not retryable.
    ///
    /// - Parameters:
    ///   - prompt: What is asked, for people; stands in `data.prompt`.
    ///   - data: What else the answering side needs, such as a schema of the answer.
    public static func inputRequired(prompt: String, _ data: JSONObject = JSONObject()) -> StepResult {
        var data = data
        data["prompt"] = .string(prompt)
        return StepResult(success: false, data: data, customStatus: Status.inputRequired)
    }

    /// A failure.
    ///
    /// - Parameters:
    ///   - error: What went wrong, for people.
    ///   - context: Where it went wrong. When given, severity and suggested actions are derived from the category (spec §1.8, §1.9);
    ///     without one the severity stays `medium`.
    ///   - data: A partial payload.
    public static func fail(
        _ error: String,
        category: ErrorCategory? = nil,
        retryable: Bool = false,
        metadata: JSONObject = JSONObject(),
        context: ErrorContext? = nil,
        data: JSONObject = JSONObject()
    ) -> StepResult {
        StepResult(
            success: false,
            data: data,
            error: error,
            errorCategory: category,
            retryable: retryable,
            metadata: metadata,
            errorContext: context,
            errorSeverity: context == nil ? .medium : ErrorSeverity(category: category),
            suggestedActions: context == nil ? [] : category?.suggestedActions ?? []
        )
    }

    /// A success or a failure that says where it happened (spec §1.7, `with_context`); a failure also gets severity and suggested actions.
    public static func withContext(
        success: Bool,
        error: String? = nil,
        category: ErrorCategory? = nil,
        context: ErrorContext,
        data: JSONObject = JSONObject()
    ) -> StepResult {
        StepResult(
            success: success,
            data: data,
            error: error,
            errorCategory: category,
            errorContext: context,
            errorSeverity: success ? .medium : ErrorSeverity(category: category),
            suggestedActions: success ? [] : category?.suggestedActions ?? []
        )
    }
}
