/// What a worker's orchestrators choose components by.
public enum PolicyUse: String, Sendable, CaseIterable {
    /// By what feedback orchestrators have learned, as the topic of policies tells it.
    case on
    /// All candidates are alike, and nothing is disabled; decisions are published all the same.
    case off
}
