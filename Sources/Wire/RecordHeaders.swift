/// The headers of a record that is about to be produced, as one block of bytes.
///
/// One allocation holds all of them. Layout per header: name length (2 bytes), value length (4 bytes, -1 for a null value), name, value;
/// integers in native byte order, because a block never leaves the process.
public struct RecordHeaders: Sendable, Hashable {
    /// The encoded headers.
    public private(set) var bytes: [UInt8] = []
    /// The number of headers in the block.
    public private(set) var count = 0

    /// Creates an empty block with room for a typical reply.
    public init(reservingCapacity capacity: Int = 0) {
        if capacity > 0 { self.bytes.reserveCapacity(capacity) }
    }

    /// Appends a header whose name is a literal.
    public mutating func append(_ name: StaticString, _ value: String) {
        var value = value
        value.withUTF8 { value in
            self.append(UnsafeRawBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount), UnsafeRawBufferPointer(value))
        }
    }

    /// Appends a header whose name is a literal and whose value is raw bytes.
    public mutating func append(_ name: StaticString, bytes value: UnsafeRawBufferPointer?) {
        self.append(UnsafeRawBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount), value)
    }

    /// Appends a header whose value has two parts.
    public mutating func append(_ name: StaticString, _ value: String, _ suffix: StaticString) {
        var value = value
        value.withUTF8 { value in
            self.begin(UnsafeRawBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount), value.count + suffix.utf8CodeUnitCount)
            self.bytes.append(contentsOf: value)
            self.bytes.append(contentsOf: UnsafeBufferPointer(start: suffix.utf8Start, count: suffix.utf8CodeUnitCount))
        }
    }

    /// Appends a header whose value is a time in RFC 3339.
    ///
    /// - Parameter time: milliseconds since 1970.
    public mutating func append(_ name: StaticString, time: Int64) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: WireTime.textLength) { buffer in
            WireTime.write(time, into: buffer)
            self.append(UnsafeRawBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount), UnsafeRawBufferPointer(buffer))
        }
    }

    private mutating func begin(_ name: UnsafeRawBufferPointer, _ valueLength: Int) {
        withUnsafeTemporaryAllocation(byteCount: 6, alignment: 2) { lengths in
            lengths.storeBytes(of: UInt16(truncatingIfNeeded: name.count), as: UInt16.self)
            lengths.storeBytes(of: Int32(truncatingIfNeeded: valueLength), toByteOffset: 2, as: Int32.self)
            self.bytes.append(contentsOf: lengths)
        }
        self.bytes.append(contentsOf: name)
        self.count += 1
    }

    /// Appends a header; a nil value is a null header value.
    ///
    /// Names above 65,535 bytes and values above 2 GiB are left out.
    public mutating func append(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer?) {
        guard name.count <= Int(UInt16.max), (value?.count ?? 0) <= Int(Int32.max) else { return }
        self.begin(name, value?.count ?? -1)
        if let value { self.bytes.append(contentsOf: value) }
    }

    /// Appends every header of another block.
    public mutating func append(contentsOf view: RecordHeadersView) {
        self.bytes.append(contentsOf: view.raw)
        self.count += view.count
    }

    /// Calls `body` with a view of the block that must not escape.
    @inlinable
    public func withView<R>(_ body: (RecordHeadersView) throws -> R) rethrows -> R {
        try self.bytes.withUnsafeBytes { try body(RecordHeadersView(raw: $0, count: self.count)) }
    }

    /// The headers as pairs of text, for tools and tests; bytes that are not UTF-8 are repaired, null values are empty.
    public var pairs: [(name: String, value: String)] {
        var pairs: [(name: String, value: String)] = []
        self.withView { view in
            view.forEach { name, value in
                pairs.append((String(decoding: name, as: UTF8.self), value.map { String(decoding: $0, as: UTF8.self) } ?? ""))
            }
        }
        return pairs
    }

    /// The first value of a header, for tools and tests.
    public subscript(name: String) -> String? {
        self.pairs.first { $0.name == name }?.value
    }
}

/// A borrowed look at a block of headers; valid only where its owner lends it.
public struct RecordHeadersView {
    /// The encoded headers.
    public let raw: UnsafeRawBufferPointer
    /// The number of headers in the block.
    public let count: Int

    /// Makes a view of an encoded block.
    @inlinable
    public init(raw: UnsafeRawBufferPointer, count: Int) {
        self.raw = raw
        self.count = count
    }

    /// The bytes that one header takes in a block.
    @inlinable
    public static func encodedSize(nameLength: Int, valueLength: Int) -> Int {
        6 + nameLength + valueLength
    }

    /// Calls `body` with each header's name and value (nil = null) in order.
    @inlinable
    public func forEach(_ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer?) throws -> Void) rethrows {
        var position = 0
        let end = self.raw.count
        while position + 6 <= end {
            let nameLength = Int(self.raw.loadUnaligned(fromByteOffset: position, as: UInt16.self))
            let valueLength = Int(self.raw.loadUnaligned(fromByteOffset: position + 2, as: Int32.self))
            position += 6
            let valueStart = position + nameLength
            let next = valueStart + max(valueLength, 0)
            guard next <= end else { return }
            let name = UnsafeRawBufferPointer(rebasing: self.raw[position..<valueStart])
            let value = valueLength < 0 ? nil : UnsafeRawBufferPointer(rebasing: self.raw[valueStart..<next])
            try body(name, value)
            position = next
        }
    }
}

/// A borrowed look at a consumed record: its key, value and headers; valid only where its owner lends it.
public struct RecordView {
    /// The record's key; nil when it has none.
    public let key: UnsafeRawBufferPointer?
    /// The record's value; nil for a tombstone.
    public let value: UnsafeRawBufferPointer?
    /// The bytes that may be read from the value's start, padding included; never less than the value's count.
    public let readableBytes: Int
    /// The record's headers.
    public let headers: RecordHeadersView

    /// Makes a view of a record in memory that its owner keeps until the view is done with.
    @inlinable
    public init(key: UnsafeRawBufferPointer?, value: UnsafeRawBufferPointer?, readableBytes: Int, headers: RecordHeadersView) {
        self.key = key
        self.value = value
        self.readableBytes = readableBytes
        self.headers = headers
    }
}
