import Testing

@testable import Orchestration

@Suite("Error taxonomy")
struct ErrorTaxonomyTests {
    /// The wire names of spec §1.1 and §1.14, in their order.
    private static let wireNames = [
        "validation", "invalid_format", "missing_required_field", "invalid_value", "type_mismatch", "constraint_violation",
        "schema_validation",
        "authentication", "authorization", "permission_denied", "network", "timeout", "rate_limit", "service_unavailable",
        "service_overloaded", "circuit_breaker_open", "dependency_failure", "external_service_error", "not_found",
        "insufficient_resources", "resource_exhausted", "quota_exceeded", "storage_full", "memory_error", "processing", "dependency",
        "parsing_error", "transformation_error", "computation_error", "model_error", "embedding_error", "vector_search_error", "system",
        "configuration", "initialization_error", "database_error", "filesystem_error", "corruption_error", "success_with_warnings",
        "transient", "retryable", "business_rule_violation", "policy_violation", "compliance_violation", "execution",
    ]

    @Test func thereAreFortyFourCategoriesAndExecution() {
        #expect(ErrorCategory.allCases.map(\.rawValue) == Self.wireNames)
        #expect(ErrorCategory.allCases.count == 45)
    }

    @Test func severities() {
        #expect(ErrorSeverity.allCases.map(\.rawValue) == ["low", "medium", "high", "critical"])
    }

    @Test(arguments: ErrorCategory.allCases)
    func severityOfACategory(category: ErrorCategory) {
        let critical: Set<ErrorCategory> = [.system, .databaseError, .corruptionError, .initializationError]
        let high: Set<ErrorCategory> = [.authentication, .authorization, .serviceUnavailable, .insufficientResources]
        let medium: Set<ErrorCategory> = [.processing, .modelError, .embeddingError, .vectorSearchError]
        let expected: ErrorSeverity =
            critical.contains(category) ? .critical : high.contains(category) ? .high : medium.contains(category) ? .medium : .low
        #expect(ErrorSeverity(category: category) == expected)
    }

    @Test func noCategoryIsLow() {
        #expect(ErrorSeverity(category: nil) == .low)
    }

    @Test(arguments: ErrorCategory.allCases)
    func suggestedActions(category: ErrorCategory) {
        let expected: [ErrorCategory: [String]] = [
            .network: ["Check network connectivity", "Verify that the endpoints are reachable", "Consider adding retry logic"],
            .timeout: ["Increase timeout values", "Optimise resource usage", "Check for resource contention"],
            .rateLimit: ["Implement rate limiting", "Use exponential backoff", "Batch requests"],
            .modelError: ["Check the model configuration", "Verify API keys", "Consider fallback models"],
            .databaseError: ["Check database connectivity", "Verify credentials", "Check for schema issues"],
        ]
        #expect(category.suggestedActions == expected[category, default: []])
    }

    @Test(arguments: ErrorCategory.allCases)
    func theRetryableSet(category: ErrorCategory) {
        let r: Set<ErrorCategory> = [.transient, .retryable, .network, .timeout, .serviceUnavailable, .rateLimit]
        #expect(ErrorCategory.transientCategories == r)
        #expect(category.isTransient == r.contains(category))
        #expect(category.allowsRetry == r.union([.modelError, .databaseError]).contains(category))
    }

    // MARK: Inference

