import JSON
import Wire

/// Records that are no requests, of every kind, each with the reason it must die of.
enum MalformedRecords {
    typealias Kind = @Sendable (Int) -> (record: TestRecord, reason: DeadLetterReason)

    /// The record of a number; one in 500 is larger than the limit of the value.
    static func make(_ number: Int) -> (record: TestRecord, reason: DeadLetterReason) {
        if number % 500 == 499 { return self.oversizedValue(number) }
        return self.kinds[number % self.kinds.count](number)
    }

    private static func request(_ number: Int) -> (value: [UInt8], headers: RecordHeaders) {
        Request(id: "bad-\(number)", orchestrator: "echo", tenantID: "acme", kwargs: ["n": .integer(Int64(number)), "text": "späte Züge"])
            .encode()
    }

    /// A value under the headers of a good request.
    private static func value(_ number: Int, _ text: String, _ reason: DeadLetterReason) -> (record: TestRecord, reason: DeadLetterReason) {
        (TestRecord(key: number % 3 == 0 ? nil : "key-\(number % 50)", text: text, headers: self.request(number).headers), reason)
    }

    /// A good value under headers with one that is wrong.
    private static func header(
        _ number: Int,
        _ name: StaticString,
        _ bytes: [UInt8],
        _ reason: DeadLetterReason
    ) -> (
        record: TestRecord, reason: DeadLetterReason
    ) {
        var headers = RecordHeaders()
        headers.append("ce_id", "bad-\(number)")
        bytes.withUnsafeBytes { headers.append(name, bytes: $0) }
        return (TestRecord(key: "key-\(number % 50)", value: self.request(number).value, headers: headers), reason)
    }

    private static func header(
        _ number: Int,
        _ name: StaticString,
        _ text: String,
        _ reason: DeadLetterReason
    ) -> (
        record: TestRecord, reason: DeadLetterReason
    ) {
        self.header(number, name, Array(text.utf8), reason)
    }

    private static func envelope(_ text: String, _ reason: DeadLetterReason) -> (record: TestRecord, reason: DeadLetterReason) {
        var headers = RecordHeaders()
        headers.append("content-type", "application/cloudevents+json")
        return (TestRecord(key: "envelope", text: text, headers: headers), reason)
    }

