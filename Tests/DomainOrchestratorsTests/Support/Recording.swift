import JSON
import Observability
import Orchestration
import Synchronization

@testable import DomainOrchestrators

/// Keeps what a run says beside its result.
final class Recording: OrchestrationRecorder, Sendable {
    private let state = Mutex<(signals: [FeedbackSignal], progress: [Progress])>(([], []))

    var signals: [FeedbackSignal] { self.state.withLock { $0.signals } }
    var progress: [Progress] { self.state.withLock { $0.progress } }

    func record(_ signal: FeedbackSignal) { self.state.withLock { $0.signals.append(signal) } }
    func record(_ progress: Progress) { self.state.withLock { $0.progress.append(progress) } }

    /// A context whose clock advances 100 ms with each reading, from 2026-09-21 17:00:00 UTC on.
    func context() -> OrchestrationContext {
        let milliseconds = Atomic<Int64>(1_790_010_000_000 - 100)
        let clock = TickingClock(milliseconds: milliseconds)
        return OrchestrationContext(
            tenantID: "acme",
            requestID: "r-1",
            logger: Logger(label: "test"),
            recorder: self,
            clock: OrchestrationClock(now: { clock.next() }, sleep: { _ in })
        )
    }
}

private final class TickingClock: Sendable {
    private let milliseconds: Atomic<Int64>
    init(milliseconds: consuming Atomic<Int64>) { self.milliseconds = milliseconds }
    func next() -> Int64 { self.milliseconds.add(100, ordering: .relaxed).newValue }
}

/// A value that one side sets and others wait for.
final class Signal: Sendable {
    private let promise = Promise<Bool>()
    func fire() { self.promise.finish(.success(true)) }
    func wait() async { _ = try? await self.promise.value {} }
}

/// A seeded generator, so that a failing mutation can be repeated.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { self.state = seed }
    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var z = self.state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
