/// A key and its value in one call.
extension JSONWriter {
    /// Writes a string member, escaped as it must be.
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

    /// Writes `true` or `false`.
    public mutating func member(_ name: StaticString, _ value: Bool) {
        self.key(name)
        self.bool(value)
    }

    /// Writes an integer of any width, in decimal.
    public mutating func member(_ name: StaticString, _ value: some FixedWidthInteger) {
        self.key(name)
        self.integer(value)
    }

    /// Writes a number as ``number(_:)`` does: infinities and NaN become `null`.
    public mutating func member(_ name: StaticString, _ value: Double) {
        self.key(name)
        self.number(value)
    }

    /// Writes an object; one that still is in its wire form byte by byte.
    public mutating func member(_ name: StaticString, _ value: JSONObject) {
        self.key(name)
        self.object(value)
    }

    /// Writes a member of any kind.
    @_disfavoredOverload
    public mutating func member(_ name: StaticString, _ value: JSONValue) {
        self.key(name)
        self.value(value)
    }
}
