import Synchronization

/// A handler for tests that keeps the lines instead of writing them.
///
/// All copies of a handler, and so all copies of a logger, share one list of entries, while level and metadata are each copy's own.
public struct InMemoryLogHandler: LogHandler {
    /// One line as it was logged.
    public struct Entry: Sendable, Equatable {
        /// How severe it is.
        public var level: Logger.Level
        /// Its text.
        public var message: String
        /// The logger's metadata and the line's own, merged.
        public var metadata: Logger.Metadata
        /// The module that logged.
        public var source: String

        /// Creates an entry to compare with.
        public init(level: Logger.Level, message: String, metadata: Logger.Metadata = [:], source: String) {
            self.level = level
            self.message = message
            self.metadata = metadata
            self.source = source
        }
    }

    private final class Storage: Sendable {
        let entries = Mutex<[Entry]>([])
    }

    /// The values that every line carries.
    public var metadata: Logger.Metadata = [:]
    /// The least severe level that is written.
    public var logLevel: Logger.Level
    private let storage = Storage()

    /// Creates a handler with no entries.
    ///
    /// - Parameter level: the least severe level to keep.
    public init(level: Logger.Level = .trace) {
        self.logLevel = level
    }

    /// Makes a handler and a logger that uses it.
    public static func makeLogger(label: String = "test", level: Logger.Level = .trace) -> (handler: InMemoryLogHandler, logger: Logger) {
        let handler = InMemoryLogHandler(level: level)
        return (handler, Logger(label: label) { _ in handler })
    }

    /// The lines so far, oldest first.
    public var entries: [Entry] { self.storage.entries.withLock { $0 } }

    /// Forgets the lines so far.
    public func clear() { self.storage.entries.withLock { $0.removeAll() } }

    /// One value of ``metadata``.
    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { self.metadata[key] }
        set { self.metadata[key] = newValue }
    }

    /// Keeps one line; the logger has already tested the level.
    public func log(
        level: Logger.Level,
        message: Logger.Message,
        metadata: Logger.Metadata?,
        source: String,
        file: String,
        function: String,
        line: UInt
    ) {
        let merged = self.metadata.merging(metadata ?? [:]) { $1 }
        let entry = Entry(level: level, message: message.description, metadata: merged, source: source)
        self.storage.entries.withLock { $0.append(entry) }
    }
}
