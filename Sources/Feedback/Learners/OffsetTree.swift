/// A tree over contexts with Thompson sampling in each leaf: one set of arms for one kind of context, another for another.
///
/// After spec §5.15 and §6.6, as intended: every leaf can split, not only the root, down to the greatest depth, and children begin with
/// what their share of the parent's last contexts says rather than with nothing. (It is no offset tree of Beygelzimer and Langford, whose
/// name it bears there.) How a leaf splits: ``OffsetTree/Parameters``.
public struct OffsetTree: Learner, Hashable {
    /// When leaves split.
    public struct Parameters: Sendable, Hashable, Codable {
        /// Splits above a leaf at most: 3 (spec §5.15), up to 8.
        public let depth: Int
        /// Contexts on either side of a split at least: 10 (spec §5.15).
        public let minimumSplit: Int
        /// How much the variance of rewards, each arm's around its own mean, has to shrink: .01 (spec §6.6).
        public let minimumGain: Double
        /// Last contexts that a leaf keeps to split by: 200.
        public let memory: Int

        /// Values out of range are moved to its nearer end.
        public init(depth: Int = 3, minimumSplit: Int = 10, minimumGain: Double = 0.01, memory: Int = 200) {
            self.depth = min(max(depth, 0), 8)
            self.minimumSplit = min(max(minimumSplit, 2), 1_000)
            self.minimumGain = minimumGain.isNaN ? 0.01 : min(max(minimumGain, 0), LearnerLimits.magnitude)
            self.memory = min(max(memory, 2 * self.minimumSplit), 4_000)
        }

        fileprivate func validate() throws(LearnerError) {
            let moved = Parameters(
                depth: self.depth,
                minimumSplit: self.minimumSplit,
                minimumGain: self.minimumGain,
                memory: self.memory
            )
            guard self == moved else { throw .state("A parameter of an offset tree is out of range.") }
        }
    }

    /// Contexts whose feature is at most the threshold go left.
    struct Split: Sendable, Hashable, Codable {
        var feature: Int
        var threshold: Double
        var left: Int
        var right: Int

        func child(of x: [Double]) -> Int { x[self.feature] <= self.threshold ? self.left : self.right }
    }

    /// A leaf until it has a split.
    private struct Node: Sendable, Hashable, Codable {
        var depth: Int
        var split: Split?
        var leaf: OffsetTreeLeaf
    }

    private var nodes: [Node]
    private let parameters: Parameters
    /// How many features a context has.
    public let featureCount: Int
    /// How many arms there are.
    public private(set) var armCount: Int

    /// Creates a tree of one leaf that knows nothing.
    ///
    /// - Throws: ``LearnerError/size(_:)``.
    public init(arms: Int, features: Int, parameters: Parameters = Parameters()) throws(LearnerError) {
        try Self.check(arms, features, parameters)
        self.nodes = [Node(depth: 0, leaf: OffsetTreeLeaf(arms: Array(repeating: BetaEvidence(), count: arms)))]
        self.parameters = parameters
        self.featureCount = features
        self.armCount = arms
    }

    private static func check(_ arms: Int, _ features: Int, _ parameters: Parameters) throws(LearnerError) {
        guard features > 0 else { throw .size("An offset tree reads at least one feature.") }
        try LearnerLimits.check(arms: arms, features: features, cells: 2 << parameters.depth)
        guard (features + 3) * parameters.memory <= LearnerLimits.cells >> parameters.depth else {
            throw .size("An offset tree of this depth would keep too many contexts of \(features) features.")
        }
    }

    /// ``LearnerAlgorithm/offsetTree``.
    public var algorithm: LearnerAlgorithm { .offsetTree }
    /// How many leaves the tree has.
    public var leafCount: Int { self.nodes.count { $0.split == nil } }
    /// The splits above the deepest leaf.
    public var depth: Int { self.nodes.reduce(0) { max($0, $1.depth) } }
    /// The splits from the root on, each before those below it.
    var splits: [Split] { self.nodes.compactMap(\.split) }

