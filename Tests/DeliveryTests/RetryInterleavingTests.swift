import Delivery
import Glibc
import Testing

/// Generated sequences of what can happen while requests wait in retry topics; with `FLEET_LONG=1` twenty times as many.
@Suite struct RetryInterleavingTests {
    static let limits = [DeliveryLimits(records: 8, window: 100), DeliveryLimits(records: 64, window: 1_000)]
    static let seeds: ClosedRange<UInt64> = 1...(40 * (getenv("FLEET_LONG").map { String(cString: $0) } == "1" ? 20 : 1))

    @Test(arguments: [false, true], limits)
    func keysKeepTheirOrderAndNothingIsLostOrCirculates(isTransactional: Bool, limits: DeliveryLimits) {
        var (deaths, diverted, held, dropped, spilled) = (0, 0, 0, 0, 0)
        for seed in Self.seeds {
            let interleavings = Interleavings { RetrySystem(limits: limits, isTransactional: isTransactional) }
            do throws(Counterexample<RetryEvent>) {
                let system = try interleavings.run(seed: seed, steps: 600)
                deaths += system.deaths
                diverted += system.diverted
                held += system.held
                dropped += system.dropped
                spilled += system.spilled
            } catch {
                Issue.record("\(error)")
                return
            }
        }
        #expect(deaths > 0 && diverted > 0 && held > 0 && spilled > 0)
        #expect(dropped > 0 || isTransactional)
    }
}
