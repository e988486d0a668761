import JSON
import Testing
import Wire

@Suite("Limits of a request")
struct RequestLimitsTests {
    private static let small = #"{"orchestrator":"echo","context":{"tenant_id":"acme"}}"#

    /// A request of exactly so many bytes.
    private static func value(bytes: Int) -> [UInt8] {
        let start = Array(#"{"orchestrator":"echo","context":{"tenant_id":"acme"},"kwargs":{"text":""#.utf8)
        return start + Array(repeating: UInt8(ascii: "x"), count: bytes - start.count - 3) + Array(#""}}"#.utf8)
    }

    /// A request with kwargs such that exactly so many containers are inside each other.
    private static func value(depth: Int) -> String {
        let arrays = depth - 2
        let nested = arrays == 0 ? "0" : String(repeating: "[", count: arrays) + String(repeating: "]", count: arrays)
        return #"{"orchestrator":"echo","context":{"tenant_id":"acme"},"kwargs":{"nested":\#(nested)}}"#
    }

    private static func structured(_ data: String) -> TestRecord {
        TestRecord(
            #"{"specversion":"1.0","id":"1","type":"orchestration.request.v1","source":"/s","data":\#(data)}"#,
            headers: RecordHeaders(["content-type": "application/cloudevents+json"])
        )
    }

    private static func refusal(_ record: TestRecord, limits: WireLimits = .default) -> WireError? {
        do throws(WireError) {
            _ = try record.request(limits: limits)
            return nil
        } catch {
            return error
        }
    }

    @Test("Limits are those of the contract")
    func defaults() {
        #expect(
            WireLimits.default
                == WireLimits(valueBytes: 1_048_576, keyBytes: 256, depth: 64, headers: 64, headerBytes: 65_536, attributeBytes: 1_024)
        )
    }

    @Test(
        "Whatever a reply echoes has 1 KiB at most",
        arguments: ["ce_id", "ce_correlationid", "ce_causationid", "traceparent", "tracestate", "kafka_correlationId"]
    )
    func echoedHeaders(name: String) {
        func record(_ count: Int) -> TestRecord {
            var headers: RecordHeaders = name == "kafka_correlationId" ? RecordHeaders(["kafka_replyTopic": "replies"]) : RecordHeaders()
            headers.add(name, .text(String(repeating: "x", count: count)))
            return TestRecord(Self.small, headers: headers)
        }
        #expect(Self.refusal(record(1_024)) == nil)
        let error = Self.refusal(record(1_025))
        #expect(error?.reason == .oversize)
        #expect(error?.message.hasSuffix("has 1025 bytes, 1024 are allowed") == true, "\(String(describing: error))")
    }

    @Test("Names and ids in the body have 1 KiB at most", arguments: ["tenant_id", "request_id", "trace_id", "parent_orchestrator"])
    func echoedMembers(name: String) {
        func record(_ count: Int) -> TestRecord {
            let tenant = name == "tenant_id" ? "" : #""tenant_id":"acme","#
            return TestRecord(#"{"orchestrator":"echo","context":{\#(tenant)"\#(name)":"\#(String(repeating: "x", count: count))"}}"#)
        }
        #expect(Self.refusal(record(1_024)) == nil)
        #expect(Self.refusal(record(1_025)) == WireError(.oversize, "context.\(name) has 1025 bytes, 1024 are allowed"))
    }

    @Test("An idempotency key has 200 bytes at most")
    func idempotencyKey() {
        func record(_ count: Int) -> TestRecord {
            TestRecord(Self.small, headers: RecordHeaders(["x-idempotency-key": .text(String(repeating: "x", count: count))]))
        }
        #expect(Self.refusal(record(200)) == nil)
        #expect(Self.refusal(record(201)) == WireError(.oversize, "x-idempotency-key has 201 bytes, 200 are allowed"))
    }

    @Test("All headers together have 64 KiB at most")
    func headerBytes() {
        func record(_ count: Int) -> TestRecord {
            // Each header has 6 bytes of lengths.
            var headers = RecordHeaders()
            headers.append("x-more", String(repeating: "x", count: count - 12))
            return TestRecord(Self.small, headers: headers)
        }
        #expect(Self.refusal(record(65_536)) == nil)
        #expect(Self.refusal(record(65_537)) == WireError(.oversize, "the headers have 65537 bytes, 65536 are allowed"))
    }

    @Test("A value of 1 MiB is read, one of a byte more is not")
    func valueBytes() {
        #expect(Self.refusal(TestRecord(value: Self.value(bytes: 1 << 20))) == nil)
        let error = Self.refusal(TestRecord(value: Self.value(bytes: (1 << 20) + 1)))
        #expect(error == WireError(.oversize, "the value has 1048577 bytes, 1048576 are allowed"))
    }

    @Test("64 containers inside each other are read, one more is not")
    func depth() {
        #expect(Self.refusal(TestRecord(Self.value(depth: 64))) == nil)
        let error = Self.refusal(TestRecord(Self.value(depth: 65)))
        #expect(error?.reason == .oversize)
        #expect(error?.message.contains("64") == true)
    }

    @Test("An envelope does not count as a level")
    func depthInEnvelope() {
        #expect(Self.refusal(Self.structured(Self.value(depth: 64))) == nil)
        #expect(Self.refusal(Self.structured(Self.value(depth: 65)))?.reason == .oversize)
        // Beside the data nothing may be deeper either.
        let beside = String(repeating: "[", count: 65) + String(repeating: "]", count: 65)
        let value = #"{"specversion":"1.0","id":"1","source":"/s","other":\#(beside),"data":\#(Self.small)}"#
        let record = TestRecord(value, headers: RecordHeaders(["content-type": "application/cloudevents+json"]))
        #expect(Self.refusal(record)?.reason == .oversize)
    }

    @Test("A key of 256 bytes is read, one of a byte more is not")
    func keyBytes() {
        var record = TestRecord(Self.small)
        record.key = Array(repeating: 0xff, count: 256)
        #expect(Self.refusal(record) == nil)
        record.key = Array(repeating: 0xff, count: 257)
        #expect(Self.refusal(record) == WireError(.oversize, "the key has 257 bytes, 256 are allowed"))
        record.key = []
        #expect(Self.refusal(record) == nil)
    }

    @Test("64 headers are read, one more is not, nulls and repetitions included")
    func headers() {
        var record = TestRecord(Self.small)
        for index in 0..<64 { record.headers.add("h", index.isMultiple(of: 2) ? .null : "v") }
        #expect(Self.refusal(record) == nil)
        record.headers.add("h", .null)
        #expect(Self.refusal(record) == WireError(.oversize, "there are 65 headers, 64 are allowed"))
    }

    @Test("Limits can be set")
    func configured() {
        let limits = WireLimits(valueBytes: Self.small.utf8.count, keyBytes: 1, depth: 2, headers: 1)
        var record = TestRecord(Self.small, headers: RecordHeaders(["ce_id": "1"]))
        record.key = [1]
        #expect(Self.refusal(record, limits: limits) == nil)
        #expect(Self.refusal(TestRecord(Self.small + " "), limits: limits)?.reason == .oversize)
        #expect(Self.refusal(TestRecord(key: [1, 2], value: record.value), limits: limits)?.reason == .oversize)
        #expect(Self.refusal(TestRecord(Self.small, headers: RecordHeaders(["a": "", "b": ""])), limits: limits)?.reason == .oversize)
        let deep = WireLimits(depth: 2)
        #expect(Self.refusal(TestRecord(Self.value(depth: 2)), limits: deep) == nil)
        #expect(Self.refusal(TestRecord(Self.value(depth: 3)), limits: deep)?.reason == .oversize)
    }

    @Test("Nothing, no bytes and white space are no request")
    func noValue() {
        #expect(Self.refusal(TestRecord(value: nil)) == WireError(.undecodable, "the value is missing: a request is a JSON object"))
        for empty in ["", " ", "\n\t "] { #expect(Self.refusal(TestRecord(empty))?.reason == .undecodable) }
        let nothing = UnsafeRawBufferPointer(start: nil, count: 0)
        let record = RecordView(key: nothing, value: nothing, readableBytes: 0, headers: RecordHeadersView(raw: nothing, count: 0))
        #expect(throws: WireError.self) { try Request(decoding: record, fallbackID: "") }
    }

    @Test(
        "A content type that is not JSON is not read",
        arguments: [
            "text/plain", "application/xml", "application/octet-stream", "application/avro", "application/cloudevents+avro", "",
            "json", "application/jsonp", "application/json-seq", "application/cloudevents", "\u{0}application/json",
        ]
    )
    func contentTypes(type: String) {
        let record = TestRecord(Self.small, headers: RecordHeaders(["content-type": .text(type)]))
        let error = Self.refusal(record)
        #expect(error?.reason == .undecodable)
        #expect(error?.message.contains("application/json or application/cloudevents+json") == true)
        #expect(error?.message.contains("\u{0}") == false)
    }

    @Test(
        "JSON under any of its names is read",
        arguments: [
            "application/json", "application/json; charset=utf-8", "Application/JSON ;charset=UTF-8", "application/vnd.acme.request+json",
        ]
    )
    func jsonTypes(type: String) {
        #expect(Self.refusal(TestRecord(Self.small, headers: RecordHeaders(["content-type": .text(type)]))) == nil)
    }

    @Test("A record without a content type is JSON")
    func noContentType() {
        #expect(Self.refusal(TestRecord(Self.small)) == nil)
        #expect(Self.refusal(TestRecord(Self.small, headers: RecordHeaders(["content-type": .null]))) == nil)
    }
}
