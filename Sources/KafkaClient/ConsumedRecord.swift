import CRDKafka
import Glibc
public import Wire

/// A topic and a partition number.
public struct TopicPartition: Sendable, Hashable, CustomStringConvertible {
    /// The topic's full name, prefix included.
    public let topic: String
    /// The partition's number, counted from 0.
    public let partition: Int32

    /// Names a partition of a topic; whether it exists is not looked up.
    public init(topic: String, partition: Int32) {
        self.topic = topic
        self.partition = partition
    }

    /// Topic and partition as `topic/3`.
    public var description: String { "\(self.topic)/\(self.partition)" }
}

/// A record that was consumed, owned by us: value, padding for the JSON parser, key and headers in one allocation.
///
/// Copying at intake gives librdkafka its fetch buffer back at once (one small record would otherwise pin a whole fetched batch), makes the
/// memory in flight countable, and gives the parser the padding that it wants.
public final class ConsumedRecord: Sendable {
    /// The bytes that may be read past the end of the value.
    @usableFromInline static let padding = 64

    /// The partition that the record was read from.
    public let source: TopicPartition
    /// The record's offset within its partition.
    public let offset: Int64
    /// Milliseconds since 1970, -1 when the broker told none.
    public let timestamp: Int64
    /// A 64-bit hash of the key; 0 when there is no key.
    public let keyHash: UInt64
    @usableFromInline let valueLength: Int32
    @usableFromInline let keyLength: Int32
    @usableFromInline let headersLength: Int32
    @usableFromInline let headerCount: Int32
    // Written once before `self` is shared, freed in deinit.
    @usableFromInline nonisolated(unsafe) let storage: UnsafeMutableRawPointer

    /// The bytes that the record holds, for accounts of memory.
    public var byteCount: Int {
        max(Int(self.valueLength), 0) + max(Int(self.keyLength), 0) + Int(self.headersLength) + Self.padding
    }

