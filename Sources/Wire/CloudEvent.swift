import Glibc
import JSON

/// The CloudEvents attributes of a record, and those headers beside them that the fleet knows.
///
/// Read from the headers (binary mode) or from the envelope (structured mode); all are optional on the way in, so that any JSON producer can
/// take part. Names are those of CloudEvents 1.0 and its extensions.
public struct CloudEvent: Sendable, Hashable {
    /// The event's id (`ce_id`), unique per source.
    public var id: String?
    /// The event's type (`ce_type`), such as `orchestration.request.v1`.
    public var type: String?
    /// Who produced the event (`ce_source`), a URI reference.
    public var source: String?
    /// When the event happened (`ce_time`), an RFC 3339 text that is kept as it came.
    public var time: String?
    /// The id of the job tree's root request.
    public var correlationID: String?
    /// The id of the request that caused this one.
    public var causationID: String?
    /// The W3C trace context of the producer's span; of two headers, `traceparent` wins over `ce_traceparent`.
    public var traceparent: String?
    /// The W3C trace state that goes with ``traceparent``.
    public var tracestate: String?
    /// Milliseconds since 1970 after which an answer is of no use: the earlier of `expirytime` and `x-deadline-ms`.
    public var deadline: Int64?
    /// Milliseconds since 1970 before which the request should not start.
    public var notBefore: Int64?
    /// 0–9.
    public var priority: Int?
    /// Equal for requests that mean the same job (`x-idempotency-key`).
    public var idempotencyKey: String?
    /// How often the request was tried, this time included; 1 by default.
    public var attempt = 1
    /// Where the producer wants a direct answer; nil: only on the results topic.
    public var replyAddress: ReplyAddress?

    /// Creates attributes; everything that is not given is absent, and the attempt is the first.
    public init(id: String? = nil, type: String? = nil, source: String? = nil) {
        self.id = id
        self.type = type
        self.source = source
    }
}

/// Where a producer wants its answer beside the results topic.
public struct ReplyAddress: Sendable, Hashable {
    /// The topic that gets the answer, by its full name.
    public var topic: String
    /// Nil for the partitioner's choice.
    public var partition: Int32?
    /// Spring's correlation id, echoed byte by byte.
    public var correlationID: [UInt8]?

    /// Creates an address; by default the partitioner chooses and nothing is echoed.
    public init(topic: String, partition: Int32? = nil, correlationID: [UInt8]? = nil) {
        self.topic = topic
        self.partition = partition
        self.correlationID = correlationID
    }
}

/// How the value of a record is to be read.
enum ContentMode: Sendable, Hashable {
    /// The value is the data.
    case binary
    /// The value is an envelope that holds the data.
    case structured
    /// The value is something that is not read here.
    case unsupported(String)
}

/// Reads the headers of a record in one pass, without building a string for a header that nobody asks for.
struct CloudEventHeaders: ~Copyable {
    var event = CloudEvent()
    var mode = ContentMode.binary
    /// The first rule that a header breaks.
    var mistake: WireError?
    private var expiry: Int64?
    private var explicitDeadline: Int64?
    private var replyTopic: String?
    private var springTopic: String?
    private var replyPartition: Int32?
    private var springCorrelation: [UInt8]?

    /// Reads the headers of a record that keeps the limits of size.
    ///
    /// - Throws: which limit the record exceeds, or the first rule that a header breaks.
    mutating func read(_ record: RecordView, _ limits: WireLimits) throws(WireError) {
        if let value = record.value, value.count > limits.valueBytes {
            throw WireError(.oversize, "the value has \(value.count) bytes, \(limits.valueBytes) are allowed")
        }
        if let key = record.key, key.count > limits.keyBytes {
            throw WireError(.oversize, "the key has \(key.count) bytes, \(limits.keyBytes) are allowed")
        }
        if record.headers.count > limits.headers || record.headers.raw.count > limits.headerBytes {
            try limits.checkHeaders(record.headers)
        }
        self.read(record.headers)
        if let mistake = self.mistake { throw mistake }
    }

