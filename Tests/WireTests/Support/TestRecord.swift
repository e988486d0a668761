import Glibc
import Orchestration
import Wire

/// A record as a consumer lends it, over arrays.
struct TestRecord: Sendable {
    var key: [UInt8]?
    var headers = RecordHeaders()
    var value: [UInt8]?

    init(key: [UInt8]? = nil, headers: RecordHeaders = RecordHeaders(), value: [UInt8]?) {
        self.key = key
        self.headers = headers
        self.value = value
    }

    init(_ value: String, headers: RecordHeaders = RecordHeaders()) {
        self.init(headers: headers, value: Array(value.utf8))
    }

    /// Lends the record from memory that ends with it: a byte read beyond it ends the process, also one that a C library reads.
    ///
    /// - Parameter behind: bytes that may be read behind the value, but are none of it.
    func withView<R>(behind: [UInt8] = [], _ body: (RecordView) throws -> R) rethrows -> R {
        let key = self.key.map { GuardedMemory($0) }
        let value = self.value.map { GuardedMemory($0 + behind) }
        let headers = GuardedMemory(self.headers.bytes)
        defer { withExtendedLifetime((key, value, headers)) {} }
        return try body(
            RecordView(
                key: key?.bytes,
                value: value.map { UnsafeRawBufferPointer(rebasing: $0.bytes.dropLast(behind.count)) },
                readableBytes: value?.bytes.count ?? 0,
                headers: RecordHeadersView(raw: headers.bytes, count: self.headers.count)
            )
        )
    }

    func request(limits: WireLimits = .default, fallbackID: String = "fallback", behind: [UInt8] = []) throws(WireError) -> Request {
        try self.outcome(behind) { view throws(WireError) in try Request(decoding: view, limits: limits, fallbackID: fallbackID) }.get()
    }

    func signal(limits: WireLimits = .default, behind: [UInt8] = []) throws(WireError) -> FeedbackSignal {
        try self.outcome(behind) { view throws(WireError) in try SignalCodec.decode(view, limits: limits) }.get()
    }

    func decision(limits: WireLimits = .default, behind: [UInt8] = []) throws(WireError) -> Decision {
        try self.outcome(behind) { view throws(WireError) in try DecisionCodec.decode(view, limits: limits) }.get()
    }

    func control(limits: WireLimits = .default, behind: [UInt8] = []) throws(WireError) -> ControlRecord {
        try self.outcome(behind) { view throws(WireError) in try ControlRecord(decoding: view, limits: limits) }.get()
    }

    func remembered(limits: WireLimits = .default) throws(WireError) -> RememberedRecord {
        try self.outcome([]) { view throws(WireError) in try RememberedRecord(decoding: view, limits: limits) }.get()
    }

    private func outcome<R>(_ behind: [UInt8], _ body: (RecordView) throws(WireError) -> R) -> Result<R, WireError> {
        self.withView(behind: behind) { view in Result { () throws(WireError) in try body(view) } }
    }
}

/// Bytes that end where a page begins that nobody may read.
private final class GuardedMemory {
    let bytes: UnsafeRawBufferPointer
    private let pages: UnsafeMutableRawBufferPointer

    init(_ bytes: [UInt8]) {
        let page = Int(getpagesize())
        let readable = (bytes.count + page - 1) / page * page
        let start = mmap(nil, readable + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let start, start != MAP_FAILED, mprotect(start + readable, page, PROT_NONE) == 0 else {
            preconditionFailure("no memory for a record: errno \(errno)")
        }
        self.pages = UnsafeMutableRawBufferPointer(start: start, count: readable + page)
        let copy = UnsafeMutableRawBufferPointer(start: start + readable - bytes.count, count: bytes.count)
        copy.copyBytes(from: bytes)
        self.bytes = UnsafeRawBufferPointer(copy)
    }

    deinit { munmap(self.pages.baseAddress, self.pages.count) }
}

/// The value of a header in a test.
enum HeaderValue: Sendable, Hashable, ExpressibleByStringLiteral, ExpressibleByStringInterpolation {
    case text(String)
    case bytes([UInt8])
    case null

    init(stringLiteral value: String) { self = .text(value) }
}

extension RecordHeaders {
    init(_ pairs: KeyValuePairs<String, HeaderValue>) {
        self.init()
        for (name, value) in pairs { self.add(name, value) }
    }

    mutating func add(_ name: String, _ value: HeaderValue) {
        let bytes: [UInt8]? =
            switch value {
            case .text(let text): Array(text.utf8)
            case .bytes(let bytes): bytes
            case .null: nil
            }
        Array(name.utf8).withUnsafeBytes { name in
            if let bytes { bytes.withUnsafeBytes { self.append(name, $0) } } else { self.append(name, nil) }
        }
    }

    /// The headers as pairs; a reply partition is bytes, and so is what is not UTF-8.
    var values: [(name: String, value: HeaderValue)] {
        var values: [(name: String, value: HeaderValue)] = []
        self.withView { view in
            view.forEach { name, value in
                let name = String(decoding: name, as: UTF8.self)
                values.append((name, HeaderValue(value, isText: name != "kafka_replyPartition")))
            }
        }
        return values
    }
}

extension HeaderValue {
    fileprivate init(_ value: UnsafeRawBufferPointer?, isText: Bool) {
        guard let value else {
            self = .null
            return
        }
        let text = isText ? String(validating: value.bindMemory(to: UInt8.self), as: UTF8.self) : nil
        self = text.map { .text($0) } ?? .bytes(Array(value))
    }
}
