/// What is read from the situations of each type of component, in the order of the vector.
///
/// A change to one of these lists is a change of what learners have learned: states of another length count as unknown.
enum FeatureDomains {
    /// Spec §5.5; a situation without a limit of time or money has all there is.
    static let model: [Feature] =
        ["analysis", "generation", "summarization", "translation", "reasoning"].map { .word("task_type", is: $0) } + [
            .complexity,
            .number("token_estimate", default: 1_000, full: 10_000),
            .number("latency_requirement_ms", default: 5_000, full: 5_000),
            .number("cost_budget_usd", default: 1, full: 1),
            .number("quality_requirement", default: 0.8, full: 1),
        ]

    /// Spec §5.6.
    static let tool: [Feature] = [
        .complexity,
        .number("data_size", default: 1_000, full: 10_000),
        .number("urgency", default: 0.5, full: 1),
        .number("required_accuracy", default: 0.8, full: 1),
        .number("required_speed", default: 0.5, full: 1),
        .number("budget_usd", default: 0.01, full: 0.01),
        .number("max_latency_ms", default: 5_000, full: 10_000),
        .flag("has_video"),
        .flag("has_audio"),
        .flag("has_text"),
        .number("user_priority", default: 0.5, full: 1),
        .number("historical_success", default: 0.8, full: 1),
        .length("tags", full: 10),
        .number("time_of_day", default: 12, full: 24),
        .number("day_of_week", default: 3, full: 7),
    ]

    /// Spec §5.7.
    static let agent: [Feature] = [
        .complexity,
        .number("urgency", default: 0.5, full: 1),
        .number("data_volume", default: 1_000, full: 10_000),
        .number("required_accuracy", default: 0.9, full: 1),
        .number("required_depth", default: 0.7, full: 1),
        .number("max_duration_s", default: 300, full: 600),
        .number("budget_usd", default: 0.05, full: 0.05),
        .flag("has_multimodal"),
        .flag("requires_verification"),
        .number("num_agents_involved", default: 1, full: 5),
        .number("priority", default: 5, full: 10),
        .number("historical_success", default: 0.8, full: 1),
    ]

    /// Spec §5.9.
    static let prompt: [Feature] = [
        .complexity,
        .number("input_length", default: 100, full: 1_000),
        .number("expected_output_length", default: 200, full: 1_000),
        .number("required_accuracy", default: 0.9, full: 1),
        .number("budget_usd", default: 0.01, full: 0.01),
        .number("max_latency_ms", default: 2_000, full: 5_000),
        .word("target", is: "quality"),
        .word("target", is: "speed"),
    ]

    /// Spec §5.10: what a threshold is tuned by.
    static let threshold: [Feature] = [
        .complexity,
        .budgetPressure,
        .number("bypass_rate", default: 0.5, full: 1),
    ]

    /// What a retrieval is about (spec §5.3, §5.8); the original has no features of it.
    static let memory: [Feature] = [
        .complexity,
        .number("query_length", default: 100, full: 1_000),
        .number("num_results", default: 5, full: 20),
        .number("max_latency_ms", default: 2_000, full: 5_000),
    ]
}
