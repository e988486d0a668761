/// SubRip subtitles (`.srt`): numbered blocks of a time line and text lines.
///
/// A missing number is tolerated, as is a blank line inside a cue's text; a number without a readable time line is not.
enum SubRip {
    static func read(_ text: String) throws(DocumentError) -> Document {
        let lines = TextLines.split(text)
        var cues: [Cue] = []
        var index = 0
        while index < lines.count {
            let line = TextLines.trimmed(lines[index])
            if line.isEmpty {
                index += 1
                continue
            }
            let isNumber = line.utf8.allSatisfy { (48...57).contains($0) }
            if isNumber && Self.isTimeLine(lines, index + 1) {
                index += 1
            } else if !Self.isTimeLine(lines, index) {
                guard !isNumber, let last = cues.indices.last else {
                    throw Self.error(cue: cues.count + 1, line: isNumber ? index + 1 : index, lines)
                }
                // Text after a blank line belongs to the cue before it.
                cues[last].lines.append(contentsOf: [Cue.plain(line)].compactMap { $0 })
                index += 1
                continue
            }
            guard let timing = CueTiming.parse(lines[index]) else { throw Self.error(cue: cues.count + 1, line: index, lines) }
            if let problem = CueTiming.problem(timing) { throw DocumentError("cue \(cues.count + 1), line \(index + 1): \(problem)") }
            var cue = Cue(start: timing.start, end: timing.end, lines: [])
            index += 1
            while index < lines.count, !lines[index].allSatisfy(\.isWhitespace) {
                if let plain = Cue.plain(lines[index]) { cue.lines.append(plain) }
                index += 1
            }
            cues.append(cue)
        }
        guard !cues.isEmpty else { throw DocumentError("there is no cue in it") }
        return Document(
            kind: .subRip,
            text: Cue.text(of: cues),
            duration: cues.map(\.end).max(),
            segmentCount: cues.count
        )
    }

    private static func isTimeLine(_ lines: [Substring], _ index: Int) -> Bool {
        index < lines.count && CueTiming.arrow(in: lines[index]) != nil
    }

    private static func error(cue: Int, line: Int, _ lines: [Substring]) -> DocumentError {
        let found = line < lines.count ? "found \"\(TextLines.singleLine(lines[line], limit: 60))\"" : "found the end of the document"
        return DocumentError("cue \(cue), line \(line + 1): expected a time line like 00:00:01,000 --> 00:00:02,500, \(found)")
    }
}
