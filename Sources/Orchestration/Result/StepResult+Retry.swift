extension StepResult {
    /// Whether a failed attempt is worth another one (spec §1.11).
    ///
    /// Never unless `retryable`. With a recovery strategy and a category the strategy decides, otherwise `ErrorCategory.allowsRetry`: a
    /// retryable result without a category is not retried by default.
    /// - Parameter attempt: The attempt that gave this result, counted from 1.
    public func shouldRetry(attempt: Int = 1) -> Bool {
        guard self.retryable, let category = self.errorCategory else { return false }
        return self.recoveryStrategy?.shouldRetry(attempt: attempt, category: category) ?? category.allowsRetry
    }

    /// Seconds to wait before the attempt after this one: the strategy's delay, else 2^(attempt − 1); at most one day.
    ///
    /// - Parameter attempt: The attempt that gave this result, counted from 1.
    public func retryDelay(attempt: Int = 1) -> Double {
        self.recoveryStrategy?.retryDelay(attempt: attempt) ?? backoffDelay(base: 1, factor: 2, attempt: attempt)
    }
}
