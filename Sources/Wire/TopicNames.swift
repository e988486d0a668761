public import Orchestration

/// The names of the fleet's topics (contracts, "Topics").
public struct TopicNames: Sendable, Hashable {
    /// Stands before every name; empty by default.
    public let prefix: String

    public init(prefix: String = "") {
        self.prefix = prefix
    }

    public func requests(_ layer: OrchestrationLayer) -> String { "\(self.prefix)orchestration.requests.\(layer.rawValue)" }
    public func results(_ layer: OrchestrationLayer) -> String { "\(self.prefix)orchestration.results.\(layer.rawValue)" }
    public func progress(_ layer: OrchestrationLayer) -> String { "\(self.prefix)orchestration.progress.\(layer.rawValue)" }
    public func deadLetters(_ layer: OrchestrationLayer) -> String { "\(self.prefix)orchestration.deadletters.\(layer.rawValue)" }
    public func signals(_ component: ComponentType) -> String { "\(self.prefix)feedback.signals.\(component.rawValue)" }
    public var feedbackDeadLetters: String { "\(self.prefix)feedback.deadletters" }
    public var policies: String { "\(self.prefix)feedback.policies" }

    /// Every topic that the fleet uses now.
    public var all: [String] {
        OrchestrationLayer.allCases.flatMap { [self.requests($0), self.results($0), self.progress($0), self.deadLetters($0)] }
            + ComponentType.allCases.map { self.signals($0) } + [self.feedbackDeadLetters, self.policies]
    }

    /// Topic settings that differ from the broker's: snapshots are compacted, dead letters are kept for 30 days.
    public func settings(of topic: String) -> [String: String] {
        if topic == self.policies { return ["cleanup.policy": "compact"] }
        if topic.contains("deadletters") { return ["retention.ms": "2592000000"] }
        return [:]
    }
}