    /// Copies a message of librdkafka; the message still belongs to the caller.
    init(copying message: UnsafeMutablePointer<rd_kafka_message_t>, from source: TopicPartition) {
        let value = message.pointee.payload
        let key = message.pointee.key
        let valueCount = value == nil ? 0 : message.pointee.len
        let keyCount = key == nil ? 0 : message.pointee.key_len

        var headers: OpaquePointer?
        var headersCount = 0
        var headersBytes = 0
        if rd_kafka_message_headers(message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR {
            ConsumedRecord.eachHeader(headers) { _, nameLength, _, valueLength in
                headersCount += 1
                headersBytes += RecordHeadersView.encodedSize(nameLength: nameLength, valueLength: valueLength)
            }
        } else {
            headers = nil
        }

        let storage = UnsafeMutableRawPointer.allocate(
            byteCount: valueCount + keyCount + headersBytes + Self.padding,
            alignment: MemoryLayout<UInt64>.alignment
        )
        if let value { storage.copyMemory(from: value, byteCount: valueCount) }
        var hash: UInt64 = 0
        if let key {
            storage.advanced(by: valueCount).copyMemory(from: key, byteCount: keyCount)
            hash = ConsumedRecord.hash(UnsafeRawBufferPointer(start: key, count: keyCount))
        }
        var cursor = storage.advanced(by: valueCount + keyCount)
        ConsumedRecord.eachHeader(headers) { name, nameLength, value, valueLength in
            cursor.storeBytes(of: UInt16(truncatingIfNeeded: nameLength), as: UInt16.self)
            cursor.storeBytes(of: value == nil ? -1 : Int32(truncatingIfNeeded: valueLength), toByteOffset: 2, as: Int32.self)
            cursor.advanced(by: 6).copyMemory(from: name, byteCount: nameLength)
            if let value { cursor.advanced(by: 6 + nameLength).copyMemory(from: value, byteCount: valueLength) }
            cursor = cursor.advanced(by: RecordHeadersView.encodedSize(nameLength: nameLength, valueLength: valueLength))
        }
        cursor.initializeMemory(as: UInt8.self, repeating: 0, count: Self.padding)

        var timestampType = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE
        self.source = source
        self.offset = message.pointee.offset
        self.timestamp = rd_kafka_message_timestamp(message, &timestampType)
        self.keyHash = hash
        self.valueLength = value == nil ? -1 : Int32(truncatingIfNeeded: valueCount)
        self.keyLength = key == nil ? -1 : Int32(truncatingIfNeeded: keyCount)
        self.headersLength = Int32(truncatingIfNeeded: headersBytes)
        self.headerCount = Int32(truncatingIfNeeded: headersCount)
        self.storage = storage
    }

    /// The same key and value under another name, with other headers.
    ///
    /// - Parameters:
    ///   - source: where the copy says that it was read from.
    ///   - isWanted: which headers, by name, the copy has.
    public init(
        copying record: ConsumedRecord,
        as source: TopicPartition,
        offset: Int64,
        timestamp: Int64,
        headers isWanted: (UnsafeRawBufferPointer) -> Bool
    ) {
        let headers = record.withView { view in
            var headers = RecordHeaders(reservingCapacity: view.headers.raw.count)
            headers.append(contentsOf: view.headers, where: isWanted)
            return headers
        }
        let bodyCount = max(Int(record.valueLength), 0) + max(Int(record.keyLength), 0)
        let storage = UnsafeMutableRawPointer.allocate(
            byteCount: bodyCount + headers.bytes.count + Self.padding,
            alignment: MemoryLayout<UInt64>.alignment
        )
        storage.copyMemory(from: record.storage, byteCount: bodyCount)
        headers.bytes.withUnsafeBytes { bytes in
            if let start = bytes.baseAddress { storage.advanced(by: bodyCount).copyMemory(from: start, byteCount: bytes.count) }
        }
        storage.advanced(by: bodyCount + headers.bytes.count).initializeMemory(as: UInt8.self, repeating: 0, count: Self.padding)
        self.source = source
        self.offset = offset
        self.timestamp = timestamp
        self.keyHash = record.keyHash
        self.valueLength = record.valueLength
        self.keyLength = record.keyLength
        self.headersLength = Int32(truncatingIfNeeded: headers.bytes.count)
        self.headerCount = Int32(truncatingIfNeeded: headers.count)
        self.storage = storage
    }

    deinit {
        self.storage.deallocate()
    }

    /// Calls `body` with a view of the record that must not escape.
    @inlinable
    public func withView<R, E: Error>(_ body: (RecordView) throws(E) -> R) throws(E) -> R {
        let valueCount = max(Int(self.valueLength), 0)
        let keyCount = max(Int(self.keyLength), 0)
        let headersStart = valueCount + keyCount
        let headersCount = Int(self.headersLength)
        let view = RecordView(
            key: self.keyLength < 0 ? nil : UnsafeRawBufferPointer(start: self.storage.advanced(by: valueCount), count: keyCount),
            value: self.valueLength < 0 ? nil : UnsafeRawBufferPointer(start: self.storage, count: valueCount),
            readableBytes: headersStart + headersCount + Self.padding,
            headers: RecordHeadersView(
                raw: UnsafeRawBufferPointer(start: self.storage.advanced(by: headersStart), count: headersCount),
                count: Int(self.headerCount)
            )
        )
        defer { extendLifetime(self) }
        return try body(view)
    }

    /// The key's bytes; nil when the record has none.
    public var key: [UInt8]? { self.withView { $0.key.map { Array($0) } } }
    /// The value's bytes; nil for a tombstone.
    public var value: [UInt8]? { self.withView { $0.value.map { Array($0) } } }
    /// The headers as an owned block.
    public var headers: RecordHeaders {
        self.withView { view in
            var headers = RecordHeaders(reservingCapacity: view.headers.raw.count)
            headers.append(contentsOf: view.headers)
            return headers
        }
    }

    /// Walks the headers of a message; names longer than 65,535 bytes and values that cannot be counted in 31 bits cannot occur on the wire.
    private static func eachHeader(
        _ headers: OpaquePointer?,
        _ body: (UnsafeRawPointer, Int, UnsafeRawPointer?, Int) -> Void
    ) {
        guard let headers else { return }
        var index = 0
        var name: UnsafePointer<CChar>?
        var value: UnsafeRawPointer?
        var size = 0
        while rd_kafka_header_get_all(headers, index, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR {
            index += 1
            guard let name else { continue }
            let nameLength = min(strlen(name), Int(UInt16.max))
            body(UnsafeRawPointer(name), nameLength, value, value == nil ? 0 : size)
        }
    }

    /// FNV-1a over 8 bytes at a time with a final mix (MurmurHash3's finaliser); never 0 for a present key.
    static func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        var position = 0
        while position + 8 <= bytes.count {
            hash = (hash ^ bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self)) &* 0x0000_0100_0000_01b3
            hash ^= hash >> 29
            position += 8
        }
        while position < bytes.count {
            hash = (hash ^ UInt64(bytes[position])) &* 0x0000_0100_0000_01b3
            position += 1
        }
        hash ^= UInt64(truncatingIfNeeded: bytes.count)
        hash = (hash ^ (hash >> 33)) &* 0xff51_afd7_ed55_8ccd
        hash = (hash ^ (hash >> 33)) &* 0xc4ce_b9fe_1a85_ec53
        hash ^= hash >> 33
        return hash == 0 ? 1 : hash
    }
}
