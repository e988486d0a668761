import JSON
import Orchestration
import Testing

@Suite("Step result")
struct StepResultTests {
    @Test func defaults() {
        let result = StepResult(success: true)
        #expect(result.data.isEmpty && result.metadata.isEmpty)
        #expect(result.error == nil && result.customStatus == nil && result.errorCategory == nil)
        #expect(!result.retryable)
        #expect(result.errorContext == nil && result.recoveryStrategy == nil)
        #expect(result.errorSeverity == .medium)
        #expect(result.performanceImpact == 0)
        #expect(result.suggestedActions.isEmpty && result.relatedErrors.isEmpty)
        #expect(result == .ok())
    }

    @Test func status() {
        #expect(StepResult(success: true).status == "success")
        #expect(StepResult(success: false).status == "error")
        #expect(StepResult(success: true, customStatus: "own").status == "own")
    }

    @Test func theImpliedStatusIsNoCustomStatus() {
        #expect(StepResult(success: true, customStatus: "success").customStatus == nil)
        #expect(StepResult(success: false, customStatus: "success").customStatus == "success")
        var result = StepResult(success: false, customStatus: "success")
        result.success = true
        #expect(result == .ok())
        result.customStatus = "success"
        #expect(result.customStatus == nil)
    }

    @Test func customStatuses() {
        let all = [
            StepResult.ok(), .skip(reason: "r"), .uncertain(), .cancelled(reason: "r"), .inputRequired(prompt: "p"), .fail("f"),
        ]
        #expect(all.map(\.status) == ["success", "skipped", "uncertain", "cancelled", "input_required", "error"])
        #expect(all.map(\.success) == [true, true, true, false, false, false])
        #expect(all.map(\.isSkipped) == [false, true, false, false, false, false])
        #expect(all.map(\.isUncertain) == [false, false, true, false, false, false])
        #expect(all.map(\.isCancelled) == [false, false, false, true, false, false])
        #expect(all.map(\.isInputRequired) == [false, false, false, false, true, false])
        #expect(all.map(\.isFailure) == [false, false, false, false, false, true])
        #expect(all.allSatisfy { !$0.retryable && $0.errorCategory == nil })
    }

    @Test func successes() {
        #expect(StepResult.ok(["a": 1]).data == ["a": 1])
        #expect(StepResult.skip(reason: "done already", ["a": 1, "reason": "x"]).data == ["a": 1, "reason": "done already"])
        #expect(StepResult.uncertain(["a": 1]).data == ["a": 1])
        let warned = StepResult.successWithWarnings(["one", "two"], ["a": 1])
        #expect(warned.success && warned.status == "success")
        #expect(warned.metadata == ["warnings": ["one", "two"]])
        #expect(warned.data == ["a": 1])
        #expect(StepResult.cancelled(reason: "operator", ["a": 1]).error == "operator")
        #expect(StepResult.inputRequired(prompt: "Which one?", ["options": [1, 2]]).data == ["options": [1, 2], "prompt": "Which one?"])
    }

    @Test func failWithoutContextDerivesNothing() {
        let result = StepResult.fail("f", category: .databaseError, retryable: true, metadata: ["m": 1], data: ["data": ["d": 2]])
        #expect(!result.success && result.retryable)
        #expect(result.error == "f")
        #expect(result.errorCategory == .databaseError)
        #expect(result.metadata == ["m": 1])
        #expect(result.data == ["data": ["d": 2]])
        #expect(result.errorSeverity == .medium)
        #expect(result.suggestedActions.isEmpty)
    }

    @Test func failWithContextDerivesSeverityAndActions() {
        let context = ErrorContext(timestamp: 1, component: "c")
        let result = StepResult.fail("f", category: .databaseError, context: context)
        #expect(result.errorContext == context)
        #expect(result.errorSeverity == .critical)
        #expect(result.suggestedActions == ErrorCategory.databaseError.suggestedActions)
        #expect(StepResult.fail("f", context: context).errorSeverity == .low)
    }

    @Test func withContext() {
        let context = ErrorContext(timestamp: 1)
        let failure = StepResult.withContext(success: false, error: "e", category: .network, context: context, data: ["a": 1])
        #expect(failure.errorSeverity == .low)
        #expect(failure.suggestedActions.count == 3)
        #expect(failure.data == ["a": 1])
        let success = StepResult.withContext(success: true, category: .network, context: context)
        #expect(success.errorSeverity == .medium)
        #expect(success.suggestedActions.isEmpty)
        #expect(success.errorContext == context)
    }

