public import Orchestration

/// What an experiment compares, and when it is decided: the value of `experiment/<name>` on the control topic.
///
/// ```json
/// {"component_type": "model", "control": "current",
///  "variants": {"claude": {"policy": "arm:claude-3-opus", "fraction": 0.1}},
///  "phase": "shadow", "auto_activate_after": 500, "minimum_samples": 50,
///  "promote_at": 0.05, "roll_back_at": -0.1, "confidence": 0.95}
/// ```
/// Required are `component_type` and at least one variant; the rest is shown with its default. A variant may be a number alone: its
/// fraction, of the component that is called as the variant is.
public struct ExperimentDefinition: Sendable, Hashable {
    /// One of the ways to choose that are compared.
    public struct Variant: Sendable, Hashable {
        /// Its name, unique in the experiment and not `control`.
        public var name: String
        /// How it chooses.
        public var policy: PolicyName
        /// The share of scopes that get it, above 0; all together at most 1.
        public var fraction: Double

        /// Makes a variant; nothing is checked.
        public init(name: String, policy: PolicyName, fraction: Double) {
            self.name = name
            self.policy = policy
            self.fraction = fraction
        }
    }

    /// How the control is called among the variants.
    public static let control = "control"
    /// How sure it has to be that a variant is worse before it is rolled back, one-sided and at all times together: .8.
    ///
    /// Of variants that are as good as the control at most one in five is ever rolled back; each counts for itself. Promotion decides what everybody
    /// gets from then on and asks for more; here a mistake costs a variant that can be defined again, and waiting costs those who get it.
    public static let rollBackConfidence = 0.8
    /// Variants of one experiment, at most.
    public static let maximumVariants = 16

    /// What kind of component is chosen.
    public var componentType: ComponentType
    /// How those choose that get no variant; ``PolicyName/current`` by default.
    public var control: PolicyName
    /// What is compared with it, by rising names: the order of the allocation.
    public var variants: [Variant]
    /// Whether variants get their share at once, without a shadow phase before.
    public var startsActive: Bool
    /// Rewards of the control after which the shadow phase ends; 500 (spec §5.15).
    public var autoActivateAfter: Int
    /// Rewards that control and variant each need before anything is decided; 50 (spec §5.14).
    public var minimumSamples: Int
    /// The relative improvement from which a variant is promoted; .05 (spec §5.15).
    public var promoteAt: Double
    /// The relative improvement, below 0, at which a variant is rolled back that is worse by ``rollBackConfidence``; −.10 (spec §5.15).
    public var rollBackAt: Double
    /// How sure a promotion has to be; .95 (spec §5.14).
    public var confidence: Double

    /// Makes a definition; the defaults are those of the specification.
    ///
    /// - Throws: what is out of range.
    public init(
        componentType: ComponentType,
        control: PolicyName = .current,
        variants: [Variant],
        startsActive: Bool = false,
        autoActivateAfter: Int = 500,
        minimumSamples: Int = 50,
        promoteAt: Double = 0.05,
        rollBackAt: Double = -0.1,
        confidence: Double = 0.95
    ) throws(ExperimentError) {
        self.componentType = componentType
        self.control = control
        self.variants = variants.sorted { $0.name < $1.name }
        self.startsActive = startsActive
        self.autoActivateAfter = autoActivateAfter
        self.minimumSamples = minimumSamples
        self.promoteAt = promoteAt
        self.rollBackAt = rollBackAt
        self.confidence = confidence
        try self.check()
    }

    private func check() throws(ExperimentError) {
        guard (1...Self.maximumVariants).contains(self.variants.count) else {
            throw ExperimentError("variants: 1 to \(Self.maximumVariants) are needed, found \(self.variants.count)")
        }
        for variant in self.variants {
            guard !variant.name.isEmpty, variant.name.utf8.count <= 64, variant.name != Self.control else {
                throw ExperimentError("variants: a name has 1 to 64 bytes and is not \(Self.control), found \"\(variant.name.prefix(40))\"")
            }
            guard variant.fraction > 0, variant.fraction <= 1 else {
                throw ExperimentError("variants.\(variant.name).fraction must be above 0 and at most 1, found \(variant.fraction)")
            }
            guard variant.policy != self.control else {
                throw ExperimentError(
                    "variants.\(variant.name).policy is that of the control, \(self.control): there is nothing to compare"
                )
            }
        }
        guard Set(self.variants.map(\.name)).count == self.variants.count else {
            throw ExperimentError("variants: a name stands there twice")
        }
        let sum = self.variants.reduce(0) { $0 + $1.fraction }
        guard sum <= 1 + 1e-9 else { throw ExperimentError("variants: the fractions sum to \(sum), which is above 1") }
        for (name, number) in [("auto_activate_after", self.autoActivateAfter), ("minimum_samples", self.minimumSamples)] {
            guard (1...1_000_000_000).contains(number) else {
                throw ExperimentError("\(name) must be 1 to 1000000000, found \(number)")
            }
        }
        guard self.minimumSamples >= 2 else { throw ExperimentError("minimum_samples must be at least 2: one reward has no deviation") }
        guard self.promoteAt >= 0, self.promoteAt <= 100 else {
            throw ExperimentError("promote_at must be 0 to 100, found \(self.promoteAt)")
        }
        guard self.rollBackAt < 0, self.rollBackAt >= -100 else {
            throw ExperimentError("roll_back_at must be below 0 and at least -100, found \(self.rollBackAt)")
        }
        guard self.confidence >= 0.5, self.confidence < 1 else {
            throw ExperimentError("confidence must be at least 0.5 and below 1, found \(self.confidence)")
        }
    }

    /// The variant of this name.
    public func variant(_ name: String) -> Variant? { self.variants.first { $0.name == name } }

    /// How a variant or the control chooses; nil for a name that is not known.
    public func policy(of name: String) -> PolicyName? {
        name == Self.control ? self.control : self.variant(name)?.policy
    }
}

/// What is wrong with an experiment's definition, state or reward.
public struct ExperimentError: Error, Sendable, Hashable, CustomStringConvertible {
    /// One sentence that names the place and what was expected.
    public let description: String

    init(_ description: String) { self.description = description }
}
