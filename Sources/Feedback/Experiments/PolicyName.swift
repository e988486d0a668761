/// A policy as definitions of experiments and commands name it.
public enum PolicyName: Sendable, Hashable, CustomStringConvertible {
    /// What chooses without an experiment.
    case current
    /// Every candidate alike.
    case uniform
    /// Always this component.
    case arm(String)
    /// By what this algorithm has learned.
    case algorithm(LearnerAlgorithm)

    /// Reads `current`, `uniform`, `arm:ID` or `algorithm:NAME`; nil for anything else.
    public init?(_ text: String) {
        if text == "current" {
            self = .current
        } else if text == "uniform" {
            self = .uniform
        } else if text.hasPrefix("arm:"), text.count > 4 {
            self = .arm(String(text.dropFirst(4)))
        } else if text.hasPrefix("algorithm:"), let algorithm = LearnerAlgorithm(rawValue: String(text.dropFirst(10))) {
            self = .algorithm(algorithm)
        } else {
            return nil
        }
    }

    /// As it is read.
    public var description: String {
        switch self {
        case .current: "current"
        case .uniform: "uniform"
        case .arm(let id): "arm:\(id)"
        case .algorithm(let algorithm): "algorithm:\(algorithm.rawValue)"
        }
    }
}
