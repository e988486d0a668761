/// A handler that writes one JSON object a line, for machines.
///
/// Members: `time` (RFC 3339, UTC, milliseconds), `level`, `logger` (the label), `message`, then the metadata in the order of its keys.
/// Nested metadata is flattened: `["kafka": ["topic": "jobs"]]` becomes `"kafka.topic":"jobs"`. Numbers and booleans handed over as
/// `stringConvertible` are written as such, everything else as a string. A metadata key equal to one of the first four members is
/// written as `metadata.<key>`.
public struct JSONLogHandler: LogHandler {
    /// The values that every line carries.
    public var metadata: Logger.Metadata = [:]
    /// The least severe level that is written.
    public var logLevel: Logger.Level

    private let label: String
    private let sink: LogSink
    private let now: @Sendable () -> LogTimestamp

    /// Creates a handler.
    ///
    /// - Parameters:
    ///   - label: the logger's label.
    ///   - level: the least severe level to write.
    ///   - sink: where the lines go.
    ///   - now: the clock.
    public init(
        label: String,
        level: Logger.Level = .info,
        sink: LogSink = .standardError,
        now: @escaping @Sendable () -> LogTimestamp = { LogTimestamp.now() }
    ) {
        self.label = label
        self.logLevel = level
        self.sink = sink
        self.now = now
    }

    /// One value of ``metadata``.
    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { self.metadata[key] }
        set { self.metadata[key] = newValue }
    }

    /// Writes one line; the logger has already tested the level.
    public func log(
        level: Logger.Level,
        message: Logger.Message,
        metadata: Logger.Metadata?,
        source: String,
        file: String,
        function: String,
        line: UInt
    ) {
        self.sink.write(self.makeLine(level: level, message: message, metadata: metadata))
    }

    func makeLine(level: Logger.Level, message: Logger.Message, metadata: Logger.Metadata?) -> [UInt8] {
        var line: [UInt8] = []
        line.reserveCapacity(256)
        line.append(contentsOf: #"{"time":""#.utf8)
        self.now().append(to: &line)
        line.append(contentsOf: #"","level":""#.utf8)
        line.append(contentsOf: level.rawValue.utf8)
        line.append(contentsOf: #"","logger":"#.utf8)
        LogText.appendQuoted(self.label, to: &line)
        line.append(contentsOf: #","message":"#.utf8)
        LogText.appendQuoted(message.description, to: &line)
        for (key, value) in Logger.MetadataValue.flatten(self.metadata.merging(metadata ?? [:]) { $1 }) {
            line.append(UInt8(ascii: ","))
            LogText.appendQuoted(Self.isReserved(key) ? "metadata." + key : key, to: &line)
            line.append(UInt8(ascii: ":"))
            Self.append(value, to: &line)
        }
        line.append(contentsOf: "}\n".utf8)
        return line
    }

    private static func isReserved(_ key: String) -> Bool {
        key == "time" || key == "level" || key == "logger" || key == "message"
    }

    private static func append(_ value: Logger.MetadataValue, to line: inout [UInt8]) {
        switch value {
        case .string(let text):
            LogText.appendQuoted(text, to: &line)
        case .stringConvertible(let number as any BinaryInteger):
            line.append(contentsOf: number.description.utf8)
        case .stringConvertible(let number as Double) where number.isFinite:
            line.append(contentsOf: number.description.utf8)
        case .stringConvertible(let flag as Bool):
            line.append(contentsOf: flag.description.utf8)
        case .stringConvertible(let other):
            LogText.appendQuoted(other.description, to: &line)
        case .array(let values):
            line.append(UInt8(ascii: "["))
            for (index, value) in values.enumerated() {
                if index > 0 { line.append(UInt8(ascii: ",")) }
                Self.append(value, to: &line)
            }
            line.append(UInt8(ascii: "]"))
        case .dictionary(let members):
            line.append(UInt8(ascii: "{"))
            for (index, member) in Logger.MetadataValue.flatten(members).enumerated() {
                if index > 0 { line.append(UInt8(ascii: ",")) }
                LogText.appendQuoted(member.key, to: &line)
                line.append(UInt8(ascii: ":"))
                Self.append(member.value, to: &line)
            }
            line.append(UInt8(ascii: "}"))
        }
    }
}
