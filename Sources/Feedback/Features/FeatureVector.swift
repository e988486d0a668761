public import JSON
public import Orchestration

/// The situation of a choice as numbers: one function for choosing and for learning, so that both see the same.
///
/// A vector begins with a constant 1; every other number lies within 0 … 1, whatever the situation holds. What is missing, or of another
/// kind than expected, counts as its default; members that no feature reads are ignored.
public enum FeatureVector {
    /// How long the vectors of a type of component are.
    public static func count(_ type: ComponentType) -> Int { self.features(of: type).count + 1 }

    /// The names of the numbers in their order; the first is `bias`.
    public static func names(_ type: ComponentType) -> [String] { ["bias"] + self.features(of: type).map(\.name) }

    /// The numbers of a situation.
    ///
    /// - Parameter situation: what a decision was made for, or a signal's context.
    public static func make(_ type: ComponentType, _ situation: JSONObject) -> [Double] {
        let features = self.features(of: type)
        return [Double](unsafeUninitializedCapacity: features.count + 1) { buffer, count in
            buffer.initializeElement(at: 0, to: 1)
            for (index, feature) in features.enumerated() {
                buffer.initializeElement(at: index + 1, to: feature.value(in: situation))
            }
            count = features.count + 1
        }
    }

    private static func features(of type: ComponentType) -> [Feature] {
        switch type {
        case .model: FeatureDomains.model
        case .tool: FeatureDomains.tool
        case .agent: FeatureDomains.agent
        case .prompt: FeatureDomains.prompt
        case .threshold: FeatureDomains.threshold
        case .memory: FeatureDomains.memory
        }
    }
}
