import CXML2

/// Gathers text while the parser walks through a page.
final class HTMLCollector {
    /// The parser, so that it can be stopped; set while it runs.
    var context: htmlParserCtxtPtr?
    private(set) var isTooDeep = false
    private(set) var language: String?

    private let cancellation: CancellationFlag
    private var open: [Element] = []
    private var droppedDepth = 0
    private var mainDepth = 0
    private var titleText = ""
    private var heading = ""
    private var socialTitle: String?
    private var whole = FlowText()
    private var main = FlowText()

    private struct Element {
        var name: String
        var isDropped: Bool
        var isMain: Bool
    }

    init(_ cancellation: CancellationFlag) {
        self.cancellation = cancellation
    }

    /// The main part when it holds at least 200 characters or a quarter of the page's, else the whole page.
    var text: String {
        let isEnough = self.main.count >= 200 || (self.main.count > 0 && self.main.count * 4 >= self.whole.count)
        return isEnough ? self.main.text : self.whole.text
    }

    /// The page's title: `title`, else the `og:title`, else the first `h1`.
    var title: String? {
        [self.titleText, self.socialTitle ?? "", self.heading].lazy.map { TextLines.singleLine($0, limit: 300) }.first { !$0.isEmpty }
    }

    func start(_ name: String, _ attributes: [String: String]) {
        if self.cancellation.isCancelled || self.open.count >= HTMLExtractor.maximumDepth {
            self.isTooDeep = self.open.count >= HTMLExtractor.maximumDepth
            if let context = self.context { xmlStopParser(context) }
            return
        }
        if name == "html", let language = attributes["lang"], !language.isEmpty { self.language = String(language.prefix(35)) }
        if name == "meta", attributes["property"]?.lowercased() == "og:title" {
            self.socialTitle = self.socialTitle ?? attributes["content"]
        }
        if Self.blocks.contains(name) { self.breakLine(paragraph: name != "br" && name != "li" && name != "tr" && name != "dd") }
        if Self.cells.contains(name) { self.append(" ") }
        let isMain = name == "main" || name == "article" || attributes["role"]?.lowercased() == "main"
        let isDropped =
            Self.dropped.contains(name)
            || (Self.droppedOutsideMain.contains(name) && self.mainDepth == 0)
            || attributes["hidden"] != nil || attributes["aria-hidden"]?.lowercased() == "true"
            || attributes["role"].map { Self.droppedRoles.contains($0.lowercased()) } ?? false
        if isMain { self.mainDepth += 1 }
        if isDropped { self.droppedDepth += 1 }
        self.open.append(Element(name: name, isDropped: isDropped, isMain: isMain))
    }

    func end(_ name: String) {
        guard let index = self.open.lastIndex(where: { $0.name == name }) else { return }
        for element in self.open[index...] {
            if element.isMain { self.mainDepth -= 1 }
            if element.isDropped { self.droppedDepth -= 1 }
        }
        self.open.removeSubrange(index...)
        if Self.blocks.contains(name), name != "br" { self.breakLine(paragraph: name != "li" && name != "tr" && name != "dd") }
    }

    func append(_ text: String) {
        if self.open.last?.name == "title", !self.open.contains(where: { $0.name == "svg" }) {
            if self.titleText.utf8.count < 4_096 { self.titleText += text }
            return
        }
        guard self.droppedDepth == 0 else { return }
        if self.heading.utf8.count < 4_096, self.open.contains(where: { $0.name == "h1" }) { self.heading += text }
        self.whole.append(text)
        if self.mainDepth > 0 { self.main.append(text) }
    }

    private func breakLine(paragraph: Bool) {
        guard self.droppedDepth == 0 else { return }
        self.whole.breakLine(paragraph: paragraph)
        self.main.breakLine(paragraph: paragraph)
    }

    private static let dropped: Set<String> = [
        "script", "style", "noscript", "template", "nav", "aside", "form", "button", "select", "textarea", "svg", "canvas", "iframe",
        "object",
        "embed", "audio", "video", "map", "dialog", "menu", "head", "math",
    ]
    private static let droppedOutsideMain: Set<String> = ["header", "footer"]
    private static let droppedRoles: Set<String> = [
        "navigation", "banner", "contentinfo", "search", "complementary", "dialog", "alert", "menu", "menubar", "toolbar",
    ]
    private static let cells: Set<String> = ["td", "th"]
    private static let blocks: Set<String> = [
        "address", "article", "blockquote", "br", "caption", "center", "dd", "details", "div", "dl", "dt", "fieldset", "figcaption",
        "figure",
        "footer", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "legend", "li", "main", "ol", "p", "pre", "section", "summary",
        "table",
        "tbody", "tfoot", "thead", "tr", "ul",
    ]
}

/// Text as a page shows it: runs of white space are one space, blocks are lines.
struct FlowText {
    private(set) var text = ""
    /// Characters other than white space, counted as UTF-8 bytes.
    private(set) var count = 0
    private var pending = ""

    mutating func append(_ piece: String) {
        for scalar in piece.unicodeScalars {
            if scalar.properties.isWhitespace {
                if self.pending.isEmpty { self.pending = " " }
            } else {
                if !self.text.isEmpty { self.text.unicodeScalars.append(contentsOf: self.pending.unicodeScalars) }
                self.pending = ""
                self.text.unicodeScalars.append(scalar)
                self.count += UTF8.width(scalar)
            }
        }
    }

    mutating func breakLine(paragraph: Bool) {
        let wanted = paragraph ? "\n\n" : "\n"
        if !self.pending.hasPrefix("\n") || wanted.utf8.count > self.pending.utf8.count { self.pending = wanted }
    }
}
