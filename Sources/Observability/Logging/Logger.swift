/// A named source of log lines, with the same shape and semantics as swift-log's `Logger`.
///
/// A logger is a value: changing the level or the metadata of a copy leaves the original alone. Libraries take a logger from their
/// caller, enrich a copy through ``subscript(metadataKey:)`` and never create one.
public struct Logger: Sendable {
    /// Holds label and handler behind one reference, so that copying a logger into a task or a context costs one retain.
    @usableFromInline
    final class Storage: @unchecked Sendable {  // mutated only while uniquely referenced, see `makeUnique()`
        @usableFromInline let label: String
        @usableFromInline var handler: any LogHandler

        @usableFromInline
        init(label: String, handler: any LogHandler) {
            self.label = label
            self.handler = handler
        }
    }

    @usableFromInline var storage: Storage

    /// Creates a logger with the handler that the bootstrapped ``LoggingSystem`` makes for `label`.
    ///
    /// - Parameter label: who logs, for example `"fleet.worker"`.
    public init(label: String) {
        self.init(label: label, handler: LoggingSystem.makeHandler(label: label))
    }

    /// Creates a logger with a handler of its own, whatever the ``LoggingSystem`` says.
    ///
    /// - Parameters:
    ///   - label: who logs.
    ///   - factory: makes the handler for the label.
    public init(label: String, factory: (String) -> any LogHandler) {
        self.init(label: label, handler: factory(label))
    }

    init(label: String, handler: any LogHandler) {
        self.storage = Storage(label: label, handler: handler)
    }

    /// Who logs.
    public var label: String { self.storage.label }

    /// The handler that receives this logger's lines.
    public var handler: any LogHandler { self.storage.handler }

    /// Lines below this level are not evaluated, let alone written.
    @inlinable
    public var logLevel: Logger.Level {
        get { self.storage.handler.logLevel }
        set {
            self.makeUnique()
            self.storage.handler.logLevel = newValue
        }
    }

    /// Metadata that every line of this logger (and of its later copies) carries.
    @inlinable
    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { self.storage.handler[metadataKey: key] }
        set {
            self.makeUnique()
            self.storage.handler[metadataKey: key] = newValue
        }
    }

    @usableFromInline
    mutating func makeUnique() {
        if !isKnownUniquelyReferenced(&self.storage) {
            self.storage = Storage(label: self.storage.label, handler: self.storage.handler)
        }
    }

    /// Logs a message unless `level` is below ``logLevel``, in which case neither message nor metadata is evaluated.
    ///
    /// - Parameters:
    ///   - level: how severe the event is.
    ///   - message: constant text; what varies belongs into `metadata`.
    ///   - metadata: values of this line only; they win over the logger's metadata of the same key.
    ///   - source: the originating module; derived from `file` when absent.
    ///   - file: the originating file (`#fileID`).
    ///   - function: the originating function.
    ///   - line: the originating line.
    @inlinable
    public func log(
        level: Logger.Level,
        _ message: @autoclosure () -> Logger.Message,
        metadata: @autoclosure () -> Logger.Metadata? = nil,
        source: @autoclosure () -> String? = nil,
        file: String = #fileID,
        function: String = #function,
        line: UInt = #line
    ) {
        guard self.storage.handler.logLevel <= level else { return }
        self.storage.handler.log(
            level: level,
            message: message(),
            metadata: metadata(),
            source: source() ?? Logger.module(ofFileID: file),
            file: file,
            function: function,
            line: line
        )
    }

    /// The part of a `#fileID` ("Module/File.swift") before the first slash.
    @usableFromInline
    static func module(ofFileID fileID: String) -> String {
        let utf8 = fileID.utf8
        guard let slash = utf8.firstIndex(of: UInt8(ascii: "/")) else { return "n/a" }
        return String(fileID[..<slash])
    }
}
