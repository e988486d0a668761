/// What a copy of a request in a retry topic tells of itself, beside the request's own headers (contracts, "Retries").
public struct RetryHeaders: Sendable, Hashable {
    /// Milliseconds since 1970 before which the request is not tried again.
    public var due: Int64
    /// The partition of the requests topic that the request was read from.
    public var originPartition: Int32
    /// The request's offset in it.
    public var originOffset: Int64
    /// Milliseconds since 1970; -1 when the broker told none.
    public var originTimestamp: Int64
    /// Attempts that have failed.
    public var failures: Int
    /// Starts that never came to an end.
    public var crashes: Int

    /// What every header of a copy begins with; requests have no use for such headers, and lose them in a retry topic.
    public static let prefix: StaticString = "x-retry-"

    /// Describes a copy.
    public init(due: Int64, originPartition: Int32, originOffset: Int64, originTimestamp: Int64, failures: Int, crashes: Int = 0) {
        self.due = due
        self.originPartition = originPartition
        self.originOffset = originOffset
        self.originTimestamp = originTimestamp
        self.failures = failures
        self.crashes = crashes
    }

    /// Reads the headers of a copy; of one that occurs twice, the last counts.
    ///
    /// - Throws: `invalid` with the first header that is missing or that cannot be read.
    public init(_ headers: RecordHeadersView) throws(WireError) {
        var due: Int64?
        var partition: Int64?
        var offset: Int64?
        var timestamp: Int64?
        var failures: Int64?
        var crashes: Int64? = 0
        headers.forEach { name, value in
            guard Self.isOne(name) else { return }
            // Twenty bytes hold every number of 64 bits.
            let number = value.flatMap { $0.count > 20 ? nil : Int64(String(decoding: $0, as: UTF8.self)) }
            switch String(decoding: name.dropFirst(Self.prefix.utf8CodeUnitCount).prefix(20), as: UTF8.self) {
            case "due": due = number
            case "origin-partition": partition = number
            case "origin-offset": offset = number
            case "origin-timestamp": timestamp = number
            case "failures": failures = number
            case "crashes": crashes = number
            default: break
            }
        }
        func need(_ value: Int64?, _ range: ClosedRange<Int64>, _ name: StaticString) throws(WireError) -> Int64 {
            guard let value, range.contains(value) else {
                throw WireError(.invalid, "header \(Self.prefix)\(name) of a record in a retry topic is missing or cannot be used")
            }
            return value
        }
        self.due = try need(due, 0...Int64.max, "due")
        self.originPartition = Int32(try need(partition, 0...Int64(Int32.max), "origin-partition"))
        self.originOffset = try need(offset, 0...Int64.max - 1, "origin-offset")
        self.originTimestamp = try need(timestamp, -1...Int64.max, "origin-timestamp")
        self.failures = Int(try need(failures, 0...1_000_000, "failures"))
        self.crashes = Int(try need(crashes, 0...1_000_000, "crashes"))
    }

    /// The headers of the copy: those of the request, and these.
    public func headers(keeping headers: RecordHeadersView) -> RecordHeaders {
        var copy = RecordHeaders(reservingCapacity: headers.raw.count + 256)
        copy.append(contentsOf: headers, where: { !Self.isOne($0) })
        copy.append("x-retry-due", String(self.due))
        copy.append("x-retry-origin-partition", String(self.originPartition))
        copy.append("x-retry-origin-offset", String(self.originOffset))
        copy.append("x-retry-origin-timestamp", String(self.originTimestamp))
        copy.append("x-retry-failures", String(self.failures))
        if self.crashes > 0 { copy.append("x-retry-crashes", String(self.crashes)) }
        return copy
    }

    /// Whether a header's name is that of a header of a copy.
    public static func isOne(_ name: UnsafeRawBufferPointer) -> Bool {
        name.count >= Self.prefix.utf8CodeUnitCount
            && UnsafeRawBufferPointer(rebasing: name[0..<Self.prefix.utf8CodeUnitCount]).isEqual(to: Self.prefix)
    }
}

extension RecordHeaders {
    /// Appends the headers of another block whose names meet a condition.
    public mutating func append(contentsOf view: RecordHeadersView, where isWanted: (UnsafeRawBufferPointer) -> Bool) {
        view.forEach { name, value in
            if isWanted(name) { self.append(name, value) }
        }
    }
}
