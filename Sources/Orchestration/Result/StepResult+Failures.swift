public import JSON

/// Failures with a usual text, category and retry hint (spec §1.7). `context` and `data` are as in `fail`.
extension StepResult {
    /// The network let the step down.
    ///
    /// Category `network`, retryable.
    public static func networkError(
        _ error: String = "Network operation failed",
        context: ErrorContext? = nil,
        data: JSONObject = JSONObject()
    ) -> StepResult {
        .fail(error, category: .network, retryable: true, context: context, data: data)
    }

    /// The step, or what it waited for, took too long.
    ///
    /// Category `timeout`, retryable.
    public static func timeoutError(
        _ error: String = "Operation timed out",
        context: ErrorContext? = nil,
        data: JSONObject = JSONObject()
    ) -> StepResult {
        .fail(error, category: .timeout, retryable: true, context: context, data: data)
    }

    /// A model gave no usable answer.
    ///
    /// Category `modelError`, retryable.
    public static func modelError(
        _ error: String = "Model inference failed",
        context: ErrorContext? = nil,
        data: JSONObject = JSONObject()
    ) -> StepResult {
        .fail(error, category: .modelError, retryable: true, context: context, data: data)
    }

    /// A database operation failed.
    ///
    /// Category `databaseError`, retryable.
    public static func databaseError(
        _ error: String = "Database operation failed",
        context: ErrorContext? = nil,
        data: JSONObject = JSONObject()
    ) -> StepResult {
        .fail(error, category: .databaseError, retryable: true, context: context, data: data)
    }

    /// The input breaks a rule.
    ///
    /// Category `validation`, not retryable.
    public static func validationError(
        _ error: String = "Input validation failed",
        context: ErrorContext? = nil,
        data: JSONObject = JSONObject()
    ) -> StepResult {
        .fail(error, category: .validation, retryable: false, context: context, data: data)
    }

    /// The request makes no sense as it stands.
    ///
    /// Category `validation`, not retryable.
    public static func badRequest(
        _ error: String,
        context: ErrorContext? = nil,
        data: JSONObject = JSONObject()
    ) -> StepResult {
        .fail(error, category: .validation, retryable: false, context: context, data: data)
    }

    /// The caller is not known or not allowed.
    ///
    /// Category `authentication`, not retryable.
    public static func unauthorized(
        _ error: String = "Unauthorized",
        context: ErrorContext? = nil,
        data: JSONObject = JSONObject()
    ) -> StepResult {
        .fail(error, category: .authentication, retryable: false, context: context, data: data)
    }

    /// What was asked for does not exist.
    ///
    /// Category `notFound`, not retryable.
    public static func notFound(
        _ error: String = "Resource not found",
        context: ErrorContext? = nil,
        data: JSONObject = JSONObject()
    ) -> StepResult {
        .fail(error, category: .notFound, retryable: false, context: context, data: data)
    }

    /// The other side wants fewer requests.
    ///
    /// Category `rateLimit`, retryable.
    public static func rateLimited(
        _ error: String = "Rate limit exceeded",
        context: ErrorContext? = nil,
        data: JSONObject = JSONObject()
    ) -> StepResult {
        .fail(error, category: .rateLimit, retryable: true, context: context, data: data)
    }

    /// A service the step needs is not available.
    ///
    /// Category `serviceUnavailable`, retryable.
    public static func serviceUnavailable(
        _ error: String = "Service unavailable",
        context: ErrorContext? = nil,
        data: JSONObject = JSONObject()
    ) -> StepResult {
        .fail(error, category: .serviceUnavailable, retryable: true, context: context, data: data)
    }

    /// The step could not be carried out.
    ///
    /// Category `processing`, not retryable.
    public static func processingError(
        _ error: String,
        context: ErrorContext? = nil,
        data: JSONObject = JSONObject()
    ) -> StepResult {
        .fail(error, category: .processing, retryable: false, context: context, data: data)
    }
}
