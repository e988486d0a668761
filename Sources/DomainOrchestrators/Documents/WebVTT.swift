/// WebVTT captions (`.vtt`): a header, then blocks; notes, styles and regions say nothing and are skipped.
enum WebVTT {
    static func read(_ text: String) throws(DocumentError) -> Document {
        let lines = TextLines.split(text)
        guard let header = lines.first, header.hasPrefix("WEBVTT"), header.dropFirst(6).first.map({ $0 == " " || $0 == "\t" }) ?? true
        else {
            throw DocumentError("line 1: expected WEBVTT, found \"\(TextLines.singleLine(lines.first ?? "", limit: 60))\"")
        }
        var cues: [Cue] = []
        // What follows the header up to the first blank line is metadata.
        var index = lines.firstIndex { $0.allSatisfy(\.isWhitespace) } ?? lines.count
        while index < lines.count {
            let start = index
            while index < lines.count, !lines[index].allSatisfy(\.isWhitespace) { index += 1 }
            let block = lines[start..<index]
            index += 1
            guard let first = block.first, !Self.isComment(first) else { continue }
            // A cue may have an identifier in front of its time line.
            guard let timeLine = block.prefix(2).firstIndex(where: { CueTiming.arrow(in: $0) != nil }) else {
                throw Self.error(cue: cues.count + 1, line: start, first)
            }
            guard let timing = CueTiming.parse(block[timeLine]) else {
                throw Self.error(cue: cues.count + 1, line: timeLine, block[timeLine])
            }
            if let problem = CueTiming.problem(timing) { throw DocumentError("cue \(cues.count + 1), line \(timeLine + 1): \(problem)") }
            cues.append(Cue(start: timing.start, end: timing.end, lines: block[(timeLine + 1)...].compactMap { Cue.plain($0) }))
        }
        guard !cues.isEmpty else { throw DocumentError("there is no cue in it") }
        return Document(
            kind: .webVTT,
            text: Cue.text(of: cues),
            duration: cues.map(\.end).max(),
            segmentCount: cues.count
        )
    }

    private static func isComment(_ line: Substring) -> Bool {
        ["NOTE", "STYLE", "REGION"].contains { word in
            line.hasPrefix(word) && line.dropFirst(word.count).first.map(\.isWhitespace) ?? true
        }
    }

    private static func error(cue: Int, line: Int, _ found: Substring) -> DocumentError {
        DocumentError(
            "cue \(cue), line \(line + 1): expected a time line like 00:01.000 --> 00:02.500, "
                + "found \"\(TextLines.singleLine(found, limit: 60))\""
        )
    }
}
