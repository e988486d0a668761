extension JSONValue {
    /// Encodes a Swift value.
    ///
    /// Members stand in the order they were encoded in. `Date` and `Data` have no form in JSON and encode as the standard library
    /// defines it (seconds since 2001, array of bytes).
    /// - Throws: `EncodingError` for what JSON cannot hold (infinities and NaN, integers above `Int64.max`), or what the value's own
    ///   `encode(to:)` throws.
    public init(encoding value: some Encodable) throws {
        self = try JSONValueEncoder.box(value, at: [])
    }
}

/// What an encoder has been given so far; containers are shared with the views handed out, so they are objects.
final class EncodedNode {
    private enum Content {
        case empty
        case value(JSONValue)
        case array([EncodedNode])
        case object([(key: String, node: EncodedNode)])
    }

    private var content = Content.empty

    init() {}
    init(_ value: JSONValue) { self.content = .value(value) }

    /// The finished value; an encodable that encoded nothing is an empty object, as in the standard library's encoders.
    var value: JSONValue {
        switch self.content {
        case .empty: .object(JSONObject())
        case .value(let value): value
        case .array(let nodes): .array(nodes.map(\.value))
        case .object(let members): .object(JSONObject(members.map { ($0.key, $0.node.value) }))
        }
    }

    var count: Int {
        if case .array(let nodes) = self.content { nodes.count } else { 0 }
    }

    func set(_ value: JSONValue) { self.content = .value(value) }

    func becomeArray() {
        if case .array = self.content { return }
        self.content = .array([])
    }

    func becomeObject() {
        if case .object = self.content { return }
        self.content = .object([])
    }

    func append(_ node: EncodedNode) {
        guard case .array(var nodes) = self.content else { return }
        self.content = .empty  // so that the array is appended to in place
        nodes.append(node)
        self.content = .array(nodes)
    }

    func set(_ node: EncodedNode, for key: String) {
        guard case .object(var members) = self.content else { return }
        self.content = .empty
        members.append((key, node))
        self.content = .object(members)
    }
}
