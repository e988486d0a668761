import Observability
import Testing

@Suite struct LogThrottleTests {
    @Test func firstLinesOfASecondPassAndTheNextOneTellsHowManyDidNot() {
        let throttle = LogThrottle(linesPerSecond: 3)
        let first = (0..<100).map { throttle.admit(at: 5_000 + Int64($0)) }
        #expect(first.prefix(3).allSatisfy { $0 == [:] })
        #expect(first.dropFirst(3).allSatisfy { $0 == nil })
        #expect(throttle.admit(at: 6_000) == ["left_out": "97"])
        #expect(throttle.admit(at: 6_001) == [:], "told once")
    }

    @Test func atLeastOneLineASecondPasses() {
        let throttle = LogThrottle(linesPerSecond: 0)
        #expect(throttle.admit(at: 0) == [:])
        #expect(throttle.admit(at: 999) == nil)
        #expect(throttle.admit(at: 1_000) == ["left_out": "1"])
    }
}
