extension ErrorCategory {
    /// Three things an operator can do about a failure of this category, or nothing for categories without a general remedy (spec §1.9).
    public var suggestedActions: [String] {
        switch self {
        case .network:
            ["Check network connectivity", "Verify that the endpoints are reachable", "Consider adding retry logic"]
        case .timeout:
            ["Increase timeout values", "Optimise resource usage", "Check for resource contention"]
        case .rateLimit:
            ["Implement rate limiting", "Use exponential backoff", "Batch requests"]
        case .modelError:
            ["Check the model configuration", "Verify API keys", "Consider fallback models"]
        case .databaseError:
            ["Check database connectivity", "Verify credentials", "Check for schema issues"]
        default:
            []
        }
    }
}
