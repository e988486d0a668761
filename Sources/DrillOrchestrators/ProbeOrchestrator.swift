import Glibc
import JSON
public import Orchestration

/// Does what its arguments say, harm included: for drills and tests, never registered unless asked for (contracts, "Processes").
public struct ProbeOrchestrator: TypedOrchestrator {
    /// What the probe is told to do; every member may be left out.
    public struct Input: Decodable, Sendable {
        /// Waits so long; a cancelled task stops waiting.
        var delay_ms: Int?
        /// Fails with this error category.
        var fail: String?
        /// Whether that failure says it may be retried.
        var retryable: Bool?
        /// Fails only on the first so many attempts.
        var fail_attempts: Int?
        /// The failure says that so many seconds are to be waited.
        var retry_after: Double?
        /// Throws an error with this text.
        var `throw`: String?
        /// Goes on for so long although it is cancelled, blocking nothing but itself.
        var ignore_cancellation_ms: Int?
        /// Ends the process with this code.
        var exit_code: Int32?
        /// Kills the process.
        var abort: Bool?
        /// Emits so many feedback signals.
        var signals: Int?
        /// Replies with so many bytes of text.
        var reply_bytes: Int?
        /// Reports progress so many times.
        var progress: Int?
        /// Chooses a component, and rewards it as this says.
        var choose: Choice?
    }

    /// A choice in a world that the request describes.
    public struct Choice: Decodable, Sendable {
        /// The type of the components; `model` by default.
        var type: String?
        /// The mean reward of each candidate, 0 to 1.
        var among: [String: Double]
        /// What they are needed for.
        var situation: JSONObject?
        /// How far a reward may lie from its mean; 0 by default.
        var noise: Double?
    }

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// Requests address it as `probe`.
    public let name = "probe"
    /// The layer that it is registered on.
    public let layer: OrchestrationLayer

    /// Creates a probe for a layer.
    public init(layer: OrchestrationLayer) {
        self.layer = layer
    }

    /// Does, in this order, what the input asks for: progress, signals, delays, an end of the process, a throw, a failure, a choice, a
    /// reply.
    public func orchestrate(_ context: OrchestrationContext, input: Input) async throws -> StepResult {
        for step in 0..<max(0, min(input.progress ?? 0, 10_000)) {
            context.report(Progress(stage: "probe", step: step + 1, total: input.progress ?? 0, message: "probe step \(step + 1)"))
        }
        for number in 0..<max(0, min(input.signals ?? 0, 10_000)) {
            context.emit(
                FeedbackSignal(source: .toolExecution, componentType: .tool, componentID: "probe-\(number % 10)", reward: 0.5)
            )
        }
        if let milliseconds = input.delay_ms, milliseconds > 0 { try await context.clock.sleep(.milliseconds(milliseconds)) }
        if let milliseconds = input.ignore_cancellation_ms, milliseconds > 0 {
            // A task of its own does not hear of the cancellation.
            await Task.detached { try? await Task.sleep(for: .milliseconds(milliseconds)) }.value
        }
        if let code = input.exit_code { exit(code) }
        if input.abort == true { Glibc.abort() }
        if let text = input.throw { throw Failure(description: text) }
        if let name = input.fail, context.attempt <= input.fail_attempts ?? .max {
            guard let category = ErrorCategory(rawValue: name) else {
                return .fail("kwargs.fail: expected an error category, found \"\(name.prefix(80))\"", category: .validation)
            }
            return .fail(
                "probe was told to fail",
                category: category,
                retryable: input.retryable ?? false,
                metadata: input.retry_after.map { ["retry_after": .number($0)] } ?? [:]
            )
        }
        var data: JSONObject = ["attempt": .integer(Int64(context.attempt))]
        if let choice = input.choose {
            let (chosen, reward) = try self.choose(choice, context)
            data["chosen"] = .string(chosen)
            data["reward"] = .number(reward)
            data["is_best"] = .bool(choice.among[chosen] == choice.among.values.max())
        }
        if let count = input.reply_bytes { data["text"] = .string(String(repeating: "x", count: max(0, min(count, 64 << 20)))) }
        return .ok(data)
    }

    /// Chooses, and emits the signal about it.
    private func choose(_ choice: Choice, _ context: OrchestrationContext) throws -> (chosen: String, reward: Double) {
        let type = choice.type.flatMap { ComponentType(rawValue: $0) } ?? .model
        let decision = try context.choose(type, among: choice.among.keys.sorted(), situation: choice.situation ?? [:])
        let noise = abs(choice.noise ?? 0)
        let mean = choice.among[decision.chosen.id] ?? 0
        let reward = min(max(mean + (noise > 0 && noise.isFinite ? Double.random(in: -noise...noise) : 0), 0), 1)
        context.emit(
            FeedbackSignal(source: .trajectory, componentType: type, componentID: decision.chosen.id, reward: reward, confidence: 1)
        )
        return (decision.chosen.id, reward)
    }
}