    @Test(
        arguments: [
            (.networkError(), "Network operation failed", .network, true),
            (.timeoutError(), "Operation timed out", .timeout, true),
            (.modelError(), "Model inference failed", .modelError, true),
            (.databaseError(), "Database operation failed", .databaseError, true),
            (.validationError(), "Input validation failed", .validation, false),
            (.badRequest("why"), "why", .validation, false),
            (.unauthorized(), "Unauthorized", .authentication, false),
            (.notFound(), "Resource not found", .notFound, false),
            (.rateLimited(), "Rate limit exceeded", .rateLimit, true),
            (.serviceUnavailable(), "Service unavailable", .serviceUnavailable, true),
            (.processingError("why"), "why", .processing, false),
        ] as [(StepResult, String, ErrorCategory, Bool)]
    )
    func convenienceFailures(result: StepResult, error: String, category: ErrorCategory, retryable: Bool) {
        #expect(result == .fail(error, category: category, retryable: retryable))
        // A constructor that says retryable is also retried (spec §9 item 12).
        #expect(result.shouldRetry() == retryable)
    }

    @Test func convenienceFailuresTakeTextContextAndData() {
        let context = ErrorContext(timestamp: 1)
        let result = StepResult.notFound("gone", context: context, data: ["id": 7])
        #expect(result == .fail("gone", category: .notFound, context: context, data: ["id": 7]))
    }

    @Test func detailsAreValues() {
        var result = StepResult.fail("f")
        let before = result
        result.performanceImpact = 0.5
        result.suggestedActions = ["act"]
        result.relatedErrors = ["other"]
        result.errorContext = ErrorContext(timestamp: 1)
        result.recoveryStrategy = ErrorRecoveryStrategy(errorCategories: [.network])
        let copy = result
        result.performanceImpact = .nan
        #expect(result.performanceImpact == 0)
        #expect(copy.performanceImpact == 0.5)
        result.suggestedActions = []
        result.relatedErrors = []
        result.errorContext = nil
        result.recoveryStrategy = nil
        #expect(result == before)
        #expect(result.hashValue == before.hashValue)
        #expect(copy != before)
        #expect(StepResult(success: true, performanceImpact: .infinity) == .ok())
    }

    // MARK: Retry helpers

    @Test(arguments: ErrorCategory.allCases)
    func defaultRetryDecision(category: ErrorCategory) {
        #expect(!StepResult.fail("f", category: category).shouldRetry())
        #expect(StepResult.fail("f", category: category, retryable: true).shouldRetry() == category.allowsRetry)
    }

    @Test func retryWithAStrategy() {
        var result = StepResult.fail("f", category: .parsingError, retryable: true)
        #expect(!result.shouldRetry())
        result.recoveryStrategy = ErrorRecoveryStrategy(errorCategories: [.parsingError], maxRetries: 2, retryDelayBase: 3)
        #expect(result.shouldRetry(attempt: 2))
        #expect(!result.shouldRetry(attempt: 3))
        #expect(result.retryDelay(attempt: 2) == 6)
        result.retryable = false
        #expect(!result.shouldRetry())
        #expect(!StepResult.fail("f", retryable: true).shouldRetry())
        #expect((1...4).map { StepResult.fail("f").retryDelay(attempt: $0) } == [1, 2, 4, 8])
    }

    @Test(arguments: zip(ErrorSeverity.allCases, [false, false, true, true]))
    func critical(severity: ErrorSeverity, expected: Bool) {
        #expect(StepResult(success: false, errorSeverity: severity).isCritical == expected)
    }

    // MARK: Looking in by name

    @Test func lookup() {
        let result = StepResult.fail(
            "broken",
            category: .network,
            retryable: true,
            metadata: ["m": 1],
            data: ["a": 1, "error": "hidden", "data": ["a": 2, "b": 3, "status": "hidden"]]
        )
        #expect(result["status"] == "error")
        #expect(result["error"] == "broken")
        #expect(result["error_category"] == "network")
        #expect(result["retryable"] == true)
        #expect(result["metadata"] == ["m": 1])
        #expect(result["a"] == 1)
        #expect(result["b"] == 3)
        #expect(result["data"]?["b"] == 3)
        #expect(result["c"] == nil)
        #expect(result.keys == ["status", "error", "error_category", "retryable", "metadata", "a", "data", "b"])
    }

    @Test func lookupFallsThroughToThePayload() {
        let result = StepResult.ok(["error": "in data", "metadata": 7, "data": "no object"])
        #expect(result["error"] == "in data")
        #expect(result["metadata"] == 7)
        #expect(result["retryable"] == nil)
        #expect(result.keys == ["status", "error", "metadata", "data"])
        for key in result.keys { #expect(result[key] != nil) }
    }

    @Test func debugInfo() {
        let context = ErrorContext(timestamp: 1, stackTrace: "frames")
        let result = StepResult.fail("f", category: .timeout, context: context, data: ["secret": 1])
        #expect(
            result.debugInfo.keys == [
                "success", "error", "error_category", "error_severity", "retryable", "metadata", "error_context", "suggested_actions",
                "related_errors", "performance_impact",
            ]
        )
        #expect(result.debugInfo["error_context"]?["stack_trace"] == nil)
        #expect(result.debugInfo["suggested_actions"]?.arrayValue?.count == 3)
        #expect(StepResult.ok().debugInfo["error"] == .null)
    }
}
