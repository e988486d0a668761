import Glibc

/// Turns a document's bytes into text.
enum TextDecoder {
    /// Decodes by byte order mark, then by the declared charset, then as UTF-8 if the bytes are valid UTF-8, else as Windows-1252.
    ///
    /// Never fails: what an encoding cannot hold becomes U+FFFD. A charset that is not known counts as not declared.
    static func decode(_ bytes: [UInt8], declared: String?) -> String {
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { return String(decoding: bytes[3...], as: UTF8.self) }
        if bytes.starts(with: [0xFF, 0xFE]) { return Self.utf16(bytes[2...], bigEndian: false) }
        if bytes.starts(with: [0xFE, 0xFF]) { return Self.utf16(bytes[2...], bigEndian: true) }
        switch declared?.lowercased() {
        case "utf-8", "utf8":
            return String(decoding: bytes, as: UTF8.self)
        case "utf-16", "utf-16le":
            return Self.utf16(bytes[...], bigEndian: false)
        case "utf-16be":
            return Self.utf16(bytes[...], bigEndian: true)
        case "iso-8859-1", "latin1", "windows-1252", "cp1252":
            return Self.windows1252(bytes)
        case let label?:
            if let name = Self.systemNames[label], let text = Self.converted(bytes, from: name) { return text }
        case nil:
            break
        }
        return String(validating: bytes, as: UTF8.self) ?? Self.windows1252(bytes)
    }

    /// The text of a document that must be text: throws when the bytes hold what no text does.
    static func text(_ bytes: [UInt8], declared: String?) throws(DocumentError) -> String {
        let text = Self.decode(bytes, declared: declared)
        let isBinary = { (byte: UInt8) in byte < 0x20 && ![0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x1B, 0x1A].contains(byte) }
        if let index = text.utf8.firstIndex(where: isBinary) {
            let offset = text.utf8.distance(from: text.utf8.startIndex, to: index)
            throw DocumentError("not a text: control character \(text.utf8[index]) at byte \(offset) of the decoded text")
        }
        return text
    }

    private static func utf16(_ bytes: ArraySlice<UInt8>, bigEndian: Bool) -> String {
        var units: [UInt16] = []
        units.reserveCapacity(bytes.count / 2 + 1)
        var index = bytes.startIndex
        while index + 1 < bytes.endIndex {
            let (first, second) = (UInt16(bytes[index]), UInt16(bytes[index + 1]))
            units.append(bigEndian ? first << 8 | second : second << 8 | first)
            index += 2
        }
        if index < bytes.endIndex { units.append(0xFFFD) }
        return String(decoding: units, as: UTF16.self)
    }

    private static func windows1252(_ bytes: [UInt8]) -> String {
        var text = String.UnicodeScalarView()
        text.reserveCapacity(bytes.count)
        for byte in bytes {
            let value = (0x80...0x9F).contains(byte) ? Self.windows1252Upper[Int(byte - 0x80)] : UInt32(byte)
            text.append(Unicode.Scalar(value) ?? "\u{FFFD}")
        }
        return String(text)
    }

    /// Windows-1252 from 0x80 to 0x9F, as the WHATWG Encoding Standard has it.
    private static let windows1252Upper: [UInt32] = [
        0x20AC, 0x81, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8D, 0x017D, 0x8F,
        0x90, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x9D, 0x017E, 0x0178,
    ]

    /// Charset labels that the C library converts, with its names for them.
    ///
    /// The list is closed, so that no document picks a converter freely.
    private static let systemNames: [String: String] = [
        "iso-8859-2": "ISO-8859-2", "iso-8859-3": "ISO-8859-3", "iso-8859-4": "ISO-8859-4", "iso-8859-5": "ISO-8859-5",
        "iso-8859-6": "ISO-8859-6", "iso-8859-7": "ISO-8859-7", "iso-8859-8": "ISO-8859-8", "iso-8859-9": "ISO-8859-9",
        "iso-8859-10": "ISO-8859-10", "iso-8859-13": "ISO-8859-13", "iso-8859-14": "ISO-8859-14", "iso-8859-15": "ISO-8859-15",
        "iso-8859-16": "ISO-8859-16", "windows-1250": "CP1250", "windows-1251": "CP1251", "windows-1253": "CP1253",
        "windows-1254": "CP1254", "windows-1255": "CP1255", "windows-1256": "CP1256", "windows-1257": "CP1257", "windows-1258": "CP1258",
        "koi8-r": "KOI8-R", "koi8-u": "KOI8-U", "shift_jis": "CP932", "euc-jp": "EUC-JP", "euc-kr": "CP949", "gbk": "GBK",
        "gb2312": "GBK", "gb18030": "GB18030", "big5": "BIG5", "us-ascii": "CP1252", "ascii": "CP1252",
    ]

    private static func converted(_ bytes: [UInt8], from name: String) -> String? {
        guard let converter = iconv_open("UTF-8", name), Int(bitPattern: converter) != -1 else { return nil }
        defer { iconv_close(converter) }
        var input = bytes.map(CChar.init(bitPattern:))
        var output = [UInt8](repeating: 0, count: 65_536)
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count * 2)
        input.withUnsafeMutableBufferPointer { input in
            var from = input.baseAddress
            var left = input.count
            while left > 0 {
                var produced = 0
                var code: Int32 = 0
                output.withUnsafeMutableBytes { output in
                    var to = output.baseAddress?.assumingMemoryBound(to: CChar.self)
                    var room = output.count
                    code = iconv(converter, &from, &left, &to, &room) == -1 ? errno : 0
                    produced = output.count - room
                }
                text.append(contentsOf: output[..<produced])
                // E2BIG only asks for another round; an invalid or cut sequence loses one byte and leaves its mark.
                if code == EILSEQ || code == EINVAL {
                    text.append(contentsOf: [0xEF, 0xBF, 0xBD])
                    from = from.map { $0 + 1 }
                    left -= 1
                } else if code != E2BIG || produced == 0 {
                    break
                }
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