    @Test(
        arguments: [
            // One of every word and phrase.
            ("invalid input", .invalidFormat), ("Malformed URL", .invalidFormat), ("bad format", .invalidFormat),
            ("schema?", .invalidFormat),
            ("missing name", .missingRequiredField), ("name is required", .missingRequiredField), ("field x", .missingRequiredField),
            ("wrong type", .typeMismatch), ("cannot cast", .typeMismatch), ("conversion failed", .typeMismatch),
            ("timeout", .timeout), ("operation timed out", .timeout),
            ("network down", .network), ("connection refused", .network), ("host unreachable", .network),
            ("rate limit exceeded", .rateLimit), ("429 Too Many Requests", .rateLimit),
            ("service unavailable", .serviceUnavailable), ("internal server error", .serviceUnavailable),
            ("not found", .notFound), ("HTTP 404", .notFound),
            ("insufficient funds", .insufficientResources), ("out of memory", .insufficientResources),
            ("resource busy", .insufficientResources),
            ("parsing failed", .parsingError), ("bad JSON", .parsingError), ("xml!", .parsingError), ("cannot decode", .parsingError),
            ("model died", .modelError), ("inference failed", .modelError), ("prediction failed", .modelError),
            ("something else", .processing), ("", .processing),
            // Order of the rows.
            ("invalid field type", .invalidFormat), ("missing file not found", .missingRequiredField),
            ("type of connection", .typeMismatch),
            ("connection timeout", .timeout), ("network connection timed out", .timeout), ("resource not found", .notFound),
            ("model returned bad json", .parsingError),
            // Whole words only.
            ("information is gone", .processing), ("prototype broke", .processing), ("networking", .processing), ("timeouts", .processing),
            ("remodelled", .processing), ("4040", .processing), ("forecast unavailable", .processing),
            // Whole phrases, whatever separates the words.
            ("rate-limit", .rateLimit), ("rate_limit_exceeded", .rateLimit), ("rate  limit", .rateLimit), ("pirate limit", .processing),
            ("rate limiter", .processing), ("timed\nout", .timeout), ("timed outside", .processing), ("(timeout)", .timeout),
            ("timeoutß", .processing), ("ünetwork", .processing),
        ] as [(String, ErrorCategory)]
    )
    func inference(text: String, expected: ErrorCategory) {
        #expect(ErrorCategory.inferred(from: text) == expected)
    }

    @Test func anExplicitHintWins() {
        #expect(ErrorCategory.inferred(from: "timeout", hint: "quota_exceeded") == .quotaExceeded)
        #expect(ErrorCategory.inferred(from: "timeout", hint: "QUOTA_EXCEEDED") == .quotaExceeded)
        #expect(ErrorCategory.inferred(from: "timeout", hint: "no such category") == .timeout)
        #expect(ErrorCategory.inferred(from: "whatever", hint: "") == .processing)
    }

    @Test func onlyTheBeginningOfALongTextCounts() {
        let filler = String(repeating: "x ", count: 2_048)
        #expect(ErrorCategory.inferred(from: "timeout \(filler)") == .timeout)
        #expect(ErrorCategory.inferred(from: "\(filler)timeout") == .processing)
    }

    // MARK: Retries

    @Test func strategyDefaults() {
        let strategy = ErrorRecoveryStrategy(errorCategories: [.parsingError])
        #expect(strategy.maxRetries == 3)
        #expect(strategy.retryDelayBase == 1)
        #expect(strategy.retryBackoffFactor == 2)
        #expect(strategy.fallbackEnabled)
        #expect(strategy.circuitBreakerThreshold == 5)
        #expect(!strategy.alertOnFailure)
        #expect((1...4).map { strategy.retryDelay(attempt: $0) } == [1, 2, 4, 8])
    }

    @Test func strategyDecision() {
        let strategy = ErrorRecoveryStrategy(errorCategories: [.parsingError], maxRetries: 2)
        #expect(strategy.shouldRetry(attempt: 2, category: .parsingError))
        #expect(!strategy.shouldRetry(attempt: 3, category: .parsingError))
        #expect(strategy.shouldRetry(attempt: 1, category: .network))
        #expect(!strategy.shouldRetry(attempt: 1, category: .validation))
    }

    @Test(
        arguments: [
            (1, 2, 1, 1), (1, 2, 5, 16), (60, 1, 9, 60), (5, 1.5, 3, 11.25), (2, 0, 3, 0), (0, 2, 9, 0),
            (1, 2, 0, 1), (1, 2, -5, 1), (1, 2, .max, 86_400), (1, 0.5, 3, 0.25), (-1, 2, 3, 0),
            (.nan, 2, 3, 0), (.infinity, 2, 3, 0), (1, .nan, 3, 1), (1, -2, 3, 1), (1e300, 1e300, 1_000, 86_400),
        ] as [(Double, Double, Int, Double)]
    )
    func backoff(base: Double, factor: Double, attempt: Int, expected: Double) {
        #expect(backoffDelay(base: base, factor: factor, attempt: attempt) == expected)
    }

    @Test func theErrorContextNamesItself() {
        let context = ErrorContext(timestamp: 1_790_000_000.5)
        #expect(context.errorID == "err_1790000000500000")
        #expect(context.timestamp == 1_790_000_000.5)
        #expect([context.operation, context.component, context.tenant, context.workspace] == ["unknown", "unknown", "global", "global"])
        #expect(context.userID == nil && context.requestID == nil && context.sessionID == nil && context.stackTrace == nil)
        #expect(ErrorContext(timestamp: .nan).timestamp.isFinite)
        #expect(ErrorContext(timestamp: 1e300).errorID == "err_0")
    }
}
