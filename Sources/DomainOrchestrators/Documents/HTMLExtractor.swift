import CXML2

/// The title and the main text of an HTML page.
///
/// Scripts, styles, navigation, forms and what is hidden are left out. When the page marks its main part (`main`, `article`) and that
/// part holds enough text, only it counts. Broken markup is read as a browser would; only nesting beyond `maximumDepth` is refused. The
/// page goes through `HTMLSanitizer` first, so that the parser meets nothing its running time depends on more than linearly.
enum HTMLExtractor {
    /// Open elements inside each other, as browsers limit them too.
    static let maximumDepth = 512

    private static let isInitialised: Bool = {
        xmlInitParser()
        return true
    }()

    static func read(_ bytes: [UInt8], charset: String?, _ cancellation: CancellationFlag) throws(DocumentError) -> Document {
        let declared = charset ?? Self.metaCharset(bytes)
        let page = HTMLSanitizer.sanitized(Array(TextDecoder.decode(bytes, declared: declared).utf8))
        guard Self.isInitialised, let length = Int32(exactly: page.count) else { throw DocumentError("the page is larger than 2 GiB") }
        let collector = HTMLCollector(cancellation)
        var handler = xmlSAXHandler()
        handler.startElement = startElement
        handler.endElement = endElement
        handler.characters = characters
        handler.ignorableWhitespace = characters
        let user = Unmanaged.passUnretained(collector).toOpaque()  // `collector` outlives the parse, see `extendLifetime`.
        guard let context = cxml2_new(&handler, user) else { throw DocumentError("the parser has no memory") }
        collector.context = context
        page.withUnsafeBytes { page in
            let document = htmlCtxtReadMemory(
                context,
                page.baseAddress?.assumingMemoryBound(to: CChar.self),
                length,
                nil,
                "UTF-8",
                cxml2_options
            )
            xmlFreeDoc(document)
        }
        collector.context = nil
        htmlFreeParserCtxt(context)
        extendLifetime(collector)
        if collector.isTooDeep { throw DocumentError("elements are nested deeper than \(Self.maximumDepth)") }
        return Document(kind: .html, text: collector.text, title: collector.title, language: collector.language)
    }

    /// The charset of a `meta` element in the first 1,024 bytes, as browsers look for it.
    static func metaCharset(_ bytes: [UInt8]) -> String? {
        let head = String(decoding: bytes.prefix(1_024).map { $0 < 0x80 ? $0 : 0x3F }, as: UTF8.self).lowercased()
        for tag in head.split(separator: "<") where tag.hasPrefix("meta") {
            guard let end = tag.firstIndex(of: ">") else { continue }
            let key = "charset="
            var rest = tag[..<end]
            while let start = rest.firstIndex(of: "c") {
                rest = rest[start...]
                if rest.hasPrefix(key) {
                    let value = rest.dropFirst(key.count).drop { $0 == "\"" || $0 == "'" || $0 == " " }
                    let name = value.prefix { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" || $0 == ":" }
                    // A page whose meta element can be read as ASCII is not UTF-16, whatever it says.
                    return name.isEmpty ? nil : name.hasPrefix("utf-16") ? "utf-8" : String(name)
                }
                rest.removeFirst()
            }
        }
        return nil
    }
}

private func startElement(
    _ user: UnsafeMutableRawPointer?,
    _ name: UnsafePointer<xmlChar>?,
    _ attributes: UnsafeMutablePointer<UnsafePointer<xmlChar>?>?
) {
    guard let user, let name else { return }
    let collector = Unmanaged<HTMLCollector>.fromOpaque(user).takeUnretainedValue()
    var values: [String: String] = [:]
    var next = attributes
    while let pair = next, let key = pair[0] {
        values[String(cString: key).lowercased()] = pair[1].map { String(cString: $0) } ?? ""
        next = pair + 2
    }
    collector.start(String(cString: name).lowercased(), values)
}

private func endElement(_ user: UnsafeMutableRawPointer?, _ name: UnsafePointer<xmlChar>?) {
    guard let user, let name else { return }
    Unmanaged<HTMLCollector>.fromOpaque(user).takeUnretainedValue().end(String(cString: name).lowercased())
}

private func characters(_ user: UnsafeMutableRawPointer?, _ text: UnsafePointer<xmlChar>?, _ count: Int32) {
    guard let user, let text, count > 0 else { return }
    let bytes = UnsafeBufferPointer(start: text, count: Int(count))
    Unmanaged<HTMLCollector>.fromOpaque(user).takeUnretainedValue().append(String(decoding: bytes, as: UTF8.self))
}
