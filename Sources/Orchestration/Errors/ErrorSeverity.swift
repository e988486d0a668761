/// How bad a failure is; the raw value is the text on the wire (spec §1.2).
public enum ErrorSeverity: String, CaseIterable, Sendable, Hashable {
    case low
    case medium
    case high
    case critical

    /// Derives the severity from a category (spec §1.8); no category and every category not named there are `low`.
    public init(category: ErrorCategory?) {
        switch category {
        case .system, .databaseError, .corruptionError, .initializationError:
            self = .critical
        case .authentication, .authorization, .serviceUnavailable, .insufficientResources:
            self = .high
        case .processing, .modelError, .embeddingError, .vectorSearchError:
            self = .medium
        default:
            self = .low
        }
    }
}
