public import JSON

/// A learner as it is stored: `{"version": 1, "algorithm": "thompson", "learner": {…}}`.
public enum LearnerState {
    /// The format that is written, and the only one that is read.
    public static let version: Int64 = 1

    /// The learner's state as JSON; equal learners give equal JSON.
    ///
    /// - Throws: ``LearnerError/state(_:)`` when a number has become infinite.
    public static func encode(_ learner: any Learner) throws(LearnerError) -> JSONValue {
        do {
            return .object([
                "version": .integer(self.version),
                "algorithm": .string(learner.algorithm.rawValue),
                "learner": try JSONValue(encoding: learner),
            ])
        } catch {
            throw .state("The learner \(learner.algorithm.rawValue) cannot be stored: \(error)")
        }
    }

    /// The learner of a stored state; what it learned and chooses is as it was.
    ///
    /// Sizes and numbers are checked before anything is computed from them; memory is bounded by the size of the JSON.
    /// - Throws: ``LearnerError/version(found:supported:)``, ``LearnerError/algorithm(_:)``, or ``LearnerError/state(_:)`` and the others
    ///   for contents that do not fit together.
    public static func decode(_ json: JSONValue) throws(LearnerError) -> any Learner {
        guard let version = json["version"]?.integerValue else { throw .state("A learner's state has no version.") }
        guard version == self.version else { throw .version(found: version, supported: self.version) }
        guard let name = json["algorithm"]?.stringValue else { throw .state("A learner's state names no algorithm.") }
        guard let algorithm = LearnerAlgorithm(rawValue: name) else { throw .algorithm(String(name.prefix(40))) }
        guard let body = json["learner"] else { throw .state("A learner's state has no member learner.") }
        return try self.open(algorithm, algorithm.type, body)
    }

    private static func open<L: Learner>(_ algorithm: LearnerAlgorithm, _: L.Type, _ body: JSONValue) throws(LearnerError) -> any Learner {
        let learner: L
        do {
            learner = try body.decode(L.self, at: "learner")
        } catch {
            throw .state(error.description)
        }
        try learner.validate()
        guard learner.algorithm == algorithm else {
            throw .state("The state of \(algorithm.rawValue) is that of \(learner.algorithm.rawValue).")
        }
        return learner
    }
}