    private func leaf(of x: [Double]) -> Int {
        var index = 0
        while let split = self.nodes[index].split { index = split.child(of: x) }
        return index
    }

    /// The probability of each candidate; inputs have been checked.
    public func distribution(features: [Double], among arms: [Int]) -> [Double] {
        let evidence = self.nodes[self.leaf(of: features)].leaf.arms
        return ProbabilityOfLargest.beta(arms.map { (evidence[$0].successes + 1, evidence[$0].failures + 1) })
    }

    /// The same with arms of several learners, of which each has a tree of its own.
    ///
    /// One arm's tree can be split where another's is not. Until a tree splits, this is what one tree of all arms says.
    public static func distribution(of learners: [OffsetTree], features: [Double]) -> [Double] {
        ProbabilityOfLargest.beta(
            learners.map { learner in
                let evidence = learner.nodes[learner.leaf(of: features)].leaf.arms[0]
                return (evidence.successes + 1, evidence.failures + 1)
            }
        )
    }

    /// Learns from an observation that has been checked.
    public mutating func absorb(_ observation: Observation) {
        let index = self.leaf(of: observation.features)
        self.nodes[index].leaf.add(observation, memory: self.parameters.memory)
        let node = self.nodes[index]
        guard node.depth < self.parameters.depth, node.leaf.isDue(self.parameters.minimumSplit),
            let best = node.leaf.bestSplit(self.parameters)
        else { return }
        let (left, right) = node.leaf.children(feature: best.feature, threshold: best.threshold)
        let next = self.nodes.count
        self.nodes[index].split = Split(feature: best.feature, threshold: best.threshold, left: next, right: next + 1)
        self.nodes[index].leaf = OffsetTreeLeaf(arms: [])
        self.nodes += [Node(depth: node.depth + 1, leaf: left), Node(depth: node.depth + 1, leaf: right)]
    }

    /// The contexts that leaves keep for splitting.
    public var remembersMoreThanItChoosesBy: Bool { true }

    /// Without the contexts that leaves keep for splitting: hundreds of kilobytes.
    public func forChoosing() -> OffsetTree {
        var tree = self
        for index in tree.nodes.indices { tree.nodes[index].leaf.forgetContexts() }
        return tree
    }

    /// Adds an arm that nothing is known of, or what the prior says.
    public mutating func addArm(prior: ColdStartPrior?) throws(LearnerError) {
        try Self.check(self.armCount + 1, self.featureCount, self.parameters)
        self.armCount += 1
        for index in self.nodes.indices where self.nodes[index].split == nil {
            self.nodes[index].leaf.arms.append(BetaEvidence(prior: prior))
        }
    }

    /// Whether the sizes and numbers fit together.
    public func validate() throws(LearnerError) {
        try self.parameters.validate()
        try Self.check(self.armCount, self.featureCount, self.parameters)
        guard self.nodes.first?.depth == 0 else { throw .state("An offset tree has no root.") }
        for (index, node) in self.nodes.enumerated() {
            guard (0...self.parameters.depth).contains(node.depth) else { throw .state("Node \(index) of an offset tree is too deep.") }
            guard let split = node.split else {
                try node.leaf.validate(arms: self.armCount, features: self.featureCount, memory: self.parameters.memory)
                continue
            }
            // Children stand behind their parents and one deeper, so that every way down ends, and within the greatest depth.
            let children = [split.left, split.right]
            let isSound = children.allSatisfy { $0 > index && self.nodes.indices.contains($0) && self.nodes[$0].depth == node.depth + 1 }
            guard isSound, node.depth < self.parameters.depth, (0..<self.featureCount).contains(split.feature) else {
                throw .state("Node \(index) of an offset tree is split into nodes that do not exist or by no feature.")
            }
        }
    }
}
