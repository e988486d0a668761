/// Why a learner refuses an input or a stored state; it is unchanged then.
public enum LearnerError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The feature vector has the wrong length, or a number that is not finite or beyond ``LearnerLimits/magnitude``.
    case features(String)
    /// No candidates, one of them twice, or one that does not exist.
    case arms(String)
    /// A reward that is not finite or beyond ``LearnerLimits/magnitude``.
    case reward(String)
    /// A propensity outside 0 (excluded) … 1, or a weight outside 0 … ``LearnerLimits/weight``.
    case weight(String)
    /// More arms or features than ``LearnerLimits`` allow, or fewer than one arm.
    case size(String)
    /// An algorithm that needs all arms in one learner: it cannot be put together from learners of single arms.
    case separate(LearnerAlgorithm)
    /// A stored state that is not one of this learner's.
    case state(String)
    /// A stored state of a format this code does not read.
    case version(found: Int64, supported: Int64)
    /// A stored state of an algorithm this code does not know.
    case algorithm(String)

    /// What is wrong, in one sentence.
    public var description: String {
        switch self {
        case .features(let text), .arms(let text), .reward(let text), .weight(let text), .size(let text), .state(let text): text
        case .separate(let algorithm): "The learner \(algorithm.rawValue) cannot be put together from learners of single arms."
        case .version(let found, let supported): "The learner's state has version \(found); this code reads version \(supported)."
        case .algorithm(let name): "There is no learner \(name)."
        }
    }
}

/// How large learners and their inputs may be: the bounds of memory and of rounding.
public enum LearnerLimits {
    /// Arms of one learner.
    public static let arms = 1_024
    /// Features of one context.
    public static let features = 256
    /// Numbers that a learner keeps in matrices: 8 MiB.
    public static let cells = 1 << 20
    /// The largest absolute value of a feature or a reward.
    ///
    /// Larger ones would cost matrices their precision: scale them.
    public static let magnitude = 1e6
    /// The largest weight of one observation.
    public static let weight = 1e3

    /// Whether a learner of this size is allowed.
    ///
    /// - Parameter cells: numbers kept per arm; asked for when the features are known to be few.
    static func check(arms: Int, features: Int, cells: @autoclosure () -> Int) throws(LearnerError) {
        guard (1...self.arms).contains(arms) else { throw .size("A learner has 1 to \(self.arms) arms, not \(arms).") }
        guard (0...self.features).contains(features) else {
            throw .size("A learner reads at most \(self.features) features, not \(features).")
        }
        guard cells() <= self.cells / arms else {
            throw .size("\(arms) arms of \(features) features are too many for this learner: use the diagonal one.")
        }
    }
}
