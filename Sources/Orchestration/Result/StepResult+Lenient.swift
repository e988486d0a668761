public import JSON

extension StepResult {
    /// Makes the best of whatever a tool or a foreign service answered; objects are read as `init(lenient:context:)` does.
    ///
    /// A value that is not an object is a failure with the value's text as error; with a context its severity is `high`.
    public init(lenientValue value: JSONValue, context: ErrorContext? = nil) {
        guard let object = value.objectValue else {
            self = .fail(value.stringValue ?? value.description)
            self.errorContext = context
            if context != nil { self.errorSeverity = .high }
            return
        }
        self.init(lenient: object, context: context)
    }

    /// Makes the best of whatever a tool or a foreign service answered (`from_dict`, spec §1.7 and §1.14).
    ///
    /// Never fails.
    ///
    /// - `success` decides when it is a bool; else the status does ("success", "skipped" and "uncertain" are successes, any other is not);
    ///   else an object without an error is a success.
    /// - A status other than the implied one is kept.
    /// - An object under `data` is the payload, any other value under `data` is wrapped as `{"value": …}`; without `data`, every
    ///   member that is not a field of a result belongs to the payload.
    /// - A failure's category is `error_category` if that names one, else inferred from the error text.
    /// - It is retryable when `retryable` is true or the category is in R (`ErrorCategory.isTransient`).
    public init(lenient object: JSONObject, context: ErrorContext? = nil) {
        let status = object[WireKey.status]?.stringValue
        let error = Self.lenientError(object[WireKey.error])
        let success = object[WireKey.success]?.boolValue ?? Self.lenientSuccess(status: status, hasError: error != nil)
        let category = success ? nil : ErrorCategory.inferred(from: error ?? "", hint: object[WireKey.errorCategory]?.stringValue)
        let severity = object[WireKey.errorSeverity]?.stringValue.flatMap(ErrorSeverity.init(rawValue:))
        let derived = context == nil ? ErrorSeverity.medium : ErrorSeverity(category: category)
        self.init(
            success: success,
            data: Self.lenientData(object),
            error: error,
            customStatus: status,
            errorCategory: category,
            retryable: !success && (object[WireKey.retryable]?.boolValue == true || category?.isTransient == true),
            metadata: object[WireKey.metadata]?.objectValue ?? JSONObject(),
            errorContext: context,
            errorSeverity: severity ?? (success ? .medium : derived),
            suggestedActions: Self.lenientStrings(object[WireKey.suggestedActions])
                ?? (context == nil ? [] : category?.suggestedActions ?? []),
            relatedErrors: Self.lenientStrings(object[WireKey.relatedErrors]) ?? []
        )
        if self.isFailure {
            self.error = error ?? "Unknown error"
        } else {
            self.errorCategory = nil
            self.retryable = false
        }
    }

    private static func lenientSuccess(status: String?, hasError: Bool) -> Bool {
        switch status {
        case Status.success, Status.skipped, Status.uncertain: true
        case nil: !hasError
        default: false
        }
    }

    /// A text as it is, another value's JSON text; null and false are no error.
    private static func lenientError(_ value: JSONValue?) -> String? {
        switch value {
        case nil, .null, .bool(false): nil
        case .string(let text): text
        case .some(let value): value.description
        }
    }

    private static func lenientData(_ object: JSONObject) -> JSONObject {
        switch object[WireKey.data] {
        case .object(let data): return data
        case nil, .null: break
        case .some(let value): return ["value": value]
        }
        let fields: Set<String> = [
            WireKey.version, WireKey.success, WireKey.status, WireKey.data, WireKey.error, WireKey.errorCategory, WireKey.errorSeverity,
            WireKey.retryable, WireKey.suggestedActions, WireKey.relatedErrors,
        ]
        return JSONObject(
            object.filter { !fields.contains($0.key) && !($0.key == WireKey.metadata && $0.value.objectValue != nil) }
                .map { ($0.key, $0.value) }
        )
    }

    private static func lenientStrings(_ value: JSONValue?) -> [String]? {
        value?.arrayValue?.compactMap(\.stringValue)
    }
}
