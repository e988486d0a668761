public import JSON
public import Orchestration

/// How much of a budget is gone, in four steps (spec §5.10).
public enum BudgetPressure {
    /// 0 below 70 % of the limit, .3 below 85 %, .6 below 95 %, then .9; 0 without a limit above 0.
    public static func pressure(used: Double, limit: Double) -> Double {
        guard limit > 0, !used.isNaN else { return 0 }
        switch used / limit {
        case ..<0.7: return 0
        case ..<0.85: return 0.3
        case ..<0.95: return 0.6
        default: return 0.9
        }
    }
}

/// What is known of a threshold configuration: how often it lets content bypass, and what that saved (spec §5.10).
public struct ThresholdDetails: TypedDetails {
    /// Content types that are told apart; what comes later counts as ``otherType``.
    public static let typeLimit = 32
    /// What is counted together beyond ``typeLimit``, and under names longer than 64 bytes.
    public static let otherType = "other"

    /// Decisions about one type of content.
    struct Decisions: Sendable, Hashable {
        var bypassed: Int64 = 0
        var processed: Int64 = 0
    }

    /// Signals counted.
    public private(set) var pulls: Int64 = 0
    /// Exponential average (α = .2) of `quality_score`, beginning with 0.
    public private(set) var quality = 0.0
    /// US dollars that bypassing saved.
    public private(set) var costSaved = 0.0
    /// Seconds that bypassing saved.
    public private(set) var timeSaved = 0.0
    private var rewards = 0.0
    private var decisions: [String: Decisions] = [:]

    /// Nothing is known.
    public init() {}

    /// The share of a type's content that bypassed; .5 for one that was never seen.
    public func bypassRate(_ contentType: String) -> Double {
        guard let counts = self.decisions[contentType], counts.bypassed + counts.processed > 0 else { return 0.5 }
        return Double(counts.bypassed) / Double(counts.bypassed + counts.processed)
    }

    /// .6 · min(pulls/50, 1) + .4 · mean reward; .5 before the first pull.
    public var confidence: Double {
        guard self.pulls > 0 else { return 0.5 }
        return 0.6 * min(Double(self.pulls) / 50, 1) + 0.4 * max(self.rewards / Double(self.pulls), 0)
    }

    /// Reads a stored state.
    public init(state: JSONObject) {
        self.pulls = state.tally("pulls")
        self.quality = state.number("quality", in: 0...1, default: 0)
        self.costSaved = state.number("cost_saved_usd", in: 0...1e15, default: 0)
        self.timeSaved = state.number("time_saved_s", in: 0...1e15, default: 0)
        self.rewards = state.number("rewards", in: 0...1e16, default: 0)
        for (name, value) in state["content_types"]?.objectValue ?? [:] {
            guard self.decisions.count <= Self.typeLimit, name.utf8.count <= 64, let counts = value.objectValue else { continue }
            self.decisions[name] = Decisions(bypassed: counts.tally("bypassed"), processed: counts.tally("processed"))
        }
    }

    /// As ``init(state:)`` reads it.
    public var state: JSONObject {
        let types = self.decisions.sorted { $0.key < $1.key }.map { name, counts in
            (name, JSONValue.object(["bypassed": .integer(counts.bypassed), "processed": .integer(counts.processed)]))
        }
        return [
            "pulls": .integer(self.pulls), "quality": .number(self.quality), "cost_saved_usd": .number(self.costSaved),
            "time_saved_s": .number(self.timeSaved), "rewards": .number(self.rewards), "content_types": .object(JSONObject(types)),
        ]
    }

    /// Reads `content_type`, `bypass_decision`, `quality_score`, and of a bypass `cost_saved_usd` and `processing_time_saved_s`.
    public mutating func learn(from signal: FeedbackSignal, now: Double) {
        self.pulls += 1
        self.rewards += signal.learnedReward
        if let quality = signal.share("quality_score") { self.quality.move(towards: quality, 0.2) }
        guard let bypass = signal.context["bypass_decision"]?.boolValue else { return }
        let name = self.countedName(signal.context["content_type"]?.stringValue ?? Self.otherType)
        if bypass {
            self.decisions[name, default: Decisions()].bypassed += 1
            self.costSaved += signal.measure("cost_saved_usd") ?? 0
            self.timeSaved += signal.measure("processing_time_saved_s") ?? 0
        } else {
            self.decisions[name, default: Decisions()].processed += 1
        }
    }

    private func countedName(_ name: String) -> String {
        if self.decisions[name] != nil { return name }
        return name.utf8.count <= 64 && self.decisions.count < Self.typeLimit ? name : Self.otherType
    }

    /// `usage_count`, `confidence`, `avg_quality`, `total_cost_saved_usd`, `total_time_saved_s`, and `bypass_rates` by content type.
    public func details(now: Double) -> JSONObject {
        let rates = self.decisions.keys.sorted().map { ($0, JSONValue.number(self.bypassRate($0))) }
        return [
            "usage_count": .integer(self.pulls), "confidence": .number(self.confidence), "avg_quality": .number(self.quality),
            "total_cost_saved_usd": .number(self.costSaved), "total_time_saved_s": .number(self.timeSaved),
            "bypass_rates": .object(JSONObject(rates)),
        ]
    }
}
