import JSON
import Orchestration
import Testing

@Suite("Error analyzer")
struct ErrorAnalyzerTests {
    private func failure(_ error: String, _ category: ErrorCategory?, hour: Int? = nil, retryable: Bool = false) -> StepResult {
        let context = hour.map { ErrorContext(timestamp: Double($0) * 3_600 + 86_400 * 20_000) }
        return .fail(error, category: category, retryable: retryable, context: context)
    }

    @Test func nothingYet() {
        let analyzer = ErrorAnalyzer()
        #expect(analyzer.errorRate == 0)
        #expect(analyzer.trends == nil)
        #expect(analyzer.summary.mostCommonErrors.isEmpty)
    }

    @Test func theRateIsOverAllOutcomes() {
        var analyzer = ErrorAnalyzer()
        for _ in 0..<3 { analyzer.record(.ok()) }
        analyzer.record(self.failure("x", .network))
        #expect(analyzer.errorRate == 0.25)
        analyzer.record(.cancelled(reason: "r"))
        analyzer.record(.inputRequired(prompt: "p"))
        analyzer.record(.skip(reason: "r"))
        #expect(analyzer.totalErrors == 1)
        #expect(analyzer.totalOutcomes == 7)
    }

    @Test func rankings() {
        var analyzer = ErrorAnalyzer()
        for (count, category) in [(1, ErrorCategory.timeout), (3, .network), (2, .modelError), (2, .databaseError)] {
            for _ in 0..<count { analyzer.record(self.failure("\(category.rawValue) broke", category, hour: 1, retryable: count == 3)) }
        }
        analyzer.record(.fail("uncategorised"))
        let summary = analyzer.summary
        #expect(summary.totalErrors == 9)
        #expect(summary.errorRate == 1)
        #expect(summary.mostCommonErrors.map(\.name).prefix(3) == ["network broke", "database_error broke", "model_error broke"])
        #expect(summary.errorCategories.map(\.name) == ["network", "database_error", "model_error", "timeout"])
        #expect(summary.errorCategories.map(\.count) == [3, 2, 2, 1])
        #expect(summary.criticalErrors == 2)
        #expect(summary.retryableErrors == 3)
        #expect(summary.jsonObject["error_categories"]?[0] == ["network", 3])
        #expect(
            summary.jsonObject.keys == [
                "total_errors", "error_rate", "most_common_errors", "error_categories", "critical_errors", "retryable_errors",
            ]
        )
    }

    @Test func rankingsShowTen() {
        var analyzer = ErrorAnalyzer()
        for index in 0..<30 { analyzer.record(self.failure("e\(index)", ErrorCategory.allCases[index])) }
        #expect(analyzer.summary.mostCommonErrors.count == 10)
        #expect(analyzer.summary.errorCategories.count == 10)
        #expect(analyzer.trends?.mostProblematicCategories.count == 5)
    }

    @Test func theRingKeepsAThousand() {
        var analyzer = ErrorAnalyzer()
        for _ in 0..<1_000 { analyzer.record(self.failure("old", .network)) }
        for _ in 0..<999 { analyzer.record(self.failure("new", .timeout)) }
        #expect(analyzer.summary.mostCommonErrors.map(\.count) == [999, 1])
        analyzer.record(self.failure(String(repeating: "long", count: 1_000), .timeout))
        #expect(analyzer.summary.mostCommonErrors.first?.name == "new")
        #expect(analyzer.summary.mostCommonErrors.last?.name.count == 256)
        #expect(analyzer.summary.mostCommonErrors.map(\.count) == [999, 1])
        #expect(analyzer.totalErrors == 2_000)
    }

    @Test func trendsNeedTenFailures() {
        var analyzer = ErrorAnalyzer()
        for _ in 0..<9 { analyzer.record(self.failure("x", .network, hour: 3)) }
        #expect(analyzer.trends == nil)
        analyzer.record(self.failure("x", .timeout))
        #expect(analyzer.trends?.peakErrorHours.map { [$0.hour, $0.count] } == [[3, 9]])
        #expect(analyzer.trends?.mostProblematicCategories == ["network", "timeout"])
        #expect(analyzer.trends?.errorRateTrend == .stable)
    }

    @Test(arguments: [(6, 11, ErrorAnalyzer.Trends.Direction.increasing), (5, 11, .stable), (6, 10, .stable)])
    func direction(hours: Int, peak: Int, expected: ErrorAnalyzer.Trends.Direction) throws {
        var analyzer = ErrorAnalyzer()
        for hour in 0..<hours { analyzer.record(self.failure("x", .network, hour: hour)) }
        for _ in 1..<peak { analyzer.record(self.failure("x", .network, hour: 0)) }
        let trends = try #require(analyzer.trends)
        #expect(trends.errorRateTrend == expected)
        #expect(trends.peakErrorHours.count == 5)
        #expect(trends.peakErrorHours.first?.hour == 0 && trends.peakErrorHours.first?.count == peak)
        #expect(trends.jsonObject["peak_error_hours"]?[0] == [0, .integer(Int64(peak))])
        #expect(trends.jsonObject["error_rate_trend"] == .string(expected.rawValue))
    }

    @Test func hoursBefore1970AndAbsurdOnes() {
        var analyzer = ErrorAnalyzer()
        for _ in 0..<5 {
            analyzer.record(.fail("x", context: ErrorContext(timestamp: -3_600)))
            analyzer.record(.fail("x", context: ErrorContext(timestamp: 1e300)))
        }
        #expect(analyzer.trends?.peakErrorHours.map { [$0.hour, $0.count] } == [[23, 5]])
    }
}

