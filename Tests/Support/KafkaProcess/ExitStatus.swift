/// How a process ended.
public enum ExitStatus: Sendable, Hashable, CustomStringConvertible {
    /// It returned or called `exit` with this code.
    case exited(Int32)
    /// This signal ended it.
    case signaled(Int32)

    /// Whether the process ended with exit code 0.
    public var isSuccess: Bool { self == .exited(0) }

    /// Reads the status word of `waitpid`.
    init(waitStatus: Int32) {
        let signal = waitStatus & 0x7f
        self = signal == 0 ? .exited((waitStatus >> 8) & 0xff) : .signaled(signal)
    }

    /// The status for messages, such as "exit code 1" or "signal 9".
    public var description: String {
        switch self {
        case .exited(let code): "exit code \(code)"
        case .signaled(let signal): "signal \(signal)"
        }
    }
}
