import Glibc

/// A clock that never goes back; only differences of its readings mean anything.
enum SteadyTime {
    static var now: Duration {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return .seconds(Int64(time.tv_sec)) + .nanoseconds(Int64(time.tv_nsec))
    }
}

extension Duration {
    /// The duration in whole milliseconds, from 1 to what 32 bits hold: the range libcurl and poll(2) take for a limit.
    var clampedMilliseconds: Int {
        let milliseconds = Double(self.components.seconds) * 1_000 + Double(self.components.attoseconds) / 1e15
        return Int(min(max(milliseconds.rounded(.up), 1), Double(Int32.max)))
    }
}
