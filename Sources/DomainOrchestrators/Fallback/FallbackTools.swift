/// What a run works with.
///
/// A tool that is nil is missing: its stage is skipped, or, for the pipeline, the run fails.
struct FallbackTools: Sendable {
    var pipeline: (any ContentPipeline)?
    var text: (any TranscriptTools)?
    var factChecker: (any FactChecker)?
    /// Where blocking work goes.
    var lanes: BlockingLanes
}
