import JSON
import Orchestration
import Testing
import WorkerRuntime

@Suite("Retry policy")
struct RetryPolicyTests {
    private func decide(
        _ result: StepResult,
        _ policy: RetryPolicy = RetryPolicy(),
        own: ErrorRecoveryPolicy? = nil,
        attempt: Int = 1,
        age: Int64 = 0,
        timeLeft: Int64? = nil,
        random: Double = 1
    ) -> RetryPolicy.Decision {
        policy.decide(result, own: own, attempt: attempt, age: age, timeLeft: timeLeft, random: random)
    }

    private let network = StepResult.fail("no route", category: .network, retryable: true)

    @Test("only failures that call themselves retryable are tried again")
    func retryableOnly() {
        #expect(self.decide(.ok()) == .stands)
        #expect(self.decide(.skip(reason: "not now")) == .stands)
        #expect(self.decide(.uncertain()) == .stands)
        #expect(self.decide(.fail("no route", category: .network)) == .stands)
        #expect(self.decide(self.network) == .retry(after: 1_000))
    }

    @Test("the delay grows by the category's table, and is drawn between zero and that")
    func delays() {
        let delays = (1...5).map { self.decide(self.network, attempt: $0) }
        #expect(delays == [1_000, 2_000, 4_000, 8_000, 16_000].map { .retry(after: $0) })
        #expect(self.decide(self.network, attempt: 3, random: 0.25) == .retry(after: 1_000))
        #expect(self.decide(self.network, attempt: 3, random: 0) == .retry(after: 0))
        #expect(self.decide(self.network, attempt: 3, random: 7) == .retry(after: 4_000))
        // Spec §1.17: five retries.
        #expect(self.decide(self.network, attempt: 6) == .exhausted)
        var short = RetryPolicy()
        short.maximumDelay = 3_000
        #expect(self.decide(self.network, short, attempt: 4) == .retry(after: 3_000))
    }

    @Test("categories that the table does not retry stand at once")
    func otherActions() {
        for category in [ErrorCategory.validation, .authentication, .notFound, .circuitBreakerOpen, .modelError] {
            #expect(self.decide(.fail("no", category: category, retryable: true)) == .stands, "\(category)")
        }
    }

    @Test("attempts, age and deadline bound the tries")
    func bounds() {
        var policy = RetryPolicy()
        policy.maximumAttempts = 2
        #expect(self.decide(self.network, policy, attempt: 1) == .retry(after: 1_000))
        #expect(self.decide(self.network, policy, attempt: 2) == .exhausted)
        policy.maximumAttempts = 1
        #expect(self.decide(self.network, policy, attempt: 1) == .stands, "no retries are wanted")
        #expect(self.decide(self.network, age: 21_599_000) == .retry(after: 1_000))
        #expect(self.decide(self.network, age: 21_599_001) == .exhausted)
        #expect(self.decide(self.network, timeLeft: 1_001) == .retry(after: 1_000))
        #expect(self.decide(self.network, timeLeft: 1_000) == .exhausted)
        #expect(self.decide(self.network, timeLeft: -5) == .exhausted)
    }

    @Test("the result's own strategy comes first, then the orchestrator's policy")
    func precedence() {
        let own = ErrorRecoveryPolicy(.retry, maxRetries: 1, retryDelayBase: 0.1)
        #expect(self.decide(self.network, own: own) == .retry(after: 100))
        #expect(self.decide(self.network, own: own, attempt: 2) == .exhausted)
        #expect(self.decide(self.network, own: ErrorRecoveryPolicy(.fail)) == .stands)
        var told = self.network
        told.recoveryStrategy = ErrorRecoveryStrategy(
            errorCategories: [.network],
            maxRetries: 2,
            retryDelayBase: 0.2,
            retryBackoffFactor: 3
        )
        #expect(self.decide(told, own: own, attempt: 2) == .retry(after: 600))
        #expect(self.decide(told, own: own, attempt: 3) == .exhausted)
    }

    @Test("a result may say when: that long at least, and not beyond what is allowed")
    func retryAfter() {
        func limited(_ seconds: JSONValue) -> StepResult {
            .fail("slow down", category: .rateLimit, retryable: true, metadata: ["retry_after": seconds])
        }
        #expect(self.decide(limited(5), random: 0) == .retry(after: 5_000))
        #expect(self.decide(limited(5), random: 1) == .retry(after: 60_000))
        #expect(self.decide(limited(3_600), random: 0) == .retry(after: 3_600_000))
        #expect(self.decide(limited(3_601), random: 0) == .exhausted)
        #expect(self.decide(limited(.number(.infinity)), random: 0) == .retry(after: 0))
        #expect(self.decide(limited(-1), random: 0) == .retry(after: 0))
        #expect(self.decide(limited("soon"), random: 0) == .retry(after: 0))
    }
}
