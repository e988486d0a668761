/// How a failing step asks to be recovered (spec §1.4).
public struct ErrorRecoveryStrategy: Sendable, Hashable {
    /// Categories the strategy is for.
    public var errorCategories: [ErrorCategory]
    /// How many attempts may be followed by another one.
    public var maxRetries: Int
    /// Delay after the first attempt, in seconds.
    public var retryDelayBase: Double
    /// Growth of the delay per attempt.
    public var retryBackoffFactor: Double
    /// Whether another way to the result may be tried.
    public var fallbackEnabled: Bool
    /// Consecutive failures of a component after which its circuit opens.
    public var circuitBreakerThreshold: Int
    /// Whether an operator wants to be told.
    public var alertOnFailure: Bool

    /// Creates a strategy; the defaults are those of spec §1.4.
    public init(
        errorCategories: [ErrorCategory],
        maxRetries: Int = 3,
        retryDelayBase: Double = 1.0,
        retryBackoffFactor: Double = 2.0,
        fallbackEnabled: Bool = true,
        circuitBreakerThreshold: Int = 5,
        alertOnFailure: Bool = false
    ) {
        self.errorCategories = errorCategories
        self.maxRetries = maxRetries
        self.retryDelayBase = retryDelayBase
        self.retryBackoffFactor = retryBackoffFactor
        self.fallbackEnabled = fallbackEnabled
        self.circuitBreakerThreshold = circuitBreakerThreshold
        self.alertOnFailure = alertOnFailure
    }

    /// Seconds to wait after a failed attempt (counted from 1): base · factor^(attempt − 1), no jitter, at most one day.
    public func retryDelay(attempt: Int) -> Double {
        backoffDelay(base: self.retryDelayBase, factor: self.retryBackoffFactor, attempt: attempt)
    }

    /// Whether a failed attempt (counted from 1) is followed by another one.
    ///
    /// False after `maxRetries`; otherwise true when the category is one of the strategy's own or allows retries by itself.
    public func shouldRetry(attempt: Int, category: ErrorCategory) -> Bool {
        attempt <= self.maxRetries && (self.errorCategories.contains(category) || category.allowsRetry)
    }
}