@Suite("Error recovery manager")
struct ErrorRecoveryManagerTests {
    private func manager(threshold: Int = 3, maximumComponents: Int = 1_000) -> ErrorRecoveryManager {
        var manager = ErrorRecoveryManager(maximumComponents: maximumComponents)
        manager.register(ErrorRecoveryStrategy(errorCategories: [.network, .timeout], circuitBreakerThreshold: threshold))
        return manager
    }

    @Test func opensAtTheThreshold() {
        var manager = self.manager()
        for now in 1...2 { manager.recordFailure(component: "c", category: .network, now: Int64(now)) }
        #expect(manager.circuitState(component: "c", now: 2) == .closed)
        manager.recordFailure(component: "c", category: .network, now: 3)
        #expect(manager.isCircuitOpen(component: "c", now: 3))
        #expect(!manager.isCircuitOpen(component: "d", now: 3))
        #expect(manager.consecutiveFailures(component: "c") == 3)
    }

    @Test func allCategoriesCountButOnlyOneWithAStrategyOpens() {
        var manager = self.manager()
        for _ in 0..<5 { manager.recordFailure(component: "c", category: .parsingError, now: 1) }
        #expect(!manager.isCircuitOpen(component: "c", now: 1))
        manager.recordFailure(component: "c", category: .timeout, now: 1)
        #expect(manager.isCircuitOpen(component: "c", now: 1))
        #expect(manager.strategy(for: .timeout) != nil)
        #expect(manager.strategy(for: .parsingError) == nil)
    }

    @Test func aSuccessEndsTheRow() {
        var manager = self.manager()
        for _ in 0..<10 {
            manager.recordFailure(component: "c", category: .network, now: 1)
            manager.recordFailure(component: "c", category: .network, now: 1)
            manager.recordSuccess(component: "c")
        }
        #expect(!manager.isCircuitOpen(component: "c", now: 1))
        #expect(manager.consecutiveFailures(component: "c") == 0)
    }

    @Test func halfOpenAdmitsOneTrial() {
        var manager = self.manager(threshold: 1)
        manager.recordFailure(component: "c", category: .network, now: 1_000)
        #expect(manager.admit(component: "c", now: 60_999) == false)
        #expect(manager.circuitState(component: "c", now: 61_000) == .halfOpen)
        #expect(manager.admit(component: "c", now: 61_000) == true)
        #expect(manager.admit(component: "c", now: 61_001) == false)
        manager.recordSuccess(component: "c")
        #expect(manager.circuitState(component: "c", now: 61_002) == .closed)
        #expect(manager.admit(component: "c", now: 61_002) == true)
    }

    @Test func aFailedTrialOpensAgainWhateverItsCategory() {
        var manager = self.manager(threshold: 1)
        manager.recordFailure(component: "c", category: .network, now: 0)
        #expect(manager.admit(component: "c", now: 60_000) == true)
        manager.recordFailure(component: "c", category: .parsingError, now: 60_500)
        #expect(manager.isCircuitOpen(component: "c", now: 120_499))
        #expect(manager.circuitState(component: "c", now: 120_500) == .halfOpen)
    }

    @Test func aTrialThatIsNeverRecordedExpires() {
        var manager = self.manager(threshold: 1)
        manager.recordFailure(component: "c", category: .network, now: 0)
        #expect(manager.admit(component: "c", now: 60_000) == true)
        #expect(manager.admit(component: "c", now: 119_999) == false)
        #expect(manager.admit(component: "c", now: 120_000) == true)
    }

    @Test func reset() {
        var manager = self.manager(threshold: 1)
        manager.recordFailure(component: "c", category: .network, now: 0)
        manager.resetCircuit(component: "c")
        #expect(manager.circuitState(component: "c", now: 0) == .closed)
    }

    @Test func resultsCountUnderTheirComponent() {
        var manager = self.manager(threshold: 1)
        manager.record(.fail("x", category: .network), now: 0)
        manager.record(.fail("x", context: ErrorContext(timestamp: 0, component: "c")), now: 0)
        manager.record(.cancelled(reason: "r"), now: 0)
        #expect(manager.consecutiveFailures(component: "c") == 0)
        manager.record(.fail("x", category: .network, context: ErrorContext(timestamp: 0, component: "c")), now: 0)
        #expect(manager.isCircuitOpen(component: "c", now: 0))
        manager.record(.withContext(success: true, context: ErrorContext(timestamp: 0, component: "c")), now: 0)
        #expect(!manager.isCircuitOpen(component: "c", now: 0))
    }

