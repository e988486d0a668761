public import JSON
import Orchestration

extension ExperimentDefinition {
    private static let members = [
        "component_type", "control", "variants", "phase", "auto_activate_after", "minimum_samples", "promote_at", "roll_back_at",
        "confidence",
    ]

    /// The definition as it is read.
    public var json: JSONObject {
        [
            "component_type": .string(self.componentType.rawValue),
            "control": .string(self.control.description),
            "variants": .object(
                JSONObject(
                    self.variants.map {
                        ($0.name, .object(["policy": .string($0.policy.description), "fraction": .number($0.fraction)]))
                    }
                )
            ),
            "phase": .string((self.startsActive ? Experiment.Phase.active : .shadow).rawValue),
            "auto_activate_after": .integer(Int64(self.autoActivateAfter)),
            "minimum_samples": .integer(Int64(self.minimumSamples)),
            "promote_at": .number(self.promoteAt),
            "roll_back_at": .number(self.rollBackAt),
            "confidence": .number(self.confidence),
        ]
    }

    /// Reads a definition.
    ///
    /// - Parameter strictly: refuse members that are not known here: a person may have mistyped them, a later version may have added them.
    /// - Throws: what is missing, unknown, of another kind or out of range, by its path.
    public init(json: JSONObject, strictly: Bool = false) throws(ExperimentError) {
        if strictly { try Self.refuseUnknown(json, Self.members, path: "") }
        let typeName = try Self.text(json, "component_type")
        guard let typeName else {
            throw ExperimentError("component_type is required: one of \(Self.list(ComponentType.allCases.map(\.rawValue)))")
        }
        guard let type = ComponentType(rawValue: typeName) else {
            throw ExperimentError(
                "component_type must be one of \(Self.list(ComponentType.allCases.map(\.rawValue))), found \(Self.quoted(typeName))"
            )
        }
        guard let variants = json["variants"]?.objectValue else {
            throw ExperimentError("variants is required: an object of names, each with its policy and fraction")
        }
        guard variants.count <= Self.maximumVariants else {
            throw ExperimentError("variants: 1 to \(Self.maximumVariants) are needed, found \(variants.count)")
        }
        var list: [Variant] = []
        for (name, value) in variants { list.append(try Self.variant(name, value, strictly: strictly)) }
        let phase = try Self.text(json, "phase") ?? Experiment.Phase.shadow.rawValue
        guard phase == Experiment.Phase.shadow.rawValue || phase == Experiment.Phase.active.rawValue else {
            throw ExperimentError("phase must be shadow or active, found \(Self.quoted(phase))")
        }
        try self.init(
            componentType: type,
            control: try Self.policy(json, "control", path: "control") ?? .current,
            variants: list,
            startsActive: phase == Experiment.Phase.active.rawValue,
            autoActivateAfter: try Self.integer(json, "auto_activate_after") ?? 500,
            minimumSamples: try Self.integer(json, "minimum_samples") ?? 50,
            promoteAt: try Self.number(json, "promote_at", path: "promote_at") ?? 0.05,
            rollBackAt: try Self.number(json, "roll_back_at", path: "roll_back_at") ?? -0.1,
            confidence: try Self.number(json, "confidence", path: "confidence") ?? 0.95
        )
    }

    private static func variant(_ name: String, _ value: JSONValue, strictly: Bool) throws(ExperimentError) -> Variant {
        let path = "variants.\(name.prefix(40))"
        if let fraction = value.doubleValue { return Variant(name: name, policy: .arm(name), fraction: fraction) }
        guard let object = value.objectValue else {
            throw ExperimentError("\(path) must be an object with policy and fraction, or a number, found \(value.kindName)")
        }
        if strictly { try Self.refuseUnknown(object, ["policy", "fraction"], path: "\(path).") }
        guard let fraction = try Self.number(object, "fraction", path: "\(path).fraction") else {
            throw ExperimentError("\(path).fraction is required: a number above 0 and at most 1")
        }
        return Variant(name: name, policy: try Self.policy(object, "policy", path: "\(path).policy") ?? .arm(name), fraction: fraction)
    }

    private static func policy(_ object: JSONObject, _ name: String, path: String) throws(ExperimentError) -> PolicyName? {
        guard let text = try self.text(object, name, path: path) else { return nil }
        guard let policy = PolicyName(text) else {
            throw ExperimentError("\(path) must be current, uniform, arm:ID or algorithm:NAME, found \(self.quoted(text))")
        }
        return policy
    }

    private static func text(_ object: JSONObject, _ name: String, path: String? = nil) throws(ExperimentError) -> String? {
        guard let value = object[name], !value.isNull else { return nil }
        guard let text = value.stringValue else {
            throw ExperimentError("\(path ?? name) must be a string, found \(value.kindName)")
        }
        return text
    }

    private static func number(_ object: JSONObject, _ name: String, path: String) throws(ExperimentError) -> Double? {
        guard let value = object[name], !value.isNull else { return nil }
        guard let number = value.doubleValue else { throw ExperimentError("\(path) must be a number, found \(value.kindName)") }
        return number
    }

    private static func integer(_ object: JSONObject, _ name: String) throws(ExperimentError) -> Int? {
        guard let value = object[name], !value.isNull else { return nil }
        guard let integer = value.integerValue else { throw ExperimentError("\(name) must be an integer, found \(value.kindName)") }
        return Int(clamping: integer)
    }

    private static func refuseUnknown(_ object: JSONObject, _ known: [String], path: String) throws(ExperimentError) {
        for key in object.keys where !known.contains(key) {
            throw ExperimentError("\(path)\(key.prefix(40)) is not known; known are \(self.list(known))")
        }
    }

    private static func list(_ names: [String]) -> String { names.joined(separator: ", ") }

    private static func quoted(_ text: String) -> String { "\"\(text.prefix(40))\"" }
}
