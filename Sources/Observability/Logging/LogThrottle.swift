import Synchronization

/// Lets the first lines of a kind through each second and counts the others, so that a storm of bad records does not become a storm of lines.
///
/// Metrics count every event; lines are for the eyes.
public final class LogThrottle: Sendable {
    private struct State {
        var second: Int64 = .min
        var written = 0
        var leftOut = 0
    }

    private let linesPerSecond: Int
    private let state = Mutex(State())

    /// - Parameter linesPerSecond: 10 by default.
    public init(linesPerSecond: Int = 10) {
        self.linesPerSecond = max(1, linesPerSecond)
    }

    /// Whether a line may be written now.
    ///
    /// - Parameter milliseconds: the time, of any clock that does not go back.
    /// - Returns: the metadata that tells how many were left out since the last line, empty when none were; nil to leave this one out too.
    public func admit(at milliseconds: Int64) -> Logger.Metadata? {
        let second = milliseconds / 1_000
        return self.state.withLock { state in
            if second != state.second {
                state.second = second
                state.written = 0
            }
            guard state.written < self.linesPerSecond else {
                state.leftOut += 1
                return nil
            }
            state.written += 1
            defer { state.leftOut = 0 }
            return state.leftOut == 0 ? [:] : ["left_out": "\(state.leftOut)"]
        }
    }
}
