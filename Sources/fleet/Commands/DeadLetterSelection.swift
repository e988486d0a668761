import ArgumentParser
import Glibc
import JSON
import Wire

/// Which dead letters are meant; the same letter always gets the same answer, which the memory of a replay relies on.
struct DeadLetterSelection: Sendable, Hashable {
    /// Any of them; empty for all.
    var reasons: Set<String> = []
    var orchestrator: String?
    /// Milliseconds since 1970, included.
    var since: Int64?
    /// Milliseconds since 1970, not included.
    var until: Int64?
    /// A part of the key, the error message, the message's id or the value.
    var filter: String?

    /// Whether a dead letter is meant.
    ///
    /// - Parameter time: when it died, which is the time of its record; milliseconds since 1970.
    func matches(_ letter: RecordView, _ headers: DeadLetterHeaders, time: Int64) -> Bool {
        if let since = self.since, time < since { return false }
        if let until = self.until, time >= until { return false }
        if !self.reasons.isEmpty, !self.reasons.contains(headers.reason ?? "") { return false }
        // The header holds no more than 256 bytes of a name.
        if let orchestrator = self.orchestrator, headers.orchestrator.map({ Self.isName($0, of: orchestrator) }) != true { return false }
        guard var filter = self.filter else { return true }
        return filter.withUTF8 { text in
            let text = UnsafeRawBufferPointer(text)
            if letter.key?.contains(text) == true || letter.value?.contains(text) == true { return true }
            var isFound = false
            letter.headers.forEach { name, value in
                guard !isFound, let value, name.elementsEqual("ce_id".utf8) || name.elementsEqual("x-dlq-error-message".utf8) else {
                    return
                }
                isFound = value.contains(text)
            }
            return isFound
        }
    }

    private static func isName(_ header: String, of orchestrator: String) -> Bool {
        header == orchestrator || orchestrator.utf8.count > 256 && header.utf8.count > 252 && orchestrator.hasPrefix(header)
    }
}

extension DeadLetterSelection {
    /// The selection as members of a JSON object; those that say nothing are absent.
    var members: JSONObject {
        var members = JSONObject()
        if !self.reasons.isEmpty { members["reasons"] = .array(self.reasons.sorted().map { .string($0) }) }
        if let value = self.orchestrator { members["orchestrator"] = .string(value) }
        if let value = self.since { members["since"] = .integer(value) }
        if let value = self.until { members["until"] = .integer(value) }
        if let value = self.filter { members["filter"] = .string(value) }
        return members
    }

    /// Reads what ``members`` has written; nil for anything else.
    init?(members: JSONObject) {
        for (name, value) in members {
            switch (name, value) {
            case ("reasons", .array(let values)): self.reasons = Set(values.compactMap(\.stringValue))
            case ("orchestrator", .string(let text)): self.orchestrator = text
            case ("since", .integer(let time)): self.since = time
            case ("until", .integer(let time)): self.until = time
            case ("filter", .string(let text)): self.filter = text
            default: return nil
            }
        }
    }
}

extension UnsafeRawBufferPointer {
    /// Whether the bytes hold others as a whole.
    fileprivate func contains(_ text: UnsafeRawBufferPointer) -> Bool {
        guard let base = self.baseAddress, let start = text.baseAddress, let first = text.first else { return text.isEmpty }
        var position = 0
        while position + text.count <= self.count {
            guard let found = memchr(base + position, Int32(first), self.count - text.count + 1 - position) else { return false }
            if memcmp(found, start, text.count) == 0 { return true }
            position = UnsafeRawPointer(found) - base + 1
        }
        return false
    }
}

/// Times on the command line.
enum DeadLetterTime {
    /// Reads RFC 3339, or a duration, which means that long ago.
    ///
    /// - Returns: milliseconds since 1970.
    static func parse(_ text: String, now: Int64) throws(ValidationError) -> Int64 {
        if let time = WireTime.milliseconds(text) { return time }
        if let duration = self.duration(text) { return now - duration }
        throw ValidationError(
            "\"\(Console.shortened(text))\": expected RFC 3339 (2026-11-21T10:15:00Z) or a duration such as 90s, 15m, 2h or 1d12h, meaning ago"
        )
    }

    /// Milliseconds of a duration such as `90s`, `15m`, `2h`, `1d12h` or `2w`; nil for anything else, and beyond 100 years.
    static func duration(_ text: String) -> Int64? {
        var total: Int64 = 0
        var number: Int64?
        // Largest first, each at most once.
        var units: [(Unicode.Scalar, Int64)] = [("w", 604_800_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000)]
        for scalar in text.unicodeScalars {
            if ("0"..."9").contains(scalar) {
                let next = (number ?? 0) * 10 + Int64(scalar.value - 0x30)
                guard next <= 10_000_000_000 else { return nil }
                number = next
            } else {
                guard let count = number, let index = units.firstIndex(where: { $0.0 == scalar }) else { return nil }
                let (part, overflow) = count.multipliedReportingOverflow(by: units[index].1)
                guard !overflow, part <= self.longest, total + part <= self.longest else { return nil }
                total += part
                units.removeFirst(index + 1)
                number = nil
            }
        }
        return number == nil && !text.isEmpty ? total : nil
    }

    private static let longest: Int64 = 100 * 366 * 86_400_000
}
