/// A failure of the test support itself: something is missing, did not start, ended early or did not happen in time.
public struct KafkaProcessError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What kind of failure it is.
    public enum Code: Sendable, Hashable {
        /// A program or folder that the test needs is not on this machine.
        case unavailable
        /// A process, folder or port could not be set up.
        case startFailed
        /// The process ended before the awaited event, or ended with a failure.
        case exited
        /// The awaited event did not happen before the deadline.
        case deadlineExceeded
        /// The caller asked for something that does not exist.
        case invalidArgument
    }

    /// What kind of failure it is.
    public let code: Code
    /// What happened, where, and what to do about it.
    public let message: String

    /// Creates an error from its kind and its text.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The kind of failure and the message.
    public var description: String { "\(self.code): \(self.message)" }
}