    private static func oversizedValue(_ number: Int) -> (record: TestRecord, reason: DeadLetterReason) {
        let text = String(repeating: "x", count: (1 << 20) + number)
        return self.value(number, #"{"orchestrator": "echo", "context": {"tenant_id": "acme"}, "kwargs": {"t": "\#(text)"}}"#, .oversize)
    }

    private static func nested(_ depth: Int) -> String {
        let open = String(repeating: #"{"a":["#, count: depth / 2)
        let close = String(repeating: "]}", count: depth / 2)
        return #"{"orchestrator": "echo", "context": {"tenant_id": "acme"}, "kwargs": \#(open)\#(close)}"#
    }

    private static let notJSON = [
        "not json", "{'orchestrator': 'echo'}", #"{"orchestrator": }"#, #"{"a": 1,}"#, "{} {}", "[1,]", "NaN", "\u{0}", " ", #"{"a": 01}"#,
        #"{"a": "\q"}"#, "{\"a\": \"\n\"}", #"{"a" 1}"#, #"{"orchestrator": "echo", "context": {"tenant_id": "acme"}}}"#, "<request/>",
    ]

    private static let wrongTypes = [
        #"{"orchestrator": 5, "context": {"tenant_id": "acme"}}"#, #"{"orchestrator": ["echo"], "context": {"tenant_id": "acme"}}"#,
        #"{"orchestrator": "echo", "context": []}"#, #"{"orchestrator": "echo", "context": "acme"}"#,
        #"{"orchestrator": "echo", "context": {"tenant_id": 1}}"#, #"{"orchestrator": "echo", "context": {"tenant_id": {"a": 1}}}"#,
        #"{"orchestrator": "echo", "context": {"tenant_id": "acme"}, "kwargs": []}"#,
        #"{"orchestrator": "echo", "context": {"tenant_id": "acme"}, "kwargs": "{}"}"#,
        #"{"orchestrator": "echo", "context": {"tenant_id": "acme", "orchestration_depth": "2"}}"#,
        #"{"orchestrator": "echo", "context": {"tenant_id": "acme", "orchestration_depth": -1}}"#,
        #"{"orchestrator": "echo", "context": {"tenant_id": "acme", "orchestration_depth": 1.5}}"#,
        #"{"orchestrator": "echo", "context": {"tenant_id": "acme", "metadata": 3}}"#,
        #"{"orchestrator": "echo", "context": {"tenant_id": "acme", "request_id": {}}}"#,
        #"{"orchestrator": "echo", "context": {"tenant_id": "acme", "trace_id": true}}"#,
        #"{"orchestrator": "echo", "context": {"tenant_id": "acme", "parent_orchestrator": 0}}"#,
    ]

    private static let missing = [
        "{}", #"{"context": {"tenant_id": "acme"}}"#, #"{"orchestrator": "echo"}"#,
        #"{"orchestrator": "", "context": {"tenant_id": "acme"}}"#,
        #"{"orchestrator": null, "context": {"tenant_id": "acme"}}"#, #"{"orchestrator": "echo", "context": null}"#,
        #"{"orchestrator": "echo", "context": {}}"#, #"{"orchestrator": "echo", "context": {"tenant_id": ""}}"#,
        #"{"orchestrator": "echo", "context": {"tenant_id": null}}"#, #"{"Orchestrator": "echo", "context": {"tenant_id": "acme"}}"#,
    ]

    private static let wrongEnvelopes: [(String, DeadLetterReason)] = [
        (#"{"specversion": "1.0", "id": "a", "data": {"orchestrator": "echo""#, .undecodable),
        ("", .undecodable),
        ("[]", .invalid),
        (#"{"id": "a", "data": {"orchestrator": "echo", "context": {"tenant_id": "acme"}}}"#, .invalid),
        (#"{"specversion": "0.3", "id": "a", "data": {"orchestrator": "echo", "context": {"tenant_id": "acme"}}}"#, .invalid),
        (#"{"specversion": 1.0, "id": "a", "data": {"orchestrator": "echo", "context": {"tenant_id": "acme"}}}"#, .invalid),
        (#"{"specversion": "1.0", "id": "a"}"#, .invalid),
        (#"{"specversion": "1.0", "id": 7, "data": {"orchestrator": "echo", "context": {"tenant_id": "acme"}}}"#, .invalid),
        (#"{"specversion": "1.0", "id": "a", "data": "{}"}"#, .invalid),
        (#"{"specversion": "1.0", "id": "a", "data": {"orchestrator": "echo"}}"#, .invalid),
        (#"{"specversion": "1.0", "id": "a", "data_base64": "e30="}"#, .invalid),
        (#"{"specversion": "1.0", "type": "other.v1", "data": {"orchestrator": "echo", "context": {"tenant_id": "acme"}}}"#, .invalid),
        (#"{"specversion": "1.0", "expirytime": "soon", "data": {"orchestrator": "echo", "context": {"tenant_id": "acme"}}}"#, .invalid),
        (#"{"specversion": "1.0", "id": "a", "data": \#(nested(80))}"#, .oversize),
    ]

    private static let kinds: [Kind] = [
        // Bytes that are no JSON.
        { Self.value($0, Self.notJSON[$0 / 7 % Self.notJSON.count], .undecodable) },
        // Truncated anywhere.
        { number in
            let (value, headers) = Self.request(number)
            return (TestRecord(key: "cut", value: Array(value.prefix(1 + number % (value.count - 1))), headers: headers), .undecodable)
        },
        // Invalid UTF-8 inside a string.
        { number in
            var (value, headers) = Self.request(number)
            let broken: [[UInt8]] = [[0xff], [0xc3], [0xed, 0xa0, 0x80], [0xf8, 0x88, 0x80, 0x80, 0x80], [0xc0, 0xaf]]
            guard let place = value.firstIndex(of: 0xc3) else { return Self.value(number, "", .undecodable) }
            value.replaceSubrange(place..<place + 2, with: broken[number / 3 % broken.count])
            return (TestRecord(value: value, headers: headers), .undecodable)
        },
        // JSON, but no object.
        { Self.value($0, ["[]", "42", "null", "\"text\"", "true", "-1.5e3", "[{}]"][$0 / 5 % 7], .invalid) },
        { Self.value($0, Self.wrongTypes[$0 / 3 % Self.wrongTypes.count], .invalid) },
        { Self.value($0, Self.missing[$0 / 3 % Self.missing.count], .invalid) },
        // Nothing at all.
        { Self.value($0, "", .undecodable) },
        { (TestRecord(key: "gone", value: nil, headers: Self.request($0).headers), .undecodable) },
        { _ in (TestRecord(value: nil), .undecodable) },
        // Over a limit.
        { number in
            let (value, headers) = Self.request(number)
            return (TestRecord(key: String(repeating: "k", count: 257 + number % 1_000), value: value, headers: headers), .oversize)
        },
        { number in
            var (value, headers) = Self.request(number)
            while headers.count <= 64 + number % 40 { headers.append("x-more", "\(headers.count)") }
            return (TestRecord(key: "headers", value: value, headers: headers), .oversize)
        },
        { Self.value($0, Self.nested([66, 100, 2_000, 20_000][$0 / 3 % 4]), .oversize) },
        // Headers that contradict.
        {
            Self.header(
                $0,
                "content-type",
                ["text/plain", "application/avro", "", "application/xml; charset=utf-8"][$0 / 3 % 4],
                .undecodable
            )
        },
        {
            Self.header(
                $0,
                "ce_type",
                ["orchestration.request.v2", "feedback.signal.v1", "Orchestration.request.v1"][$0 / 5 % 3],
                .invalid
            )
        },
        { Self.header($0, "ce_specversion", ["0.3", "2.0", "1", ""][$0 / 3 % 4], .invalid) },
        { Self.header($0, "ce_correlationid", [0xff, 0xfe], .invalid) },
        { Self.header($0, "x-deadline-ms", ["soon", "", "1e3", "99999999999999999999"][$0 / 3 % 4], .invalid) },
        { Self.header($0, "ce_expirytime", "tomorrow", .invalid) },
        { Self.header($0, "x-priority", "11", .invalid) },
        { Self.header($0, "x-attempt", "0", .invalid) },
        { Self.header($0, "kafka_replyPartition", [0, 0, 1], .invalid) },
        { number in
            let (text, reason) = Self.wrongEnvelopes[number / 3 % Self.wrongEnvelopes.count]
            return Self.envelope(text, reason)
        },
    ]
}
