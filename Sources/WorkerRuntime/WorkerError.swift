/// A worker that cannot start or go on, as opposed to a request that failed, which is a reply.
public struct WorkerError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kinds of fault; more may be added.
    public struct Code: Sendable, Hashable {
        private let name: String
        /// The configuration cannot be used.
        public static let configuration = Code(name: "configuration")
        /// Something that the worker needs could not be started.
        public static let startFailed = Code(name: "startFailed")
        /// The Kafka client was lost while running.
        public static let clientLost = Code(name: "clientLost")
    }

    /// The kind of fault.
    public let code: Code
    /// What happened, and what to do about it.
    public let message: String

    /// Creates an error from its kind and its text.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The message.
    public var description: String { self.message }
}
