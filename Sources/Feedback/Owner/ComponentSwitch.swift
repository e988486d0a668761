import JSON
import Orchestration

/// When a component is disabled for its health, and when it comes back.
public struct HealthRule: Sendable, Hashable {
    /// A component is disabled when its health falls below; .3 (spec §5.4).
    public var disableBelow: Double
    /// And only when more than so many rewards say so; 10 (spec §5.4).
    public var minimumSamples: Int
    /// After so many seconds it is tried again; 3,600 (spec §5.12 INT).
    public var probeAfter: Double
    /// It is enabled again when its health, of the rewards since, is at least `disableBelow` and this much more; .1 (spec §5.4).
    public var hysteresis: Double

    /// Makes a rule; the defaults are those of the specification.
    ///
    /// A `disableBelow` of 0 disables nothing.
    public init(disableBelow: Double = 0.3, minimumSamples: Int = 10, probeAfter: Double = 3_600, hysteresis: Double = 0.1) {
        self.disableBelow = disableBelow
        self.minimumSamples = minimumSamples
        self.probeAfter = probeAfter
        self.hysteresis = hysteresis
    }
}

/// Whether a component may be chosen, and why not: a pure state machine.
struct ComponentSwitch: Sendable, Hashable {
    enum Change: Sendable, Hashable {
        case disabled, probing, enabled
    }

    private(set) var availability = ComponentAvailability.enabled
    private(set) var reason: String?
    /// Seconds since 1970 of the last change.
    private(set) var since = 0.0
    /// A command said so: health has no say until another command.
    private(set) var isCommanded = false

    /// Looks at the component's health.
    ///
    /// - Returns: what changed. When it is `probing`, health begins anew: what is kept of the rewards is to be forgotten.
    mutating func judge(_ health: ComponentHealth, _ rule: HealthRule, now: Double) -> Change? {
        guard !self.isCommanded else { return nil }
        let isJudged = health.sampleSize > rule.minimumSamples
        switch self.availability {
        case .enabled, .probing:
            if isJudged, health.score < rule.disableBelow {
                self.availability = .disabled
                self.since = now
                let score = (health.score * 1_000).rounded() / 1_000
                self.reason = "health \(score) of the last \(health.sampleSize) rewards is below \(rule.disableBelow)"
                return .disabled
            }
            guard self.availability == .probing, isJudged, health.score >= rule.disableBelow + rule.hysteresis else { return nil }
            self = ComponentSwitch()
            self.since = now
            return .enabled
        case .disabled:
            guard now - self.since >= rule.probeAfter else { return nil }
            self.availability = .probing
            self.since = now
            return .probing
        }
    }

    /// Somebody said that it must not be chosen.
    mutating func disable(_ reason: String, now: Double) {
        self.availability = .disabled
        self.reason = reason
        self.since = now
        self.isCommanded = true
    }

    /// Somebody said that it may be chosen again; health has its say from now on.
    mutating func enable(now: Double) {
        self = ComponentSwitch()
        self.since = now
    }

    // MARK: State

    init() {}

    init(state: JSONObject) {
        self.availability = state["availability"]?.stringValue.flatMap { ComponentAvailability(rawValue: $0) } ?? .enabled
        self.reason = state["reason"]?.stringValue
        self.since = state["since"]?.doubleValue ?? 0
        self.isCommanded = state["commanded"]?.boolValue ?? false
    }

    var state: JSONObject {
        [
            "availability": .string(self.availability.rawValue), "reason": self.reason.map { .string($0) } ?? .null,
            "since": .number(self.since), "commanded": .bool(self.isCommanded),
        ]
    }
}
