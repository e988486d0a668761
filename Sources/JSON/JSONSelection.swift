import CSIMDJSON

/// What a document has at the paths of a ``JSONSelector``, by the paths' indices.
///
/// Every accessor gives nil when the document has nothing there or something of another kind. Buffers point into the document or into
/// this thread's parser and must not leave the closure that got the selection.
public struct JSONSelection: ~Copyable {
    private let slots: UnsafeBufferPointer<csimdjson_slot>
    private let limits: JSONLimits
    /// What the document itself is.
    public let rootKind: JSONKind

    init(slots: UnsafeBufferPointer<csimdjson_slot>, rootKind: UInt32, limits: JSONLimits) {
        self.slots = slots
        self.limits = limits
        self.rootKind = JSONKind(rawValue: UInt8(truncatingIfNeeded: rootKind)) ?? .null
    }

    private func slot(_ index: Int, _ kind: csimdjson_kind) -> csimdjson_slot? {
        let slot = self.slots[index]
        return slot.kind == kind.rawValue ? slot : nil
    }

    /// The kind of the value, nil when there is none.
    public func kind(_ index: Int) -> JSONKind? {
        JSONKind(rawValue: UInt8(truncatingIfNeeded: self.slots[index].kind))
    }

    /// A copy of a string's unescaped text; ``utf8(_:)`` gives it without copying.
    public func string(_ index: Int) -> String? {
        guard let slot = self.slot(index, CSIMDJSON_STRING) else { return nil }
        return String(decoding: UnsafeBufferPointer(start: slot.payload.string, count: Int(slot.count)), as: UTF8.self)
    }

    /// A string's unescaped bytes.
    public func utf8(_ index: Int) -> UnsafeRawBufferPointer? {
        guard let slot = self.slot(index, CSIMDJSON_STRING) else { return nil }
        return UnsafeRawBufferPointer(start: slot.payload.string, count: Int(slot.count))
    }

    /// The boolean; nil for every other kind, numbers included.
    public func bool(_ index: Int) -> Bool? {
        guard let slot = self.slot(index, CSIMDJSON_BOOL) else { return nil }
        return slot.payload.integer != 0
    }

    /// The integer, also of a number without fraction that an `Int64` represents exactly (`3.0`).
    public func integer(_ index: Int) -> Int64? {
        if let slot = self.slot(index, CSIMDJSON_INTEGER) { return slot.payload.integer }
        return self.slot(index, CSIMDJSON_NUMBER_KIND).flatMap { Int64(exactly: $0.payload.number) }
    }

    /// The number, also of an integer.
    public func number(_ index: Int) -> Double? {
        if let slot = self.slot(index, CSIMDJSON_NUMBER_KIND) { return slot.payload.number }
        return self.slot(index, CSIMDJSON_INTEGER).map { Double($0.payload.integer) }
    }

    /// The value's own bytes in the document, of whatever kind it is, without white space around them.
    public func raw(_ index: Int) -> UnsafeRawBufferPointer? {
        let slot = self.slots[index]
        guard slot.kind != CSIMDJSON_ABSENT.rawValue else { return nil }
        return UnsafeRawBufferPointer(start: slot.raw, count: slot.raw_length)
    }

    /// A copy of the object, still encoded: it is parsed when somebody looks inside, and written back byte by byte otherwise.
    public func object(_ index: Int) -> JSONObject? {
        guard self.slot(index, CSIMDJSON_OBJECT) != nil, let raw = self.raw(index) else { return nil }
        return JSONObject(validated: Array(raw))
    }

    /// The decoded value, of whatever kind it is.
    public func value(_ index: Int) -> JSONValue? {
        switch self.kind(index) {
        case nil: nil
        case .null: .null
        case .bool: self.bool(index).map(JSONValue.bool)
        case .integer: self.integer(index).map(JSONValue.integer)
        case .number: self.number(index).map(JSONValue.number)
        case .string: self.string(index).map(JSONValue.string)
        case .array, .object:
            // Part of a document that passed these limits, so this cannot fail.
            self.raw(index).flatMap { try? JSONValue(parsing: $0, limits: self.limits) }
        }
    }
}
