public import JSON

/// The outcome of one step: what every orchestrator returns and every reply carries (spec §1.6).
///
/// A failure is a value, not a thrown error: it has a text, a category, a severity and says whether trying again makes sense. Build one
/// with `ok(_:)`, `skip(reason:_:)`, `uncertain(_:)`, `fail(_:category:retryable:metadata:context:data:)` and their relatives.
public struct StepResult: Sendable, Hashable {
    /// Whether the step did what was asked.
    ///
    /// A skipped or uncertain step is a success; a cancelled or waiting one is not.
    public var success: Bool {
        didSet { self.dropImpliedStatus() }
    }
    /// The payload.
    public var data: JSONObject
    /// What went wrong, for people.
    public var error: String?
    /// A status other than the one `success` implies, such as one of `StepResult.Status`.
    ///
    /// Setting the implied one ("success" or "error") is the same as setting nil.
    public var customStatus: String? {
        didSet { self.dropImpliedStatus() }
    }
    /// What kind of failure it is.
    public var errorCategory: ErrorCategory?
    /// `medium` unless derived from the category (`ErrorSeverity.init(category:)`) or set.
    public var errorSeverity: ErrorSeverity
    /// Whether the failing side considers another attempt useful.
    ///
    /// See `shouldRetry(attempt:)`.
    public var retryable: Bool
    /// Facts about the run rather than part of the payload.
    public var metadata: JSONObject
    /// What is seldom set lives behind one reference, so that the common success is moved in few words; nil when all of it has its default.
    private var details: Details?

    /// Creates a result from its fields; the defaults are those of spec §1.6.
    ///
    /// - Parameter performanceImpact: Cost of the failure on the author's own scale; a value that is not finite counts as 0.
    public init(
        success: Bool,
        data: JSONObject = [:],
        error: String? = nil,
        customStatus: String? = nil,
        errorCategory: ErrorCategory? = nil,
        retryable: Bool = false,
        metadata: JSONObject = [:],
        errorContext: ErrorContext? = nil,
        errorSeverity: ErrorSeverity = .medium,
        recoveryStrategy: ErrorRecoveryStrategy? = nil,
        performanceImpact: Double = 0,
        suggestedActions: [String] = [],
        relatedErrors: [String] = []
    ) {
        self.success = success
        self.data = data
        self.error = error
        self.customStatus = customStatus
        self.errorCategory = errorCategory
        self.errorSeverity = errorSeverity
        self.retryable = retryable
        self.metadata = metadata
        self.details = Details.boxed(
            DetailFields(
                errorContext: errorContext,
                recoveryStrategy: recoveryStrategy,
                performanceImpact: performanceImpact.isFinite ? performanceImpact : 0,
                suggestedActions: suggestedActions,
                relatedErrors: relatedErrors
            )
        )
        self.dropImpliedStatus()
    }

    /// The short way to a result without details: the one nearly every job takes.
    init(success: Bool, data: JSONObject, customStatus: String?) {
        self.success = success
        self.data = data
        self.customStatus = customStatus
        self.errorSeverity = .medium
        self.retryable = false
        self.metadata = JSONObject()
    }

    private mutating func dropImpliedStatus() {
        if self.customStatus == Status.implied(by: self.success) { self.customStatus = nil }
    }
}

extension StepResult {
    /// Where and for whom it failed.
    public var errorContext: ErrorContext? {
        get { self.details?.fields.errorContext }
        set { self.updateDetails { $0.errorContext = newValue } }
    }

    /// How the step asks to be recovered; without one, the category decides.
    public var recoveryStrategy: ErrorRecoveryStrategy? {
        get { self.details?.fields.recoveryStrategy }
        set { self.updateDetails { $0.recoveryStrategy = newValue } }
    }

    /// Cost of the failure on the author's own scale, 0 by default; a value that is not finite counts as 0.
    public var performanceImpact: Double {
        get { self.details?.fields.performanceImpact ?? 0 }
        set { self.updateDetails { $0.performanceImpact = newValue.isFinite ? newValue : 0 } }
    }

    /// What an operator can do about it.
    public var suggestedActions: [String] {
        get { self.details?.fields.suggestedActions ?? [] }
        set { self.updateDetails { $0.suggestedActions = newValue } }
    }

    /// Identities or texts of other failures that belong to this one.
    public var relatedErrors: [String] {
        get { self.details?.fields.relatedErrors ?? [] }
        set { self.updateDetails { $0.relatedErrors = newValue } }
    }

    /// Whether none of the fields above is set.
    var hasNoDetails: Bool { self.details == nil }

    private mutating func updateDetails(_ change: (inout DetailFields) -> Void) {
        var fields = self.details?.fields ?? DetailFields()
        change(&fields)
        self.details = Details.boxed(fields)
    }
}

private struct DetailFields: Sendable, Hashable {
    var errorContext: ErrorContext?
    var recoveryStrategy: ErrorRecoveryStrategy?
    var performanceImpact = 0.0
    var suggestedActions: [String] = []
    var relatedErrors: [String] = []
}

/// A value on the heap.
private indirect enum Details: Sendable, Hashable {
    case box(DetailFields)

    var fields: DetailFields {
        switch self {
        case .box(let fields): fields
        }
    }

    /// Nil for fields that all have their default, so that equal results have equal storage.
    static func boxed(_ fields: DetailFields) -> Details? {
        let hasDefaults =
            fields.errorContext == nil && fields.recoveryStrategy == nil && fields.performanceImpact == 0
            && fields.suggestedActions.isEmpty && fields.relatedErrors.isEmpty
        return hasDefaults ? nil : .box(fields)
    }
}
