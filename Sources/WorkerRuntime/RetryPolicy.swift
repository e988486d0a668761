public import Orchestration

/// When a failed request is handled once more.
///
/// Only failures that call themselves retryable are. A result's own recovery strategy decides first, then the orchestrator's policy, then the
/// plan's by category. The delay grows exponentially and is drawn from zero to what that gives ("full jitter": Brooker, 2015), so that what
/// failed together does not come again together; a result that says when (`retry_after`, seconds, in its metadata) is waited for that long at
/// least.
public struct RetryPolicy: Sendable, Hashable {
    /// Policies by category; by default the table of spec §1.17.
    public var plan = ErrorRecoveryPlan.standard
    /// Attempts at most, the first included, whatever the plan says; 1 for no retries.
    ///
    /// Default 10.
    public var maximumAttempts = 10
    /// Milliseconds between two attempts at most.
    ///
    /// Default one hour. The request's key waits meanwhile.
    public var maximumDelay: Int64 = 3_600_000
    /// Milliseconds that a request waits in the worker at most; longer waits are in the retry topics.
    ///
    /// Default 5 seconds.
    public var maximumWaitInPlace: Int64 = 5_000
    /// Milliseconds from the request's timestamp after which it is not tried again.
    ///
    /// Default six hours.
    public var maximumAge: Int64 = 21_600_000

    /// The defaults.
    public init() {}

    /// What to do with a result.
    public enum Decision: Sendable, Hashable {
        /// It stands.
        case stands
        /// Handle the request once more after so many milliseconds.
        case retry(after: Int64)
        /// It could have been tried again, but was tried as often or as long as it may: it stands, and the request is a dead letter.
        case exhausted
    }

    /// Decides about a result.
    ///
    /// - Parameters:
    ///   - own: the orchestrator's policy, if it has one.
    ///   - attempt: the attempt that gave it, counted from 1.
    ///   - age: milliseconds since the request's timestamp.
    ///   - timeLeft: milliseconds until its deadline; nil without one.
    ///   - random: from 0 to 1.
    public func decide(
        _ result: StepResult,
        own: ErrorRecoveryPolicy? = nil,
        attempt: Int,
        age: Int64,
        timeLeft: Int64?,
        random: Double
    ) -> Decision {
        guard result.isFailure, result.retryable, !result.isCancelled else { return .stands }
        let delay: Double
        if result.recoveryStrategy != nil {
            guard result.shouldRetry(attempt: attempt) else { return result.shouldRetry(attempt: 1) ? .exhausted : .stands }
            delay = result.retryDelay(attempt: attempt)
        } else {
            var plan = self.plan
            if let own {
                plan.policies = [:]
                plan.defaultPolicy = own
            }
            switch plan.decide(result, attempt: attempt) {
            case .retry(let seconds): delay = seconds
            case .fail: return plan.policy(for: result.errorCategory).action == .retry && attempt > 1 ? .exhausted : .stands
            case .proceed, .skip, .fallback: return .stands
            }
        }
        guard attempt < self.maximumAttempts else { return attempt > 1 ? .exhausted : .stands }
        let wanted = min(Int64(clamping: Int(delay * 1_000)), self.maximumDelay)
        var pause = Int64(Double(wanted) * min(max(0, random), 1))
        if let seconds = result.metadata["retry_after"]?.doubleValue, seconds.isFinite, seconds > 0 {
            pause = max(pause, Int64(min(seconds, 86_400) * 1_000))
            guard pause <= self.maximumDelay else { return .exhausted }
        }
        guard age + pause <= self.maximumAge, timeLeft.map({ pause < $0 }) ?? true else { return .exhausted }
        return .retry(after: pause)
    }
}
