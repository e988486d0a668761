/// What a metric family is called and means.
public struct MetricDescriptor: Sendable, Hashable {
    /// What kind of instrument the family's series are.
    public enum Kind: String, Sendable, Hashable {
        /// See ``Counter``.
        case counter
        /// See ``Gauge``.
        case gauge
        /// See ``Histogram``.
        case histogram
    }

    /// The family's name, `[a-zA-Z_:][a-zA-Z0-9_:]*`; other characters become underscores.
    public let name: String
    /// One sentence for the HELP line.
    public let help: String
    /// What kind of instrument its series are.
    public let kind: Kind
    /// The names of the labels of each series, in the order in which values are given.
    public let labels: [String]
    /// Upper bounds of a histogram's buckets; empty for other kinds.
    public let bounds: [Double]

    /// Creates a descriptor.
    public init(name: String, help: String, kind: Kind, labels: [String] = [], bounds: [Double] = Histogram.defaultBounds) {
        self.name = MetricText.sanitized(name, allowingColon: true)
        self.help = help
        self.kind = kind
        self.labels = labels.map { MetricText.sanitized($0, allowingColon: false) }
        self.bounds = kind == .histogram ? bounds : []
    }
}

/// Text of the Prometheus exposition format.
enum MetricText {
    /// Label values longer than this many bytes are cut, so that hostile values cannot grow the export without bound.
    static let maximumLabelBytes = 256

    static func sanitized(_ name: String, allowingColon: Bool) -> String {
        var result = ""
        for scalar in name.unicodeScalars {
            switch scalar {
            case "a"..."z", "A"..."Z", "_": result.unicodeScalars.append(scalar)
            case "0"..."9" where !result.isEmpty: result.unicodeScalars.append(scalar)
            case ":" where allowingColon: result.unicodeScalars.append(scalar)
            default: result += "_"
            }
        }
        return result.isEmpty ? "_" : result
    }

    /// `name="value",…` for the names in order; missing values are empty, surplus ones are left out.
    static func labels(_ names: [String], _ values: [String]) -> String {
        var text = ""
        for (index, name) in names.enumerated() {
            if index > 0 { text += "," }
            text += name
            text += "=\""
            text += Self.escaped(index < values.count ? values[index] : "", isLabel: true)
            text += "\""
        }
        return text
    }

    /// Escapes backslash and line feed and, in a label value, quotes.
    static func escaped(_ text: String, isLabel: Bool) -> String {
        var result = ""
        var count = 0
        for scalar in text.unicodeScalars {
            count += scalar.utf8.count
            if isLabel && count > Self.maximumLabelBytes { break }
            switch scalar {
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\"" where isLabel: result += "\\\""
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// A sample's value; whole numbers without a fraction.
    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        if let whole = Int64(exactly: value), abs(value) < 1e15 { return String(whole) }
        return value.description
    }
}
