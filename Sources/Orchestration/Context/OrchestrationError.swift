/// A rule of the framework was broken by its user.
public struct OrchestrationError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Which rule; more may be added.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        private enum Kind: String, Sendable {
            case alreadyRegistered, notRegistered, facadeIsShutDown, depthLimitExceeded, invalidSignal, invalidCandidates
            case componentDisabled, noneSuitable
        }

        private let kind: Kind

        /// An orchestrator of that name exists already.
        public static let alreadyRegistered = Code(kind: .alreadyRegistered)
        /// No orchestrator of that name exists.
        public static let notRegistered = Code(kind: .notRegistered)
        /// The facade takes no orchestrators any more.
        public static let facadeIsShutDown = Code(kind: .facadeIsShutDown)
        /// Orchestrators call each other more deeply than the context allows.
        public static let depthLimitExceeded = Code(kind: .depthLimitExceeded)
        /// A feedback signal's numbers are out of range.
        public static let invalidSignal = Code(kind: .invalidSignal)

        /// There is nothing to choose from, or candidates are named twice, too many or too long.
        public static let invalidCandidates = Code(kind: .invalidCandidates)
        /// Every candidate of a choice is disabled.
        public static let componentDisabled = Code(kind: .componentDisabled)
        /// None of the candidates of a route can do what is asked for, or those that can are not healthy enough.
        public static let noneSuitable = Code(kind: .noneSuitable)

        /// The rule's name, such as `alreadyRegistered`.
        public var description: String { self.kind.rawValue }
    }

    /// Which rule was broken.
    public let code: Code
    /// What happened, in one sentence.
    public let message: String

    /// Creates an error.
    public init(code: Code, message: String) {
        self.code = code
        self.message = message
    }

    /// The message.
    public var description: String { self.message }
}