    mutating func read(_ headers: RecordHeadersView) {
        headers.forEach { name, value in
            if let value { self.read(name, value) }
        }
        self.event.deadline = [self.expiry, self.explicitDeadline].compactMap { $0 }.min()
        if let topic = self.replyTopic ?? self.springTopic {
            self.event.replyAddress = ReplyAddress(
                topic: topic,
                partition: self.replyTopic == nil ? self.replyPartition : nil,
                correlationID: self.springCorrelation
            )
        }
    }

    private mutating func read(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) {
        switch name.count {
        case 5 where name.isEqual(to: "ce_id"): self.event.id = self.text(value, "ce_id")
        case 7 where name.isEqual(to: "ce_type"): self.event.type = self.text(value, "ce_type")
        case 7 where name.isEqual(to: "ce_time"): self.event.time = self.text(value, "ce_time")
        case 9 where name.isEqual(to: "ce_source"): self.event.source = self.text(value, "ce_source")
        case 14 where name.isEqual(to: "ce_specversion"):
            if !value.isEqual(to: "1.0") { self.note("header ce_specversion must be 1.0, found \(WireText.excerpt(value))") }
        case 12 where name.isEqual(to: "content-type"): self.mode = ContentMode(contentType: value)
        case 11 where name.isEqual(to: "traceparent"): self.event.traceparent = self.text(value, "traceparent")
        case 10 where name.isEqual(to: "tracestate"): self.event.tracestate = self.text(value, "tracestate")
        case 14 where name.isEqual(to: "ce_traceparent"):
            if self.event.traceparent == nil { self.event.traceparent = self.text(value, "ce_traceparent") }
        case 16 where name.isEqual(to: "ce_correlationid"): self.event.correlationID = self.text(value, "ce_correlationid")
        case 14 where name.isEqual(to: "ce_causationid"): self.event.causationID = self.text(value, "ce_causationid")
        case 13 where name.isEqual(to: "ce_expirytime"):
            self.expiry = self.text(value, "ce_expirytime").flatMap { WireTime.milliseconds($0) }
            if self.expiry == nil { self.note("header ce_expirytime must be an RFC 3339 time, found \(WireText.excerpt(value))") }
        case 13 where name.isEqual(to: "x-deadline-ms"): self.explicitDeadline = self.integer(value, "x-deadline-ms")
        case 15 where name.isEqual(to: "x-not-before-ms"): self.event.notBefore = self.integer(value, "x-not-before-ms")
        case 10 where name.isEqual(to: "x-priority"):
            guard let priority = self.integer(value, "x-priority") else { return }
            if (0...9).contains(priority) {
                self.event.priority = Int(priority)
            } else {
                self.note("header x-priority must be 0 to 9, found \(priority)")
            }
        case 17 where name.isEqual(to: "x-idempotency-key"): self.event.idempotencyKey = self.text(value, "x-idempotency-key")
        case 9 where name.isEqual(to: "x-attempt"):
            guard let attempt = self.integer(value, "x-attempt") else { return }
            if (1...1_000_000).contains(attempt) {
                self.event.attempt = Int(attempt)
            } else {
                self.note("header x-attempt must be 1 to 1000000, found \(attempt)")
            }
        case 10 where name.isEqual(to: "x-reply-to"): self.replyTopic = self.text(value, "x-reply-to")
        case 16 where name.isEqual(to: "kafka_replyTopic"): self.springTopic = self.text(value, "kafka_replyTopic")
        case 20 where name.isEqual(to: "kafka_replyPartition"):
            guard value.count == 4 else {
                self.note("header kafka_replyPartition must be 4 bytes, found \(value.count)")
                return
            }
            let partition = Int32(bigEndian: value.loadUnaligned(as: Int32.self))
            if partition >= 0 {
                self.replyPartition = partition
            } else {
                self.note("header kafka_replyPartition must not be negative, found \(partition)")
            }
        case 19 where name.isEqual(to: "kafka_correlationId"): self.springCorrelation = Array(value)
        default: break
        }
    }

