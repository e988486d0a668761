/// Rewrites a page, in one pass, into plain markup that holds all the extractor looks at and nothing else.
///
/// libxml2 compares each attribute with all others of its element, so that one element with a million attributes keeps it busy for hours.
/// What comes out of here has a few known attributes, no comments, no scripts and no stray `<`, and its size is linear in the page's.
struct HTMLSanitizer {
    private let page: [UInt8]
    private var index = 0
    private var output: [UInt8] = []

    private init(_ page: [UInt8]) {
        self.page = page
        self.output.reserveCapacity(page.count)
    }

    /// The rewritten page; UTF-8 in, UTF-8 without NULs out.
    static func sanitized(_ page: [UInt8]) -> [UInt8] {
        var sanitizer = HTMLSanitizer(page)
        sanitizer.run()
        return sanitizer.output
    }

    private static let keptAttributes: Set<String> = ["role", "hidden", "aria-hidden", "lang", "property", "content"]
    /// Elements whose content is not markup; nothing in them is text of the page.
    private static let opaqueElements: Set<String> = ["script", "style", "textarea", "iframe", "noembed", "noframes", "xmp", "noscript"]
    private static let longestName = 64
    private static let longestValue = 4_096

    private mutating func run() {
        while let byte = self.peek() {
            if byte == UInt8(ascii: "<") {
                self.markup()
            } else {
                if byte != 0 { self.output.append(byte) }
                self.index += 1
            }
        }
    }

    private func peek(_ offset: Int = 0) -> UInt8? {
        self.index + offset < self.page.count ? self.page[self.index + offset] : nil
    }

    private static func isLetter(_ byte: UInt8?) -> Bool {
        byte.map { (0x61...0x7A).contains($0 | 0x20) } ?? false
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == 0x20 || (0x09...0x0D).contains(byte) || byte == 0
    }

    private mutating func markup() {
        let next = self.peek(1)
        if Self.isLetter(next) {
            self.index += 1
            self.startTag()
        } else if next == UInt8(ascii: "/"), Self.isLetter(self.peek(2)) {
            self.index += 2
            let name = self.name()
            self.skip(past: Array(">".utf8))
            self.output.append(contentsOf: "</\(name)>".utf8)
        } else if next == UInt8(ascii: "!"), self.peek(2) == UInt8(ascii: "-"), self.peek(3) == UInt8(ascii: "-") {
            // `<!-->` is a whole comment.
            self.index += 2
            self.skip(past: Array("-->".utf8))
        } else if next == UInt8(ascii: "!") || next == UInt8(ascii: "?") || next == UInt8(ascii: "/") {
            self.skip(past: Array(">".utf8))
        } else {
            self.output.append(contentsOf: "&lt;".utf8)
            self.index += 1
        }
    }

    /// The name at the index, in lower case; what no name holds becomes `_`.
    private mutating func name() -> String {
        var name: [UInt8] = []
        while let byte = self.peek(), !Self.isBlank(byte), byte != UInt8(ascii: "/"), byte != UInt8(ascii: ">") {
            if name.count < Self.longestName {
                let lowered = Self.isLetter(byte) ? byte | 0x20 : byte
                let isKept = Self.isLetter(byte) || (0x30...0x39).contains(byte) || byte == UInt8(ascii: "-")
                name.append(isKept ? lowered : UInt8(ascii: "_"))
            }
            self.index += 1
        }
        return String(decoding: name, as: UTF8.self)
    }

    private mutating func startTag() {
        let name = self.name()
        self.output.append(contentsOf: "<\(name)".utf8)
        var seen: Set<String> = []
        while let byte = self.peek() {
            if byte == UInt8(ascii: ">") {
                self.index += 1
                break
            }
            if Self.isBlank(byte) || byte == UInt8(ascii: "/") {
                self.index += 1
                continue
            }
            let (key, value) = self.attribute()
            guard Self.keptAttributes.contains(key), seen.insert(key).inserted else { continue }
            self.output.append(contentsOf: " \(key)=\"".utf8)
            self.output.append(contentsOf: value)
            self.output.append(UInt8(ascii: "\""))
        }
        self.output.append(UInt8(ascii: ">"))
        if Self.opaqueElements.contains(name) {
            self.skipContent(of: name)
        } else if name == "title" {
            self.copyRawText(of: name)
        }
    }

    /// One attribute and its value, the value escaped for double quotes.
    private mutating func attribute() -> (key: String, value: [UInt8]) {
        var key: [UInt8] = []
        while let byte = self.peek(), !Self.isBlank(byte), byte != UInt8(ascii: "/"), byte != UInt8(ascii: ">"),
            byte != UInt8(ascii: "=") || key.isEmpty
        {
            if key.count < Self.longestName { key.append(Self.isLetter(byte) ? byte | 0x20 : byte) }
            self.index += 1
        }
        while let byte = self.peek(), Self.isBlank(byte) { self.index += 1 }
        guard self.peek() == UInt8(ascii: "=") else { return (String(decoding: key, as: UTF8.self), []) }
        self.index += 1
        while let byte = self.peek(), Self.isBlank(byte) { self.index += 1 }
        let quote = self.peek().flatMap { $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "'") ? $0 : nil }
        if quote != nil { self.index += 1 }
        let start = self.index
        while let byte = self.peek(), quote.map({ byte != $0 }) ?? (!Self.isBlank(byte) && byte != UInt8(ascii: ">")) { self.index += 1 }
        var value: [UInt8] = []
        for byte in self.page[start..<self.index].prefix(Self.longestValue) {
            switch byte {
            case UInt8(ascii: "\""): value.append(contentsOf: "&quot;".utf8)
            case UInt8(ascii: "<"): value.append(contentsOf: "&lt;".utf8)
            case 0: break
            default: value.append(byte)
            }
        }
        if quote != nil, self.peek() != nil { self.index += 1 }
        return (String(decoding: key, as: UTF8.self), value)
    }

    private mutating func skip(past mark: [UInt8]) {
        while self.index < self.page.count {
            if self.page[self.index] == mark[0], self.page[self.index...].starts(with: mark) {
                self.index += mark.count
                return
            }
            self.index += 1
        }
    }

    private func isEndTag(of name: String) -> Bool {
        guard self.peek() == UInt8(ascii: "<"), self.peek(1) == UInt8(ascii: "/") else { return false }
        let candidate = self.page[(self.index + 2)...].prefix(name.utf8.count)
        return candidate.map { Self.isLetter($0) ? $0 | 0x20 : $0 }.elementsEqual(name.utf8)
    }

    private mutating func skipContent(of name: String) {
        while self.index < self.page.count, !self.isEndTag(of: name) { self.index += 1 }
    }

    private mutating func copyRawText(of name: String) {
        while let byte = self.peek(), !self.isEndTag(of: name) {
            switch byte {
            case UInt8(ascii: "<"): self.output.append(contentsOf: "&lt;".utf8)
            case 0: break
            default: self.output.append(byte)
            }
            self.index += 1
        }
    }
}
