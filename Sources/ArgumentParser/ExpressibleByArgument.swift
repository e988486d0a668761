/// A type that can be made from a text on the command line.
public protocol ExpressibleByArgument: SendableMetatype {
    /// Makes the value, or nil when the text is none.
    init?(argument: String)

    /// The value as the help shows it as a default.
    var defaultValueDescription: String { get }

    /// All texts that are values, when they can be listed.
    static var allValueStrings: [String] { get }

    /// What a shell offers as a value.
    static var defaultCompletionKind: CompletionKind { get }
}

extension ExpressibleByArgument {
    /// The value's description.
    public var defaultValueDescription: String { "\(self)" }

    /// None are listed.
    public static var allValueStrings: [String] { [] }

    /// The listed values, if there are any.
    public static var defaultCompletionKind: CompletionKind {
        Self.allValueStrings.isEmpty ? .default : .list(Self.allValueStrings)
    }
}

extension ExpressibleByArgument where Self: CaseIterable {
    /// The texts of all cases.
    public static var allValueStrings: [String] { Self.allCases.map(\.defaultValueDescription) }
}

extension ExpressibleByArgument where Self: CaseIterable & RawRepresentable, RawValue: ExpressibleByArgument {
    /// The texts of all cases' raw values.
    public static var allValueStrings: [String] { Self.allCases.map(\.rawValue.defaultValueDescription) }
}

extension ExpressibleByArgument where Self: RawRepresentable, RawValue: ExpressibleByArgument {
    /// The raw value's description.
    public var defaultValueDescription: String { self.rawValue.defaultValueDescription }
}

extension RawRepresentable where Self: ExpressibleByArgument, RawValue: ExpressibleByArgument {
    /// Makes the value from its raw value's text.
    public init?(argument: String) {
        guard let raw = RawValue(argument: argument) else { return nil }
        self.init(rawValue: raw)
    }
}

extension String: ExpressibleByArgument {
    /// Takes the text as it is.
    public init?(argument: String) { self = argument }
}

extension Bool: ExpressibleByArgument {
    /// Makes the value from `true` or `false`.
    public init?(argument: String) { self.init(argument) }

    /// Both values.
    public static var allValueStrings: [String] { ["true", "false"] }
}

extension LosslessStringConvertible where Self: ExpressibleByArgument {
    /// Makes the value from its description.
    public init?(argument: String) { self.init(argument) }
}

extension Int: ExpressibleByArgument {}
extension Int8: ExpressibleByArgument {}
extension Int16: ExpressibleByArgument {}
extension Int32: ExpressibleByArgument {}
extension Int64: ExpressibleByArgument {}
extension UInt: ExpressibleByArgument {}
extension UInt8: ExpressibleByArgument {}
extension UInt16: ExpressibleByArgument {}
extension UInt32: ExpressibleByArgument {}
extension UInt64: ExpressibleByArgument {}
extension Float: ExpressibleByArgument {}
extension Double: ExpressibleByArgument {}

/// What a value of a type looks like, for the message about a text that is none; nil when there is nothing to say.
func expectation(of type: any ExpressibleByArgument.Type) -> String? {
    let all = type.allValueStrings
    if !all.isEmpty { return "expected one of " + all.map { "'\($0)'" }.joined(separator: ", ") }
    if let integer = type as? any FixedWidthInteger.Type { return "expected " + integerDescription(integer) }
    if type is any BinaryFloatingPoint.Type { return "expected a number" }
    return nil
}

private func integerDescription<Integer: FixedWidthInteger>(_ type: Integer.Type) -> String {
    if Integer.bitWidth < 64 { return "an integer from \(Integer.min) to \(Integer.max)" }
    return Integer.isSigned ? "an integer" : "an integer of at least 0"
}
