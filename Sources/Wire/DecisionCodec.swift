import JSON
public import Orchestration

/// A decision on the wire: on `feedback.decisions` under the chosen component's id, so that it comes to where the component's signals come.
public enum DecisionCodec {
    /// CloudEvents type of a decision.
    public static let type = "feedback.decision.v1"

    /// The decision as JSON, as it stands in the record's value and in a reply's metadata.
    public static func json(_ decision: Decision) -> JSONObject {
        var object: JSONObject = [
            "decision_id": .string(decision.id),
            "component_type": .string(decision.chosen.type.rawValue),
            "component_id": .string(decision.chosen.id),
            "candidates": .array(decision.candidates.map { .string($0) }),
            "propensity": .number(decision.propensity),
            "policy_version": .integer(decision.policyVersion),
            "situation": .object(decision.situation),
            "scope": .string(decision.scope.rawValue),
            "scope_id": .string(decision.scopeID),
            "request_id": .string(decision.requestID),
            "root_id": .string(decision.rootID),
            "depth": .integer(Int64(decision.depth)),
            "decided_at": .number(decision.decidedAt),
        ]
        if let experiment = decision.experiment {
            var share: JSONObject = ["name": .string(experiment.name), "variant": .string(experiment.variant)]
            if let shadow = experiment.shadow {
                share["shadow"] = ["variant": .string(shadow.variant), "component_id": .string(shadow.componentID)]
            }
            object["experiment"] = .object(share)
        }
        return object
    }

    /// The value of a decision's record.
    public static func encode(_ decision: Decision) -> [UInt8] { JSONValue.object(self.json(decision)).serialized() }

    /// The headers of a decision's record.
    public static func headers(of decision: Decision, source: String, time: Int64) -> RecordHeaders {
        var headers = RecordHeaders(reservingCapacity: 320)
        headers.append("ce_specversion", "1.0")
        headers.append("ce_id", decision.id)
        headers.append("ce_type", DecisionCodec.type)
        headers.append("ce_source", source)
        headers.append("ce_time", time: time)
        headers.append("content-type", "application/json")
        headers.append("ce_causationid", decision.requestID)
        headers.append("ce_correlationid", decision.rootID)
        return headers
    }

    /// Reads a decision's record.
    ///
    /// - Throws: which limit or rule the record breaks.
    public static func decode(_ record: RecordView, limits: WireLimits = .default) throws(WireError) -> Decision {
        var headers = CloudEventHeaders()
        try headers.read(record, limits)
        guard let value = record.value else { throw WireError(.undecodable, "the value is missing: a decision is a JSON object") }
        switch headers.mode {
        case .binary: break
        case .structured: throw WireError(.undecodable, "content-type application/cloudevents+json is not read here: use application/json")
        case .unsupported(let type): throw WireError(.undecodable, "content-type \(type) is not read here: use application/json")
        }
        if let type = headers.event.type, type != DecisionCodec.type {
            throw WireError(.invalid, "ce_type must be \(DecisionCodec.type), found \(WireText.excerpt(type))")
        }
        return try self.decode(MemberReader(parsing: Array(value), limits.json), limits)
    }

    /// Reads a decision as ``json(_:)`` writes it.
    ///
    /// - Throws: which limit or rule it breaks.
    public static func decode(_ object: JSONObject, limits: WireLimits = .default) throws(WireError) -> Decision {
        try self.decode(MemberReader(object, path: ""), limits)
    }

    private static func decode(_ reader: MemberReader, _ limits: WireLimits) throws(WireError) -> Decision {
        let component = try reader.required(try reader.text("component_id"), "component_id", "a non-empty string")
        guard !component.isEmpty else { throw WireError(.invalid, "component_id is required: a non-empty string") }
        guard component.utf8.count <= limits.keyBytes else {
            throw WireError(.oversize, "component_id has \(component.utf8.count) bytes, \(limits.keyBytes) are allowed")
        }
        let id = try reader.required(try reader.text("decision_id"), "decision_id", "a non-empty string")
        guard !id.isEmpty else { throw WireError(.invalid, "decision_id is required: a non-empty string") }
        guard id.utf8.count <= Decision.idBytes else {
            throw WireError(.oversize, "decision_id has \(id.utf8.count) bytes, \(Decision.idBytes) are allowed")
        }
        let propensity = try reader.required(try reader.number("propensity"), "propensity", "a number above 0 and at most 1")
        guard propensity > 0, propensity <= 1 else {
            throw WireError(.invalid, "propensity must be above 0 and at most 1, found \(propensity)")
        }
        let candidates = try reader.texts("candidates") ?? []
        let depth = try reader.integer("depth") ?? 0
        guard (0...1_000_000).contains(depth) else { throw WireError(.invalid, "depth must be 0 to 1000000, found \(depth)") }
        let decidedAt = try reader.number("decided_at") ?? 0
        guard decidedAt >= 0 else { throw WireError(.invalid, "decided_at must be 0 or more, found \(decidedAt)") }
        let requestID = try reader.text("request_id") ?? ""
        let experiment = try reader.reader("experiment")
        var share: Decision.Experiment?
        if let name = try experiment.text("name") {
            let shadow = try experiment.reader("shadow")
            let variant = try shadow.text("variant")
            let choice = try shadow.text("component_id")
            share = Decision.Experiment(
                name: name,
                variant: try experiment.text("variant") ?? "control",
                shadow: variant.flatMap { variant in choice.map { Decision.Shadow(variant: variant, componentID: $0) } }
            )
        }
        return Decision(
            id: id,
            chosen: ComponentID(try reader.choice("component_type", ComponentType.self), component),
            candidates: candidates.isEmpty ? [component] : candidates,
            propensity: propensity,
            policyVersion: try reader.integer("policy_version") ?? 0,
            situation: try reader.members("situation") ?? [:],
            scope: (try reader.text("scope")).flatMap { DecisionScope(rawValue: $0) } ?? .request,
            scopeID: try reader.text("scope_id") ?? requestID,
            requestID: requestID,
            rootID: try reader.text("root_id") ?? requestID,
            depth: Int(depth),
            decidedAt: decidedAt,
            experiment: share
        )
    }
}
