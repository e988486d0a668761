/// What kind of failure a `StepResult` reports; the raw value is the text on the wire.
///
/// 44 values of spec §1.1 plus `execution` of the newer variant (§1.14).
public enum ErrorCategory: String, CaseIterable, Sendable, Hashable {
    // Input and validation
    case validation
    case invalidFormat = "invalid_format"
    case missingRequiredField = "missing_required_field"
    case invalidValue = "invalid_value"
    case typeMismatch = "type_mismatch"
    case constraintViolation = "constraint_violation"
    case schemaValidation = "schema_validation"
    // Identity
    case authentication
    case authorization
    case permissionDenied = "permission_denied"
    // Network and services
    case network
    case timeout
    case rateLimit = "rate_limit"
    case serviceUnavailable = "service_unavailable"
    case serviceOverloaded = "service_overloaded"
    case circuitBreakerOpen = "circuit_breaker_open"
    case dependencyFailure = "dependency_failure"
    case externalServiceError = "external_service_error"
    // Resources
    case notFound = "not_found"
    case insufficientResources = "insufficient_resources"
    case resourceExhausted = "resource_exhausted"
    case quotaExceeded = "quota_exceeded"
    case storageFull = "storage_full"
    case memoryError = "memory_error"
    // Processing
    case processing
    case dependency
    case parsingError = "parsing_error"
    case transformationError = "transformation_error"
    case computationError = "computation_error"
    case modelError = "model_error"
    case embeddingError = "embedding_error"
    case vectorSearchError = "vector_search_error"
    // System
    case system
    case configuration
    case initializationError = "initialization_error"
    case databaseError = "database_error"
    case filesystemError = "filesystem_error"
    case corruptionError = "corruption_error"
    // Status-like
    case successWithWarnings = "success_with_warnings"
    // Retry hints
    case transient
    case retryable
    // Business
    case businessRuleViolation = "business_rule_violation"
    case policyViolation = "policy_violation"
    case complianceViolation = "compliance_violation"
    // Newer variant
    case execution
}

extension ErrorCategory {
    /// The set R of spec §1.3: failures that usually pass when the same thing is tried again.
    ///
    /// A result read by `StepResult(lenient:context:)` is retryable when its category is in this set.
    public static let transientCategories: Set<ErrorCategory> = [
        .transient, .retryable, .network, .timeout, .serviceUnavailable, .rateLimit,
    ]

    /// Whether the category is in R (`transientCategories`).
    public var isTransient: Bool {
        switch self {
        case .transient, .retryable, .network, .timeout, .serviceUnavailable, .rateLimit: true
        default: false
        }
    }

    /// Whether whoever asked made the mistake: the categories of input and validation.
    ///
    /// Such a failure says nothing about who was asked.
    public var blamesInput: Bool {
        switch self {
        case .validation, .invalidFormat, .missingRequiredField, .invalidValue, .typeMismatch, .constraintViolation, .schemaValidation: true
        default: false
        }
    }

    /// Whether a result marked retryable is tried again when no strategy says otherwise: R plus `modelError` and `databaseError`.
    ///
    /// Their constructors mark a result as retryable, so the default decision has to agree (spec §9 item 12).
    public var allowsRetry: Bool {
        self.isTransient || self == .modelError || self == .databaseError
    }
}
