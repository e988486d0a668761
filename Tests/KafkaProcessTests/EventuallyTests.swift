import KafkaProcess
import Testing

@Suite struct EventuallyTests {
    private struct Refused: Error {}

    @Test func returnsWhenTheConditionHolds() async throws {
        var calls = 0
        try await eventually(tick: .milliseconds(1)) {
            calls += 1
            return calls == 3
        }
        #expect(calls == 3)
    }

    @Test func conditionIsLookedAtOnceEvenAfterTheDeadline() async throws {
        let past = ContinuousClock.now - .seconds(1)
        try await eventually(deadline: past) { true }
        let error = try await #require(throws: KafkaProcessError.self) { try await eventually("tea", deadline: past) { false } }
        #expect(error.code == .deadlineExceeded)
        #expect(error.message.contains("tea") && error.message.contains("EventuallyTests.swift"))
    }

    @Test func errorsAndCancellationEndTheWait() async throws {
        await #expect(throws: Refused.self) { try await eventually { throw Refused() } }
        let waiting = Task { try await eventually(deadline: .now + .seconds(1_000)) { false } }
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
    }
}
