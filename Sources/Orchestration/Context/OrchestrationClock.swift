#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// Where time comes from, so that tests can hold it still.
public struct OrchestrationClock: Sendable {
    /// Wall clock, in milliseconds since 1970.
    public var now: @Sendable () -> Int64
    /// Waits; throws `CancellationError` as soon as the task is cancelled.
    public var sleep: @Sendable (Duration) async throws -> Void
    /// Waits until `now` shows the moment, not at all if it has come; throws `CancellationError` as soon as the task is cancelled.
    public var sleepUntil: @Sendable (Int64) async throws -> Void

    /// Creates a clock from its functions.
    ///
    /// - Parameter sleepUntil: By default, sleeps for what is left. A clock that is moved by hand needs its own: between asking for the
    ///   time and falling asleep, the moment may come.
    public init(
        now: @escaping @Sendable () -> Int64,
        sleep: @escaping @Sendable (Duration) async throws -> Void,
        sleepUntil: (@Sendable (Int64) async throws -> Void)? = nil
    ) {
        self.now = now
        self.sleep = sleep
        self.sleepUntil = sleepUntil ?? { try await sleep(Deadline(millisecondsSince1970: $0).remaining(now: now())) }
    }

    /// The machine's clock.
    public static let system = OrchestrationClock(
        now: {
            var time = timespec()
            clock_gettime(CLOCK_REALTIME, &time)
            return Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
        },
        sleep: { try await SleepQueue.shared.sleep(for: $0) }
    )
}
