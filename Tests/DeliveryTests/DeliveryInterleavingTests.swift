import Delivery
import Glibc
import Testing

/// Generated sequences of everything that can happen, against the model; with `FLEET_LONG=1` twenty times as many.
@Suite struct DeliveryInterleavingTests {
    /// Few slots, few bytes, a narrow window, and room for all.
    static let limits = [
        DeliveryLimits(records: 4, bytes: 1_000, window: 100),
        DeliveryLimits(records: 12, bytes: 60, window: 100),
        DeliveryLimits(records: 12, bytes: 1_000, window: 5),
        DeliveryLimits(records: 24, bytes: 1_000, window: 100),
    ]
    static let stepsPerSeed = 2_500
    static let seeds: ClosedRange<UInt64> = 1...(4 * (getenv("FLEET_LONG").map { String(cString: $0) } == "1" ? 20 : 1))

    @Test(arguments: Ordering.allCases, limits) func theInvariantsHoldInEveryInterleaving(ordering: Ordering, limits: DeliveryLimits) {
        var received = 0
        for seed in Self.seeds {
            let interleavings = Interleavings { DeliverySystem(limits: limits, ordering: ordering) }
            do throws(Counterexample<DeliveryEvent>) {
                let system = try interleavings.run(seed: seed, steps: Self.stepsPerSeed)
                received += system.model.received
                #expect(system.model.givenUp > 0)
            } catch {
                Issue.record("\(error)")
                return
            }
        }
        #expect(received > Self.seeds.count * 100, "the sequences reach something")
    }
}
