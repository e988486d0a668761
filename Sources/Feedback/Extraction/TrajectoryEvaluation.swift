public import JSON

/// What somebody found when they judged a trajectory (spec §5.3, §5.13).
public struct TrajectoryEvaluation: Decodable, Sendable, Hashable {
    /// The trajectory's id, if that has none itself.
    public let trajectoryID: String?
    /// How good the whole is, 0 … 1.
    public let overall: Double?
    /// The same, when neither `overall` nor the trajectory says so.
    public let quality: Double?
    /// How sure that is, 0 … 1; .8 when missing.
    public let confidence: Double?
    /// 0 … 1; `accuracy_score`, else `accuracy`.
    public let accuracy: Double?
    /// 0 … 1; `efficiency_score`, else `efficiency`.
    public let efficiency: Double?
    /// 0 … 1; `error_handling_score`, else `error_handling`.
    public let errorHandling: Double?
    /// The model, if the trajectory names none.
    public let modelID: String?
    /// The agent, if the trajectory names none.
    public let agentID: String?

    private enum CodingKeys: String, CodingKey {
        case confidence, accuracy, efficiency
        case trajectoryID = "trajectory_id"
        case overall = "overall_score"
        case quality = "quality_score"
        case accuracyScore = "accuracy_score"
        case efficiencyScore = "efficiency_score"
        case errorHandling = "error_handling"
        case errorHandlingScore = "error_handling_score"
        case modelID = "model_id"
        case agentID = "agent_id"
    }

    /// Reads an evaluation.
    ///
    /// - Throws: which member is of the wrong kind, such as `evaluation.overall_score`.
    public init(_ json: JSONValue, at path: String = "evaluation") throws(JSONDecodingError) {
        self = try json.decode(TrajectoryEvaluation.self, at: path)
    }

    /// Reads an evaluation; members that are not named are ignored.
    public init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: CodingKeys.self)
        func number(_ key: CodingKeys) throws -> Double? { try members.decodeIfPresent(Double.self, forKey: key) }
        func text(_ key: CodingKeys) throws -> String? { try members.decodeIfPresent(String.self, forKey: key) }
        self.trajectoryID = try text(.trajectoryID)
        self.overall = try number(.overall)
        self.quality = try number(.quality)
        self.confidence = try number(.confidence)
        self.accuracy = try number(.accuracyScore) ?? number(.accuracy)
        self.efficiency = try number(.efficiencyScore) ?? number(.efficiency)
        self.errorHandling = try number(.errorHandlingScore) ?? number(.errorHandling)
        self.modelID = try text(.modelID)
        self.agentID = try text(.agentID)
    }

    /// .5 · accuracy + .3 · efficiency + .2 · error handling; nil without an accuracy.
    ///
    /// The other two are taken to be as the accuracy when they are missing (spec §5.13).
    var combined: Double? {
        guard let accuracy = self.accuracy else { return nil }
        return 0.5 * accuracy + 0.3 * (self.efficiency ?? accuracy) + 0.2 * (self.errorHandling ?? accuracy)
    }
}
