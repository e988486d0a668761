import Testing

@testable import Orchestration

/// The time limit is the deadline of every wait here.
@Suite(.timeLimit(.minutes(1))) struct SleepQueueTests {
    @Test func sleepersWakeInTheOrderOfTheirTimesAndNeverBeforeThem() async throws {
        let queue = SleepQueue()
        let clock = ContinuousClock()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<200 {
                // Later sleeps are often the earlier ones to wake.
                let duration = Duration.microseconds((number * 7_919) % 20_000)
                group.addTask {
                    let start = clock.now
                    try await queue.sleep(for: duration)
                    #expect(clock.now - start >= duration)
                }
            }
            try await group.waitForAll()
        }
        #expect(queue.count == 0)
        #expect(queue.heapCount == 0)
    }

    @Test func aCancelledSleepEndsAtOnce() async throws {
        let queue = SleepQueue()
        let sleeps = (0..<1_000).map { _ in Task { try await queue.sleep(for: .seconds(3_600)) } }
        while queue.count < 1_000 { await Task.yield() }
        for sleep in sleeps { sleep.cancel() }
        for sleep in sleeps {
            await #expect(throws: CancellationError.self) { try await sleep.value }
        }
        #expect(queue.count == 0)
        #expect(queue.heapCount <= 64, "what was cancelled keeps no memory")
    }

    @Test func aCancelledTaskDoesNotBeginToSleep() async {
        let queue = SleepQueue()
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            try await queue.sleep(for: .seconds(3_600))
        }
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(queue.count == 0)
    }

    @Test func nothingAndLessIsNoSleep() async throws {
        let queue = SleepQueue()
        try await queue.sleep(for: .zero)
        try await queue.sleep(for: .seconds(-5))
        #expect(queue.heapCount == 0)
    }

    @Test func theLongestSleepDoesNotOverflow() async {
        let queue = SleepQueue()
        let task = Task { try await queue.sleep(for: .seconds(Int64.max)) }
        while queue.count < 1 { await Task.yield() }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }
}
