/// Names a component; equal ids of different types are different components (spec §5.4).
public struct ComponentID: Sendable, Hashable, CustomStringConvertible {
    /// What kind of component it is.
    public var type: ComponentType
    /// The component's id as signals and decisions name it, unique within its type.
    public var id: String

    /// Names a component by its type and its id.
    public init(_ type: ComponentType, _ id: String) {
        self.type = type
        self.id = id
    }

    /// Reads `<type>/<id>`, as ``description`` writes it and the compacted topics have it for a key; nil for anything else.
    public init?(_ text: some StringProtocol) {
        guard let slash = text.firstIndex(of: "/"), let type = ComponentType(rawValue: String(text[..<slash])) else { return nil }
        let id = text[text.index(after: slash)...]
        guard !id.isEmpty else { return nil }
        self.init(type, String(id))
    }

    /// `<type>/<id>`.
    public var description: String { "\(self.type.rawValue)/\(self.id)" }
}

extension ComponentID: Comparable {
    /// By type, in the order of their names, then by id.
    public static func < (lhs: ComponentID, rhs: ComponentID) -> Bool { (lhs.type.rawValue, lhs.id) < (rhs.type.rawValue, rhs.id) }
}

/// Whether a component may be chosen.
public enum ComponentAvailability: String, CaseIterable, Sendable, Hashable {
    /// Like any other.
    case enabled
    /// Not at all: it was found unhealthy, or somebody said so.
    case disabled
    /// It was disabled for its health and is tried again, now and then, until enough is known (spec §5.12 INT).
    case probing
}