    @Test func memoryIsBounded() {
        var manager = self.manager(threshold: 1, maximumComponents: 2)
        manager.recordFailure(component: "a", category: .network, now: 1)
        manager.recordFailure(component: "b", category: .network, now: 2)
        manager.recordFailure(component: "a", category: .network, now: 3)
        manager.recordFailure(component: "c", category: .network, now: 4)
        #expect(["a", "b", "c"].map { manager.consecutiveFailures(component: $0) } == [2, 0, 1])
    }
}

@Suite("Error recovery plan")
struct ErrorRecoveryPlanTests {
    @Test(
        arguments: [
            (.network, [1, 2, 4, 8, 16]),
            (.timeout, [2, 4, 8]),
            (.serviceUnavailable, [5, 7.5, 11.25, 16.875]),
            (.serviceOverloaded, [10, 15, 22.5]),
            (.rateLimit, [60, 60, 60]),
            (.embeddingError, [2, 3]),
            (.processing, [1]),
            (.transient, [1, 2, 4]),
            (.retryable, [1, 2, 4]),
            (.configuration, [1]),
            (nil, [1]),
        ] as [(ErrorCategory?, [Double])]
    )
    func retries(category: ErrorCategory?, delays: [Double]) {
        let failure = StepResult.fail("x", category: category)
        for (index, delay) in delays.enumerated() {
            #expect(ErrorRecoveryPlan.standard.decide(failure, attempt: index + 1) == .retry(delay: delay))
        }
        let last = ErrorRecoveryPlan.standard.decide(failure, attempt: delays.count + 1)
        #expect(last == .fail(reason: "Max retries (\(delays.count)) exceeded"))
    }

    @Test(arguments: [1, 2, 100])
    func actionsComeBeforeCounting(attempt: Int) {
        let plan = ErrorRecoveryPlan.standard
        for category in [.circuitBreakerOpen, .validation, .invalidFormat, .parsingError, .schemaValidation, .notFound] as [ErrorCategory] {
            #expect(plan.decide(.fail("x", category: category), attempt: attempt) == .skip)
        }
        #expect(plan.decide(.fail("x", category: .modelError), attempt: attempt) == .fallback(step: "use_fallback_model"))
        for category in [
            .insufficientResources, .quotaExceeded, .memoryError, .authentication, .authorization, .permissionDenied,
        ] as [ErrorCategory] {
            guard case .fail = plan.decide(.fail("x", category: category), attempt: attempt) else {
                Issue.record("\(category) must fail")
                continue
            }
        }
    }

    @Test(arguments: [StepResult.ok(), .skip(reason: "r"), .cancelled(reason: "r"), .inputRequired(prompt: "p")])
    func nothingToRecover(result: StepResult) {
        #expect(ErrorRecoveryPlan.standard.decide(result, attempt: 1) == .proceed)
    }

    @Test func theMinimalPlan() {
        let plan = ErrorRecoveryPlan.minimal
        #expect((1...3).map { plan.decide(.networkError(), attempt: $0) } == Array(repeating: .retry(delay: 1), count: 3))
        #expect(plan.decide(.networkError(), attempt: 4) == .fail(reason: "Max retries (3) exceeded"))
        #expect(plan.decide(.timeoutError(), attempt: 3) == .retry(delay: 2))
        #expect(plan.decide(.validationError(), attempt: 1) == .skip)
        #expect(plan.decide(.fail("x"), attempt: 2) == .fail(reason: "Max retries (1) exceeded"))
    }

    @Test func outcomes() throws {
        let plan = ErrorRecoveryPlan.standard
        let original = StepResult.fail("broken", category: .modelError)
        #expect(plan.outcome(of: .retry(delay: 1), for: original, step: "s", attempt: 1) == nil)
        #expect(plan.outcome(of: .proceed, for: .ok(["a": 1]), step: "s", attempt: 1) == .ok(["a": 1]))

        let skipped = try #require(plan.outcome(of: .skip, for: original, step: "s", attempt: 2))
        #expect(skipped.isSkipped)
        #expect(Set(skipped.data.keys) == ["step", "reason", "original_error", "recovery_metadata"])
        #expect(skipped.data["original_error"] == "broken")
        #expect(skipped.data["recovery_metadata"] == ["attempt": 2, "error_category": "model_error"])

        let replaced = try #require(plan.outcome(of: .fallback(step: "f"), for: original, step: "s", attempt: 1))
        #expect(replaced.isUncertain)
        #expect(replaced.data["fallback_step"] == "f")

        let failed = try #require(plan.outcome(of: .fail(reason: "enough"), for: original, step: "s", attempt: 1))
        #expect(failed.isFailure)
        #expect(failed.error == "enough")
        #expect(failed.errorCategory == .modelError)
        #expect(failed.data["original_error"] == "broken")
    }
}
