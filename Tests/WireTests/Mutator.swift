import JSON
import Wire

/// Damages records, the same way for the same seed.
struct Mutator {
    private var generator: SeededGenerator
    private let pieces: [[UInt8]] =
        [
            "{", "}", "[", "]", "\"", ",", ":", "\\", "\\u", "\\ud83d", "\\u0000", "null", "true", "-1", "0.5", "1e999",
            "18446744073709551616", "{}", "[]",
            "\"\"", "\"orchestrator\":", "\"context\":", "\"tenant_id\":", "\"kwargs\":", "\"data\":", "\"success\":", "\"reward\":",
            "\"source\":", " ",
            "\n", "\u{0}", "é", "😀", "e\u{301}",
        ].map { Array($0.utf8) } + [[0x80], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xff], Array(repeating: 0x5b, count: 70)]
    private let members = [
        "orchestrator", "context", "tenant_id", "request_id", "orchestration_depth", "metadata", "kwargs", "data", "id", "specversion",
        "success",
        "command", "reason", "issued_by", "time", "fingerprint", "result",
        "error", "error_context", "timings", "attempt", "reward", "confidence", "timestamp",
        "version", "step", "signals", "by_source", "x",
        "",
    ]
    private let names = [
        "ce_specversion", "ce_id", "ce_type", "ce_source", "ce_time", "content-type", "traceparent", "tracestate", "ce_traceparent",
        "ce_correlationid", "ce_causationid", "ce_expirytime", "x-deadline-ms", "x-not-before-ms", "x-priority", "x-idempotency-key",
        "x-attempt",
        "x-reply-to", "kafka_replyTopic", "kafka_replyPartition", "kafka_correlationId", "x-dlq-reason", "", "CE_ID",
    ]
    private let values: [HeaderValue] = [
        "", "1.0", "0", "7", "-1", "9223372036854775807", "-9223372036854775808", "99999999999999999999999", "application/json",
        "application/cloudevents+json", "text/plain", "orchestration.request.v1", "feedback.signal.v1", "fleet.control.v1",
        "orchestration.idempotency.v1",
        "2026-11-21T10:15:30.123Z",
        "2026-11-21T10:15:30", "9999-12-31T23:59:59-23:59", .null, .bytes([0, 0, 0, 1]), .bytes([0xff, 0xff, 0xff, 0xff]), .bytes([0xc3]),
    ]

    init(seed: UInt64) { self.generator = SeededGenerator(seed: seed) }

    /// One of the seeds, mostly of the good ones, damaged in one to four places.
    mutating func next(of seeds: [CorpusSeed]) -> TestRecord {
        let good = seeds.filter { $0.outcome == "accepted" }
        let seed = self.generator.pick(self.generator.below(4) == 0 ? seeds : good).record
        var value = seed.value
        var headers = seed.headers.values
        for _ in 0...self.generator.below(self.generator.below(4) + 1) {
            if self.generator.below(3) == 0 {
                self.damage(&headers)
            } else if let bytes = value {
                value = self.damaged(bytes, other: self.generator.pick(seeds).record.value ?? [])
            }
        }
        if self.generator.below(100) == 0 { value = nil }
        var block = RecordHeaders()
        for (name, value) in headers { block.add(name, value) }
        let key = self.generator.below(4) == 0 ? self.noise(300) : nil
        return TestRecord(key: key, headers: block, value: value)
    }

    /// As many bytes as a document needs behind it to be read in place, meant to be taken for a part of it.
    mutating func padding(_ count: Int) -> [UInt8] {
        let byte = self.generator.pick(Array("\"}]\\1e ,".utf8))
        return Array(repeating: byte, count: count)
    }

    private mutating func noise(_ limit: Int) -> [UInt8] { (0..<self.generator.below(limit)).map { _ in UInt8(self.generator.below(256)) } }

    private mutating func range(in bytes: [UInt8]) -> Range<Int> {
        let start = self.generator.below(bytes.count + 1)
        return start..<start + self.generator.below(min(64, bytes.count - start) + 1)
    }

    private mutating func damaged(_ bytes: [UInt8], other: [UInt8]) -> [UInt8] {
        var bytes = bytes
        let place = self.range(in: bytes)
        switch self.generator.below(12) {
        case 8...: return self.withAnotherMember(bytes)
        case 0 where !bytes.isEmpty: bytes[self.generator.below(bytes.count)] ^= 1 << UInt8(self.generator.below(8))
        case 1: bytes.removeSubrange(place.lowerBound...)
        case 2: bytes.insert(contentsOf: bytes[place], at: self.generator.below(bytes.count + 1))
        case 3: bytes = Array(bytes[..<place.lowerBound]) + other[self.generator.below(other.count + 1)...]
        case 4: bytes.replaceSubrange(place, with: self.noise(8))
        case 5: bytes.insert(contentsOf: self.generator.pick(self.pieces), at: place.lowerBound)
        case 6: bytes.replaceSubrange(place, with: other[self.range(in: other)])
        default: bytes.removeSubrange(place)
        }
        return bytes
    }

    /// Puts a member into one of the objects, so that what comes out is often JSON still.
    private mutating func withAnotherMember(_ bytes: [UInt8]) -> [UInt8] {
        let objects = bytes.indices.filter { bytes[$0] == UInt8(ascii: "{") }
        guard !objects.isEmpty else { return bytes }
        let value = self.generator.value(depth: 3).description
        let name = self.generator.pick(self.members)
        var bytes = bytes
        bytes.insert(contentsOf: "\"\(name)\":\(value),".utf8, at: self.generator.pick(objects) + 1)
        return bytes
    }

    private mutating func damage(_ headers: inout [(name: String, value: HeaderValue)]) {
        let index = headers.isEmpty ? 0 : self.generator.below(headers.count)
        switch self.generator.below(6) {
        case 0 where !headers.isEmpty: headers.remove(at: index)
        case 1 where !headers.isEmpty: headers.append(headers[index])
        case 2 where !headers.isEmpty: headers[index].value = self.generator.pick(self.values)
        case 3 where !headers.isEmpty: headers[index].name = self.generator.pick(self.names)
        case 4: headers.append((self.generator.pick(self.names), .bytes(self.noise(40))))
        default: headers.append((self.generator.pick(self.names), self.generator.pick(self.values)))
        }
    }
}
