extension JSONValue: CustomStringConvertible {
    /// The value as compact JSON text in UTF-8.
    public func serialized() -> [UInt8] {
        var writer = JSONWriter()
        writer.value(self)
        return writer.bytes
    }

    /// The value as JSON text: compact, or one member or element a line, indented by two spaces.
    public func serialized(pretty: Bool) -> String {
        let bytes = pretty ? PrettyPrinter.text(of: self) : self.serialized()
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Compact JSON text.
    public var description: String { self.serialized(pretty: false) }
}

private struct PrettyPrinter {
    private var bytes: [UInt8] = []

    static func text(of value: JSONValue) -> [UInt8] {
        var printer = PrettyPrinter()
        printer.print(value, depth: 0)
        return printer.bytes
    }

    private mutating func print(_ value: JSONValue, depth: Int) {
        switch value {
        case .array(let elements) where !elements.isEmpty:
            self.bytes.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                self.startLine(depth + 1, isFirst: index == 0)
                self.print(element, depth: depth + 1)
            }
            self.startLine(depth, isFirst: true)
            self.bytes.append(UInt8(ascii: "]"))
        case .object(let object) where !object.isEmpty:
            self.bytes.append(UInt8(ascii: "{"))
            for (index, member) in object.members.members.enumerated() {
                self.startLine(depth + 1, isFirst: index == 0)
                self.bytes.append(contentsOf: JSONValue.string(member.key).serialized())
                self.bytes.append(contentsOf: ": ".utf8)
                self.print(member.value, depth: depth + 1)
            }
            self.startLine(depth, isFirst: true)
            self.bytes.append(UInt8(ascii: "}"))
        case .object: self.bytes.append(contentsOf: "{}".utf8)
        default: self.bytes.append(contentsOf: value.serialized())
        }
    }

    private mutating func startLine(_ depth: Int, isFirst: Bool) {
        if !isFirst { self.bytes.append(UInt8(ascii: ",")) }
        self.bytes.append(UInt8(ascii: "\n"))
        self.bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: depth * 2))
    }
}
