import Glibc

/// A handler that writes lines for people.
///
/// A line is `2026-11-21T11:08:00.123Z info     fleet.worker: Assigned partitions kafka.topic=jobs reason="first join"`: time, level,
/// label, message, metadata with nested keys joined by dots, in the order of the keys. Control characters are escaped, so that a
/// message is one line whatever it holds. The level is coloured on a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`.
public struct StreamLogHandler: LogHandler {
    /// The values that every line carries.
    public var metadata: Logger.Metadata = [:]
    /// The least severe level that is written.
    public var logLevel: Logger.Level

    private let label: String
    private let sink: LogSink
    private let isColored: Bool
    private let now: @Sendable () -> LogTimestamp

    /// Creates a handler.
    ///
    /// - Parameters:
    ///   - label: the logger's label.
    ///   - level: the least severe level to write.
    ///   - sink: where the lines go.
    ///   - isColored: whether levels are coloured; nil leaves it to the sink and the environment.
    ///   - now: the clock.
    public init(
        label: String,
        level: Logger.Level = .info,
        sink: LogSink = .standardError,
        isColored: Bool? = nil,
        now: @escaping @Sendable () -> LogTimestamp = { LogTimestamp.now() }
    ) {
        self.label = label
        self.logLevel = level
        self.sink = sink
        self.isColored = isColored ?? Self.wantsColor(isTerminal: sink.isTerminal, environment: Self.environmentValue)
        self.now = now
    }

    /// Makes a handler that writes to standard output, by the name that swift-log gives it.
    public static func standardOutput(label: String) -> StreamLogHandler { StreamLogHandler(label: label, sink: .standardOutput) }

    /// Makes a handler that writes to standard error, by the name that swift-log gives it.
    public static func standardError(label: String) -> StreamLogHandler { StreamLogHandler(label: label, sink: .standardError) }

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
        self.now().append(to: &line)
        line.append(UInt8(ascii: " "))
        if self.isColored { line.append(contentsOf: Self.color(of: level).utf8) }
        line.append(contentsOf: level.rawValue.utf8)
        if self.isColored { line.append(contentsOf: "\u{1B}[0m".utf8) }
        line.append(contentsOf: repeatElement(UInt8(ascii: " "), count: 9 - level.rawValue.utf8.count))
        LogText.appendEscaped(self.label, isQuoted: false, to: &line)
        line.append(contentsOf: ": ".utf8)
        LogText.appendEscaped(message.description, isQuoted: false, to: &line)
        for (key, value) in Logger.MetadataValue.flatten(self.metadata.merging(metadata ?? [:]) { $1 }) {
            line.append(UInt8(ascii: " "))
            LogText.appendQuotedIfNeeded(key, to: &line)
            line.append(UInt8(ascii: "="))
            LogText.appendQuotedIfNeeded(value.description, to: &line)
        }
        line.append(UInt8(ascii: "\n"))
        return line
    }

    static func wantsColor(isTerminal: Bool, environment: (String) -> String?) -> Bool {
        isTerminal && (environment("NO_COLOR") ?? "").isEmpty && environment("TERM") != "dumb"
    }

    private static func environmentValue(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }
    }

    private static func color(of level: Logger.Level) -> String {
        switch level {
        case .trace, .debug: "\u{1B}[2m"
        case .info: "\u{1B}[32m"
        case .notice: "\u{1B}[36m"
        case .warning: "\u{1B}[33m"
        case .error: "\u{1B}[31m"
        case .critical: "\u{1B}[1;31m"
        }
    }
}
