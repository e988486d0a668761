public import JSON

extension Experiment {
    /// The format that is written, and the only one that is read.
    public static let version: Int64 = 1

    /// The experiment as JSON; equal experiments give equal JSON.
    public var state: JSONObject {
        [
            "version": .integer(Self.version),
            "name": .string(self.name),
            "definition": .object(self.definition.json),
            "phase": .string(self.phase.rawValue),
            "winner": self.winner.map { .string($0) } ?? .null,
            "arms": .object(JSONObject(self.arms.sorted { $0.key < $1.key }.map { ($0.key, .object($0.value.state)) })),
        ]
    }

    /// The experiment of a stored state; it goes on as it would have.
    ///
    /// - Throws: another version, a definition that is out of range, and numbers or a phase that do not fit together.
    public init(state: JSONObject) throws(ExperimentError) {
        guard let version = state["version"]?.integerValue, version == Self.version else {
            throw ExperimentError("An experiment's state has version \(Self.version) here, found \(state["version"] ?? .null).")
        }
        guard let name = state["name"]?.stringValue, let definition = state["definition"]?.objectValue else {
            throw ExperimentError("An experiment's state has a name and a definition.")
        }
        self.init(name: name, definition: try ExperimentDefinition(json: definition))
        guard let phase = state["phase"]?.stringValue.flatMap({ Phase(rawValue: $0) }), let arms = state["arms"]?.objectValue else {
            throw ExperimentError("The state of the experiment \(name) has no phase or no arms.")
        }
        self.phase = phase
        self.winner = state["winner"]?.stringValue
        for name in self.arms.keys {
            guard let arm = arms[name]?.objectValue else { throw ExperimentError("The state of the experiment has no arm \(name).") }
            self.arms[name] = try ExperimentArm(state: arm, name: name)
        }
        let isWon = self.winner.map { self.definition.variant($0) != nil && self.arms[$0]?.isRolledBack == false } ?? false
        guard isWon == (phase == .promoted), arms.count == self.arms.count else {
            throw ExperimentError("The state of the experiment \(name) has an arm or a winner that does not fit its phase.")
        }
    }
}

extension ExperimentArm {
    var state: JSONObject {
        [
            "pulls": .integer(Int64(self.pulls)), "reward_sum": .number(self.rewardSum), "mean": .number(self.mean),
            "deviations": .number(self.deviations), "last_reward": self.lastReward.map { .number($0) } ?? .null,
            "regret_sum": .number(self.regretSum), "rolled_back": .bool(self.isRolledBack),
            "shadow": self.shadow.map { .object($0.state) } ?? .null,
        ]
    }

    init(state: JSONObject, name: String) throws(ExperimentError) {
        self.init()
        guard let pulls = state["pulls"]?.integerValue, pulls >= 0, pulls <= 1 << 53,
            let mean = state["mean"]?.doubleValue, abs(mean) <= LearnerLimits.magnitude,
            // What so many rewards can come to, and a little that sums are rounded by.
            let deviations = state["deviations"]?.doubleValue, deviations >= 0,
            deviations <= 4.000_001 * LearnerLimits.magnitude * LearnerLimits.magnitude * Double(pulls),
            let regret = state["regret_sum"]?.doubleValue, regret >= 0, regret <= 2.000_001 * LearnerLimits.magnitude * Double(pulls)
        else { throw ExperimentError("The state of the arm \(name) lacks a number, or has one that is out of range.") }
        self.pulls = Int(pulls)
        self.mean = mean
        self.deviations = deviations
        self.lastReward = state["last_reward"]?.doubleValue.flatMap { abs($0) <= LearnerLimits.magnitude ? $0 : nil }
        self.regretSum = regret
        self.isRolledBack = state["rolled_back"]?.boolValue ?? false
        self.shadow = state["shadow"]?.objectValue.map { ShadowJudgement(state: $0) }
    }
}

extension ShadowJudgement {
    var state: JSONObject {
        var object: JSONObject = [:]
        if let improvement { object["improvement"] = .number(improvement) }
        if let difference {
            object["difference"] = [
                "value": .number(difference.value), "low": .number(difference.low), "high": .number(difference.high),
                "method": .string(difference.method.rawValue),
            ]
        }
        if let effectiveSize { object["effective_size"] = .number(effectiveSize) }
        if let refusal { object["refusal"] = .string(refusal) }
        return object
    }

    init(state: JSONObject) {
        self.improvement = state["improvement"]?.doubleValue
        self.effectiveSize = state["effective_size"]?.doubleValue
        self.refusal = state["refusal"]?.stringValue
        if let difference = state["difference"], let value = difference["value"]?.doubleValue, let low = difference["low"]?.doubleValue,
            let high = difference["high"]?.doubleValue
        {
            let method = difference["method"]?.stringValue.flatMap { IntervalMethod(rawValue: $0) } ?? .normal
            self.difference = Estimate(value: value, low: low, high: high, method: method)
        }
    }
}
