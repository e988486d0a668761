import JSON

/// What to do about failures of one category (spec §1.17).
public struct ErrorRecoveryPolicy: Sendable, Hashable {
    /// What to do first of all.
    public enum Action: String, Sendable, Hashable {
        /// Try again, up to `maxRetries` times, then fail.
        case retry
        /// Go on without the step.
        case skip
        /// Take another step instead.
        case fallback
        /// Give up.
        case fail
    }

    /// What to do.
    public var action: Action
    /// Counts for `retry` only.
    public var maxRetries: Int
    /// Seconds before the first retry.
    public var retryDelayBase: Double
    /// Growth of the delay per attempt.
    public var retryBackoffFactor: Double
    /// The step to take instead; for `fallback` only.
    public var fallbackStep: String?

    /// Creates a policy; delays in seconds.
    public init(
        _ action: Action,
        maxRetries: Int = 0,
        retryDelayBase: Double = 1,
        retryBackoffFactor: Double = 1,
        fallbackStep: String? = nil
    ) {
        self.action = action
        self.maxRetries = maxRetries
        self.retryDelayBase = retryDelayBase
        self.retryBackoffFactor = retryBackoffFactor
        self.fallbackStep = fallbackStep
    }
}

/// What to do about one failure.
public enum RecoveryAction: Sendable, Hashable {
    /// Nothing failed: go on with the result as it is.
    case proceed
    /// Try again after this many seconds.
    case retry(delay: Double)
    /// Go on without the step.
    case skip
    /// Take this step instead.
    case fallback(step: String)
    /// Give up.
    case fail(reason: String)
}

/// Policies by category, and the decision they lead to (spec §1.17, §9 item 13).
public struct ErrorRecoveryPlan: Sendable, Hashable {
    /// What to do, by category.
    public var policies: [ErrorCategory: ErrorRecoveryPolicy]
    /// For categories without a policy and failures without a category.
    public var defaultPolicy: ErrorRecoveryPolicy

    /// Creates a plan.
    public init(policies: [ErrorCategory: ErrorRecoveryPolicy], defaultPolicy: ErrorRecoveryPolicy) {
        self.policies = policies
        self.defaultPolicy = defaultPolicy
    }

    /// The policy for a category.
    public func policy(for category: ErrorCategory?) -> ErrorRecoveryPolicy {
        category.flatMap { self.policies[$0] } ?? self.defaultPolicy
    }

    /// Decides about a result.
    ///
    /// The policy's action comes first: skip, fallback and fail hold from the first failure on. Only retries are counted: attempt n is
    /// followed by another one, after base · factor^(n − 1) seconds, while n ≤ `maxRetries`. The category alone decides; whether a result
    /// marked as not retryable may be tried again is the caller's question to ask before.
    /// - Parameter attempt: The attempt that gave the result, counted from 1.
    public func decide(_ result: StepResult, attempt: Int) -> RecoveryAction {
        guard result.isFailure else { return .proceed }
        let policy = self.policy(for: result.errorCategory)
        switch policy.action {
        case .skip: return .skip
        case .fallback: return .fallback(step: policy.fallbackStep ?? "fallback")
        case .fail: return .fail(reason: "Failures of category \(result.errorCategory?.rawValue ?? "none") are not recovered")
        case .retry:
            guard attempt <= policy.maxRetries else { return .fail(reason: "Max retries (\(policy.maxRetries)) exceeded") }
            return .retry(delay: backoffDelay(base: policy.retryDelayBase, factor: policy.retryBackoffFactor, attempt: attempt))
        }
    }

    /// The result a workflow goes on with after a decision; nil for a retry.
    ///
    /// - skip: skipped, with `step`, `reason`, `original_error`, `recovery_metadata`.
    /// - fallback: uncertain, with the same and `fallback_step`.
    /// - fail: a failure of the original category with the decision's reason, with `step`, `original_error`, `recovery_metadata`.
    /// - proceed: the original.
    public func outcome(of action: RecoveryAction, for original: StepResult, step: String, attempt: Int) -> StepResult? {
        var data: JSONObject = [
            "step": .string(step),
            "original_error": original.error.map { .string($0) } ?? .null,
            "recovery_metadata": [
                "attempt": .integer(Int64(attempt)),
                "error_category": original.errorCategory.map { .string($0.rawValue) } ?? .null,
            ],
        ]
        switch action {
        case .proceed:
            return original
        case .retry:
            return nil
        case .skip:
            return .skip(reason: "Step '\(step)' skipped after a failure", data)
        case .fallback(let fallbackStep):
            data["reason"] = .string("Step '\(step)' is replaced by '\(fallbackStep)'")
            data["fallback_step"] = .string(fallbackStep)
            return .uncertain(data)
        case .fail(let reason):
            return .fail(reason, category: original.errorCategory, context: original.errorContext, data: data)
        }
    }
}

extension ErrorRecoveryPlan {
    /// The table of spec §1.17.
    public static let standard: ErrorRecoveryPlan = {
        let skip = ErrorRecoveryPolicy(.skip)
        let fail = ErrorRecoveryPolicy(.fail)
        let transient = ErrorRecoveryPolicy(.retry, maxRetries: 3, retryDelayBase: 1, retryBackoffFactor: 2)
        let once = ErrorRecoveryPolicy(.retry, maxRetries: 1)
        return ErrorRecoveryPlan(
            policies: [
                .network: ErrorRecoveryPolicy(.retry, maxRetries: 5, retryDelayBase: 1, retryBackoffFactor: 2),
                .timeout: ErrorRecoveryPolicy(.retry, maxRetries: 3, retryDelayBase: 2, retryBackoffFactor: 2),
                .serviceUnavailable: ErrorRecoveryPolicy(.retry, maxRetries: 4, retryDelayBase: 5, retryBackoffFactor: 1.5),
                .serviceOverloaded: ErrorRecoveryPolicy(.retry, maxRetries: 3, retryDelayBase: 10, retryBackoffFactor: 1.5),
                .circuitBreakerOpen: skip,
                .rateLimit: ErrorRecoveryPolicy(.retry, maxRetries: 3, retryDelayBase: 60, retryBackoffFactor: 1),
                .validation: skip, .invalidFormat: skip, .parsingError: skip, .schemaValidation: skip,
                .modelError: ErrorRecoveryPolicy(.fallback, maxRetries: 1, fallbackStep: "use_fallback_model"),
                .embeddingError: ErrorRecoveryPolicy(.retry, maxRetries: 2, retryDelayBase: 2, retryBackoffFactor: 1.5),
                .insufficientResources: fail, .quotaExceeded: fail, .memoryError: fail,
                .authentication: fail, .authorization: fail, .permissionDenied: fail,
                .notFound: skip,
                .processing: once,
                .transient: transient, .retryable: transient,
            ],
            defaultPolicy: once
        )
    }()

    /// What spec §1.17 falls back to without a configured table: retries for network and timeout, validation skipped, one retry otherwise.
    public static let minimal = ErrorRecoveryPlan(
        policies: [
            .network: ErrorRecoveryPolicy(.retry, maxRetries: 3, retryDelayBase: 1),
            .timeout: ErrorRecoveryPolicy(.retry, maxRetries: 3, retryDelayBase: 2),
            .validation: ErrorRecoveryPolicy(.skip),
        ],
        defaultPolicy: ErrorRecoveryPolicy(.retry, maxRetries: 1)
    )
}
