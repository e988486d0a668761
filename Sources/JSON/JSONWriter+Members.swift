/// A key and its value in one call.
extension JSONWriter {
    public mutating func member(_ name: StaticString, _ value: String) {
        self.key(name)
        self.string(value)
    }

    /// Writes `null` for nil.
    @_disfavoredOverload
    public mutating func member(_ name: StaticString, _ value: String?) {
        self.key(name)
        if let value { self.string(value) } else { self.null() }
    }

    public mutating func member(_ name: StaticString, _ value: Bool) {
        self.key(name)
        self.bool(value)
    }

    public mutating func member(_ name: StaticString, _ value: some FixedWidthInteger) {
        self.key(name)
        self.integer(value)
    }

    public mutating func member(_ name: StaticString, _ value: Double) {
        self.key(name)
        self.number(value)
    }

    public mutating func member(_ name: StaticString, _ value: JSONObject) {
        self.key(name)
        self.object(value)
    }

    @_disfavoredOverload
    public mutating func member(_ name: StaticString, _ value: JSONValue) {
        self.key(name)
        self.value(value)
    }
}
