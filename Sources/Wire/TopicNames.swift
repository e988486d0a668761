public import Orchestration

/// The names of the fleet's topics (contracts, "Topics").
public struct TopicNames: Sendable, Hashable {
    /// Stands before every name; empty by default.
    public let prefix: String

    /// Makes the names; nothing is created on any broker.
    public init(prefix: String = "") {
        self.prefix = prefix
    }

    /// Where the requests to a layer go.
    public func requests(_ layer: OrchestrationLayer) -> String { "\(self.prefix)orchestration.requests.\(layer.rawValue)" }
    /// Where a layer's replies go.
    public func results(_ layer: OrchestrationLayer) -> String { "\(self.prefix)orchestration.results.\(layer.rawValue)" }
    /// Where a layer's progress goes, best effort.
    public func progress(_ layer: OrchestrationLayer) -> String { "\(self.prefix)orchestration.progress.\(layer.rawValue)" }
    /// Where requests go that a layer cannot serve.
    public func deadLetters(_ layer: OrchestrationLayer) -> String { "\(self.prefix)orchestration.deadletters.\(layer.rawValue)" }
    /// Where the workers of a layer keep the replies to requests with an idempotency key; compacted, and kept for as long as a window can be.
    public func idempotency(_ layer: OrchestrationLayer) -> String { "\(self.prefix)orchestration.idempotency.\(layer.rawValue)" }
    /// Where a layer's requests wait that failed and are tried again after more than a few seconds.
    public func retries(_ layer: OrchestrationLayer, _ tier: RetryTier) -> String {
        "\(self.prefix)orchestration.retries.\(layer.rawValue).\(tier.rawValue)"
    }
    /// All retry topics of a layer, by rising waits.
    public func retries(_ layer: OrchestrationLayer) -> [String] { RetryTier.allCases.map { self.retries(layer, $0) } }
    /// Where the signals about components of a type go.
    public func signals(_ component: ComponentType) -> String { "\(self.prefix)feedback.signals.\(component.rawValue)" }
    /// Where signals go that cannot be read.
    public var feedbackDeadLetters: String { "\(self.prefix)feedback.deadletters" }
    /// Where choices go, so that what comes of them can be learned.
    public var decisions: String { "\(self.prefix)feedback.decisions" }
    /// Where feedback orchestrators keep what they know; compacted, with as many partitions as the topics of signals and decisions.
    public var feedbackState: String { "\(self.prefix)feedback.state" }
    /// Where the policy snapshots go; compacted.
    public var policies: String { "\(self.prefix)feedback.policies" }

    /// Where commands to the whole fleet go, such as to cancel a request; compacted.
    public var control: String { "\(self.prefix)fleet.control" }

    /// Every topic that the fleet uses now.
    public var all: [String] {
        OrchestrationLayer.allCases.flatMap {
            [self.requests($0), self.results($0), self.progress($0), self.deadLetters($0), self.idempotency($0)] + self.retries($0)
        }
            + ComponentType.allCases.map { self.signals($0) }
            + [self.decisions, self.feedbackDeadLetters, self.feedbackState, self.policies, self.control]
    }

    /// The settings of a topic of the fleet: snapshots, commands and remembered replies are compacted, progress is kept for a day, dead letters
    /// for 30, everything else for 7.
    ///
    /// A retry topic takes a little more than a broker's usual 1,048,588 bytes: whatever came as a request fits with the headers of its copy.
    public func settings(of topic: String) -> [String: String] {
        if topic == self.control { return ["cleanup.policy": "compact"] }
        if topic == self.policies || topic == self.feedbackState {
            // Written many times a minute, and read from the beginning: small segments, so that little of the past is read.
            return ["cleanup.policy": "compact", "segment.bytes": "33554432", "min.cleanable.dirty.ratio": "0.2"]
        }
        let isProgress = OrchestrationLayer.allCases.contains { topic == self.progress($0) }
        let isDeadLetters = topic == self.feedbackDeadLetters || OrchestrationLayer.allCases.contains { topic == self.deadLetters($0) }
        let days: Int64 = isProgress ? 1 : isDeadLetters ? 30 : 7
        let isMemory = OrchestrationLayer.allCases.contains { topic == self.idempotency($0) }
        var settings = ["cleanup.policy": isMemory ? "compact,delete" : "delete", "retention.ms": "\(days * 86_400_000)"]
        let isRetries = OrchestrationLayer.allCases.contains { self.retries($0).contains(topic) }
        if isRetries { settings["max.message.bytes"] = "1052684" }
        return settings
    }
}
