import Dispatch
import Synchronization
import Testing

@testable import DomainOrchestrators

@Suite(.timeLimit(.minutes(2))) struct BlockingLanesTests {
    @Test func runsEverythingOnBoundedLanes() async throws {
        let lanes = BlockingLanes(label: "test.lanes", count: 3)
        let counts = Counts()
        try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<100 {
                group.addTask {
                    try await lanes.run { _ in
                        counts.enter()
                        counts.leave()
                        return number
                    }
                }
            }
            var sum = 0
            for try await number in group { sum += number }
            #expect(sum == 4_950)
        }
        #expect(counts.most <= 3)
    }

    @Test func aCancelledWaiterNeverRuns() async throws {
        let lanes = BlockingLanes(label: "test.lanes", count: 1)
        let gate = DispatchSemaphore(value: 0)
        let isHeld = Signal()
        let holder = Task {
            try await lanes.run { _ in
                isHeld.fire()
                gate.wait()
            }
        }
        await isHeld.wait()
        let counts = Counts()
        let waiter = Task { try await lanes.run { _ in counts.enter() } }
        waiter.cancel()
        await #expect(throws: CancellationError.self) { try await waiter.value }
        gate.signal()
        try await holder.value
        try await lanes.run { _ in }
        #expect(counts.most == 0)
    }

    @Test func runningWorkLearnsOfItsCancellation() async throws {
        let lanes = BlockingLanes(label: "test.lanes", count: 1)
        let hasStarted = Signal()
        let task = Task {
            try await lanes.run { flag in
                hasStarted.fire()
                while true { try flag.check() }
            }
        }
        await hasStarted.wait()
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test func errorsPassThrough() async throws {
        let lanes = BlockingLanes(label: "test.lanes", count: 0)
        await #expect(throws: TestFailure.self) { try await lanes.run { _ in throw TestFailure("x") } }
    }
}

/// How many are inside, and how many were at most.
private final class Counts: Sendable {
    private let state = Mutex((now: 0, most: 0))
    var most: Int { self.state.withLock { $0.most } }
    func enter() {
        self.state.withLock {
            $0.now += 1
            $0.most = max($0.most, $0.now)
        }
    }
    func leave() { self.state.withLock { $0.now -= 1 } }
}
