/// A piece of a subtitle: its lines without markup, and its times in seconds.
struct Cue: Sendable, Hashable {
    var start: Double
    var end: Double
    var lines: [String]

    /// Joins cues into running text.
    ///
    /// Rolling captions repeat on top what the cue before has shown, with times that touch or overlap. Of such a cue only the lines that
    /// are new count, and a line that merely grows ("I am", "I am here") counts once, as it ends.
    static func text(of cues: [Cue]) -> String {
        var lines: [String] = []
        var shown: [String] = []
        var shownUntil = -Double.infinity
        for cue in cues {
            var new = cue.lines[...]
            if cue.start <= shownUntil + 0.001 {
                new = new.dropFirst(Self.overlap(of: shown, with: cue.lines))
                if let first = new.first, let last = lines.last, shown.last == last, first.hasPrefix(last + " ") { lines.removeLast() }
            }
            lines.append(contentsOf: new)
            if !cue.lines.isEmpty { shown = cue.lines }
            shownUntil = max(shownUntil, cue.end)
        }
        return lines.joined(separator: "\n")
    }

    /// How many lines at the end of `old` are the first lines of `new`, of at most 16: captions show two or three.
    private static func overlap(of old: [String], with new: [String]) -> Int {
        var count = min(old.count, new.count, 16)
        while count > 0, !old.suffix(count).elementsEqual(new.prefix(count)) { count -= 1 }
        return count
    }

    /// A line without tags, style overrides and entities, white space collapsed; nil when nothing is left.
    static func plain(_ line: some StringProtocol) -> String? {
        var text = ""
        var rest = Substring(line)
        // Once a closing mark is not found it need not be looked for again: the scan stays linear.
        var mayHaveTags = true
        var mayHaveStyles = true
        while let first = rest.first {
            if mayHaveTags, first == "<" {
                let end = rest.firstIndex(of: ">")
                mayHaveTags = end != nil
                rest = end.map { rest[rest.index(after: $0)...] } ?? rest
            } else if mayHaveStyles, rest.hasPrefix("{\\") {
                let end = rest.firstIndex(of: "}")
                mayHaveStyles = end != nil
                rest = end.map { rest[rest.index(after: $0)...] } ?? rest
            } else if first == "&", let end = rest.prefix(10).firstIndex(of: ";"), let character = Self.entity(rest[..<end].dropFirst()) {
                text += character
                rest = rest[rest.index(after: end)...]
            } else {
                text.append(first)
                rest.removeFirst()
            }
        }
        let line = text.split(whereSeparator: { $0.isWhitespace }).joined(separator: " ")
        return line.isEmpty ? nil : line
    }

    private static func entity(_ name: Substring) -> String? {
        switch name {
        case "amp": return "&"
        case "lt": return "<"
        case "gt": return ">"
        case "quot": return "\""
        case "apos": return "'"
        case "nbsp": return " "
        case "lrm", "rlm": return ""
        default:
            guard name.hasPrefix("#") else { return nil }
            let digits = name.dropFirst()
            let value = digits.lowercased().hasPrefix("x") ? UInt32(digits.dropFirst(), radix: 16) : UInt32(digits)
            return value.flatMap(Unicode.Scalar.init).flatMap { $0.value < 0x20 ? nil : String($0) }
        }
    }
}

/// The two times of a cue, as in `00:01:02,500 --> 00:01:04,000`.
enum CueTiming {
    /// Parses the line; nil when it is not two times.
    ///
    /// What follows the second (positions, settings) is ignored.
    static func parse(_ line: Substring) -> (start: Double, end: Double)? {
        guard let arrow = Self.arrow(in: line) else { return nil }
        let start = TextLines.trimmed(line[..<arrow.lowerBound])
        let end = line[arrow.upperBound...].split(whereSeparator: { $0.isWhitespace }).first ?? ""
        guard let start = Self.seconds(Substring(start)), let end = Self.seconds(end) else { return nil }
        return (start, end)
    }

    static func arrow(in line: Substring) -> Range<Substring.Index>? {
        var index = line.startIndex
        while index < line.endIndex {
            if line[index...].hasPrefix("-->") { return index..<line.index(index, offsetBy: 3) }
            index = line.index(after: index)
        }
        return nil
    }

    /// Seconds of `[h…:]mm:ss[.,]fff`; nil for anything else.
    static func seconds(_ text: Substring) -> Double? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard (2...3).contains(parts.count), let last = parts.last else { return nil }
        let fraction = last.split(omittingEmptySubsequences: false) { $0 == "," || $0 == "." }
        guard fraction.count == 2, (1...3).contains(fraction[1].count), let thousandths = Self.number(fraction[1]),
            let seconds = Self.number(fraction[0]), let minutes = Self.number(parts[parts.count - 2]),
            let hours = parts.count == 3 ? Self.number(parts[0]) : 0, fraction[0].count <= 2, parts[parts.count - 2].count <= 2,
            seconds < 60,
            minutes < 60
        else { return nil }
        let scale = [10.0, 100.0, 1_000.0][fraction[1].count - 1]
        return Double(hours * 3_600 + minutes * 60 + seconds) + Double(thousandths) / scale
    }

    private static func number(_ text: Substring) -> Int? {
        guard !text.isEmpty, text.utf8.count <= 6, text.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
        return Int(text)
    }

    /// Why the times of a cue cannot be; nil when they can.
    static func problem(_ timing: (start: Double, end: Double)) -> String? {
        timing.end < timing.start ? "the cue ends before it starts" : nil
    }
}
