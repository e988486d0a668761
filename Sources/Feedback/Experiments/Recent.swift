/// Values by id, of which the newest are kept: two generations, the older one is forgotten when the younger one is full.
struct Recent<Value: Sendable>: Sendable {
    private struct Generation: Sendable {
        var values: [String: (value: Value, bytes: Int)] = [:]
        var bytes = 0

        mutating func remove(_ id: String) -> Value? {
            guard let entry = self.values.removeValue(forKey: id) else { return nil }
            self.bytes -= entry.bytes
            return entry.value
        }
    }

    private let limit: Int
    private let bytes: Int
    private var young = Generation()
    private var old = Generation()

    /// - Parameters:
    ///   - limit: values, at most.
    ///   - bytes: of them and their ids, at most; one alone is always kept.
    init(limit: Int, bytes: Int) {
        self.limit = max(1, limit / 2)
        self.bytes = max(1, bytes / 2)
    }

    /// How many there are.
    var count: Int { self.young.values.count + self.old.values.count }

    /// All of them, in no order.
    var values: some Sequence<Value> { [self.young.values, self.old.values].joined().lazy.map(\.value.value) }

    subscript(id: String) -> Value? {
        if let entry = self.young.values[id] { return entry.value }
        return self.old.values.isEmpty ? nil : self.old.values[id]?.value
    }

    /// - Parameter bytes: of the value without its id.
    mutating func insert(_ value: Value, _ id: String, bytes: Int) {
        self.remove(id)
        // What an entry of a dictionary takes beside.
        let bytes = bytes + id.utf8.count + 128
        if self.young.values.count >= self.limit || !self.young.values.isEmpty && self.young.bytes + bytes > self.bytes {
            self.old = self.young
            self.young = Generation()
        }
        self.young.values[id] = (value, bytes)
        self.young.bytes += bytes
    }

    @discardableResult
    mutating func remove(_ id: String) -> Value? { self.young.remove(id) ?? self.old.remove(id) }
}
