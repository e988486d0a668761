import Synchronization

/// The process-wide choice of the handler that new loggers get.
public enum LoggingSystem {
    /// Lines go to standard error by default: standard output belongs to a program's own output.
    private static let factory = Mutex<@Sendable (String) -> any LogHandler>({ label in
        LogFormat.automatic.makeHandler(label: label, level: .info, sink: .standardError)
    })

    /// Sets what makes the handler of every ``Logger`` created from now on.
    ///
    /// Call it once, at the start of the program. Unlike swift-log's, a second call does not trap: it replaces the factory, and loggers
    /// that exist keep the handler they have. Without any call, loggers write at `info` to standard error in ``LogFormat/automatic``.
    ///
    /// - Parameter factory: makes the handler for a label.
    public static func bootstrap(_ factory: @escaping @Sendable (String) -> any LogHandler) {
        self.factory.withLock { $0 = factory }
    }

    static func makeHandler(label: String) -> any LogHandler {
        let factory = self.factory.withLock { $0 }
        return factory(label)
    }
}

/// How log lines look.
public enum LogFormat: String, CaseIterable, Sendable, Hashable {
    /// ``text`` on a terminal, ``json`` everywhere else.
    case automatic
    /// For people: see ``StreamLogHandler``.
    case text
    /// For machines: see ``JSONLogHandler``.
    case json

    /// Makes the handler that writes this format.
    ///
    /// - Parameters:
    ///   - label: the logger's label.
    ///   - level: the least severe level to write.
    ///   - sink: where the lines go.
    public func makeHandler(label: String, level: Logger.Level, sink: LogSink = .standardError) -> any LogHandler {
        switch self {
        case .json: JSONLogHandler(label: label, level: level, sink: sink)
        case .text: StreamLogHandler(label: label, level: level, sink: sink)
        case .automatic: (sink.isTerminal ? LogFormat.text : .json).makeHandler(label: label, level: level, sink: sink)
        }
    }
}
