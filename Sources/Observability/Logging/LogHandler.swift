/// What writes the lines of a ``Logger``, with the requirements of swift-log's `LogHandler`.
///
/// A handler is a value type: level and metadata set on one copy must not show on another.
public protocol LogHandler: Sendable {
    /// Writes one line. The logger has already tested the level.
    func log(
        level: Logger.Level,
        message: Logger.Message,
        metadata: Logger.Metadata?,
        source: String,
        file: String,
        function: String,
        line: UInt
    )

    /// One value of ``metadata``.
    subscript(metadataKey key: String) -> Logger.Metadata.Value? { get set }

    /// The values that every line carries.
    var metadata: Logger.Metadata { get set }

    /// The least severe level that is written.
    var logLevel: Logger.Level { get set }
}

/// A handler that writes nothing, at any level.
public struct SwiftLogNoOpLogHandler: LogHandler {
    /// Creates the handler.
    public init() {}

    /// Ignores the line.
    public func log(
        level: Logger.Level,
        message: Logger.Message,
        metadata: Logger.Metadata?,
        source: String,
        file: String,
        function: String,
        line: UInt
    ) {}

    /// Always nil; what is set is forgotten.
    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { nil }
        set {}
    }

    /// Always empty; what is set is forgotten.
    public var metadata: Logger.Metadata {
        get { [:] }
        set {}
    }

    /// Always `critical`, so that hardly any message is evaluated; what is set is forgotten.
    public var logLevel: Logger.Level {
        get { .critical }
        set {}
    }
}