    /// A header without a text is as good as none.
    private mutating func text(_ value: UnsafeRawBufferPointer, _ name: StaticString) -> String? {
        guard !value.isEmpty else { return nil }
        // The general validation looks metadata up at run time; nearly every header is ASCII.
        if value.isASCII { return String(decoding: value.bindMemory(to: UInt8.self), as: UTF8.self) }
        guard let text = String(validating: value.bindMemory(to: UInt8.self), as: UTF8.self) else {
            self.note("header \(name) is not UTF-8")
            return nil
        }
        return text
    }

    private mutating func integer(_ value: UnsafeRawBufferPointer, _ name: StaticString) -> Int64? {
        guard let number = Int64(String(decoding: value.prefix(24), as: UTF8.self)), value.count <= 20 else {
            self.note("header \(name) must be an integer, found \(WireText.excerpt(value))")
            return nil
        }
        return number
    }

    private mutating func note(_ message: @autoclosure () -> String) {
        if self.mistake == nil { self.mistake = WireError(.invalid, message()) }
    }
}

extension WireLimits {
    /// Checks the headers but for those that a replay adds: a record that was at the limit once may come back.
    fileprivate func checkHeaders(_ headers: RecordHeadersView) throws(WireError) {
        var (count, bytes) = (headers.count, headers.raw.count)
        headers.forEach { name, value in
            guard name.isEqual(to: "x-dlq-replay-count") || name.isEqual(to: "x-dlq-first-failure-at"), value?.count ?? 0 <= 24 else {
                return
            }
            count -= 1
            bytes -= RecordHeadersView.encodedSize(nameLength: name.count, valueLength: value?.count ?? 0)
        }
        guard count <= self.headers else { throw WireError(.oversize, "there are \(count) headers, \(self.headers) are allowed") }
        guard bytes <= self.headerBytes else {
            throw WireError(.oversize, "the headers have \(bytes) bytes, \(self.headerBytes) are allowed")
        }
    }
}

extension ContentMode {
    init(contentType: UnsafeRawBufferPointer) {
        if contentType.isEqual(to: "application/json") {
            self = .binary
            return
        }
        let text = String(decoding: contentType.prefix(256), as: UTF8.self)
        let media = text.prefix { $0 != ";" }.lowercased().filter { $0 != " " && $0 != "\t" }
        if media == "application/cloudevents+json" {
            self = .structured
        } else if media == "application/json" || media.hasSuffix("+json") {
            self = .binary
        } else {
            self = .unsupported(WireText.excerpt(contentType))
        }
    }
}

enum WireText {
    /// A short, printable look at bytes from outside, for messages.
    static func excerpt(_ bytes: UnsafeRawBufferPointer) -> String {
        let text = String(decoding: bytes.prefix(40), as: UTF8.self)
        let printable = String(String.UnicodeScalarView(text.unicodeScalars.map { $0.properties.generalCategory == .control ? "·" : $0 }))
        return "\"\(printable)\(bytes.count > 40 ? "…" : "")\""
    }

    /// The same for text.
    static func excerpt(_ text: String) -> String {
        var text = text
        return text.withUTF8 { Self.excerpt(UnsafeRawBufferPointer($0)) }
    }
}

extension UnsafeRawBufferPointer {
    var isASCII: Bool {
        var position = 0
        while position + 8 <= self.count {
            if self.loadUnaligned(fromByteOffset: position, as: UInt64.self) & 0x8080_8080_8080_8080 != 0 { return false }
            position += 8
        }
        while position < self.count {
            if self[position] >= 0x80 { return false }
            position += 1
        }
        return true
    }

    @inline(__always)
    func isEqual(to literal: StaticString) -> Bool {
        guard self.count == literal.utf8CodeUnitCount, let start = self.baseAddress else { return literal.utf8CodeUnitCount == self.count }
        return memcmp(start, literal.utf8Start, self.count) == 0
    }
}
