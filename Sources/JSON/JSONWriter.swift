/// Appends JSON text to a buffer, placing commas itself.
///
/// The writer does not check the order of calls: every member needs a key before its value, every `begin` its `end`. Strings are
/// escaped as RFC 8259 demands and no further: quotation mark, backslash and control characters; everything else stays UTF-8.
/// ```swift
/// var writer = JSONWriter(reservingCapacity: 512)
/// writer.beginObject()
/// writer.member("success", true)
/// writer.key("data")
/// writer.object(data)
/// writer.endObject()
/// send(writer.bytes)
/// ```
public struct JSONWriter: Sendable {
    /// What has been written.
    public private(set) var bytes: [UInt8]
    /// Whether the next key or element has something before it.
    private var needsComma = false

    /// - Parameter capacity: bytes to make room for at once; default 256.
    public init(reservingCapacity capacity: Int = 256) {
        self.bytes = []
        self.bytes.reserveCapacity(capacity)
    }

    /// Writes `{`, and a comma before it where one is needed.
    public mutating func beginObject() { self.begin(UInt8(ascii: "{")) }
    /// Writes `}`; it has to match a ``beginObject()``, which is not checked.
    public mutating func endObject() { self.end(UInt8(ascii: "}")) }
    /// Writes `[`, and a comma before it where one is needed.
    public mutating func beginArray() { self.begin(UInt8(ascii: "[")) }
    /// Writes `]`; it has to match a ``beginArray()``, which is not checked.
    public mutating func endArray() { self.end(UInt8(ascii: "]")) }

    /// Writes a member's name.
    public mutating func key(_ name: StaticString) {
        guard name.hasPointerRepresentation else { return self.key(name.description) }
        self.quoted(UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount), terminator: UInt8(ascii: ":"))
        self.needsComma = false
    }

    /// Writes a member's name.
    @_disfavoredOverload
    public mutating func key(_ name: String) {
        var name = name
        name.withUTF8 { self.quoted($0, terminator: UInt8(ascii: ":")) }
        self.needsComma = false
    }

    /// Writes `null`.
    public mutating func null() { self.literal("null") }
    /// Writes `true` or `false`.
    public mutating func bool(_ value: Bool) { if value { self.literal("true") } else { self.literal("false") } }

    /// Writes a string in quotation marks, escaped as RFC 8259 demands.
    public mutating func string(_ value: String) {
        var value = value
        value.withUTF8 { self.quoted($0, terminator: nil) }
    }

    /// Writes an integer of any width, in decimal.
    public mutating func integer(_ value: some FixedWidthInteger) {
        if let value = Int64(exactly: value) { self.digits(of: value) } else { self.token(value.description) }
    }

    /// Writes the shortest text that reads back as the same double, always with a fraction or an exponent (`1.0`, `5e-324`, `-0.0`).
    ///
    /// JSON has no infinities and no NaN: they are written as `null`.
    public mutating func number(_ value: Double) {
        if value.isFinite { self.token(value.description) } else { self.null() }
    }

    /// Writes any value, members in their order.
    public mutating func value(_ value: JSONValue) {
        switch value {
        case .null: self.null()
        case .bool(let value): self.bool(value)
        case .integer(let value): self.digits(of: value)
        case .number(let value): self.number(value)
        case .string(let value): self.string(value)
        case .array(let elements):
            self.beginArray()
            for element in elements { self.value(element) }
            self.endArray()
        case .object(let object): self.object(object)
        }
    }

    /// Writes an object; one that still is in its wire form byte by byte.
    public mutating func object(_ object: JSONObject) {
        if let encoded = object.encodedBytes { return self.raw(encoded) }
        self.beginObject()
        for member in object.members.members {
            self.key(member.key)
            self.value(member.value)
        }
        self.endObject()
    }

    /// Writes bytes that are one JSON value already; they are not checked.
    public mutating func raw(_ value: UnsafeRawBufferPointer) {
        self.separate()
        self.bytes.append(contentsOf: value)
    }

    /// Writes bytes that are one JSON value already; they are not checked.
    public mutating func raw(_ value: [UInt8]) {
        self.separate()
        self.bytes.append(contentsOf: value)
    }
}

extension JSONWriter {
    private mutating func separate() {
        if self.needsComma { self.bytes.append(UInt8(ascii: ",")) }
        self.needsComma = true
    }

    private mutating func begin(_ bracket: UInt8) {
        self.separate()
        self.bytes.append(bracket)
        self.needsComma = false
    }

    private mutating func end(_ bracket: UInt8) {
        self.bytes.append(bracket)
        self.needsComma = true
    }

    private mutating func literal(_ word: StaticString) {
        self.separate()
        self.bytes.append(contentsOf: UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount))
    }

    private mutating func token(_ text: String) {
        self.separate()
        self.bytes.append(contentsOf: text.utf8)
    }

    private mutating func digits(of value: Int64) {
        let comma = self.needsComma
        self.needsComma = true
        // A comma, a sign and 19 digits.
        self.bytes.append(addingCapacity: 21) { output in
            if comma { output.append(UInt8(ascii: ",")) }
            output.append(decimal: value)
        }
    }

    private mutating func quoted(_ text: UnsafeBufferPointer<UInt8>, terminator: UInt8?) {
        let comma = self.needsComma
        self.needsComma = true
        // Every byte may become six (\u001f); then a comma, two quotation marks and a terminator.
        let worst = text.isPlainJSON ? text.count : text.count * 6
        self.bytes.append(addingCapacity: worst + 4) { output in
            if comma { output.append(UInt8(ascii: ",")) }
            output.append(UInt8(ascii: "\""))
            if worst == text.count { output.append(copying: text) } else { output.append(escaping: text) }
            output.append(UInt8(ascii: "\""))
            if let terminator { output.append(terminator) }
        }
    }
}
