import Delivery
import Glibc
import Testing

/// Generated sequences of everything that can happen, deaths of the process included; with `FLEET_LONG=1` twenty times as many.
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

    /// Processes are killed at any moment.
    @Test(arguments: Ordering.allCases, limits) func theInvariantsHoldInEveryInterleaving(ordering: Ordering, limits: DeliveryLimits) {
        guard let models = self.run(ordering, limits, hasPoison: false) else { return }
        #expect(models.contains { $0.crashes > 0 } && models.contains { $0.ranAlone > 0 })
        // Where everything runs in order, nothing is finished above the base.
        #expect(models.contains { $0.skipped > 0 } || ordering == .partition)
    }

    /// Processes die of what they run, and of nothing else; some lose their sessions and live on.
    @Test(arguments: Ordering.allCases, limits) func whoKillsIsFoundAndNobodyElse(ordering: Ordering, limits: DeliveryLimits) {
        guard let models = self.run(ordering, limits, hasPoison: true) else { return }
        #expect(models.contains { $0.crashes > 0 } && models.contains { $0.putAway > 0 })
    }

    private func run(_ ordering: Ordering, _ limits: DeliveryLimits, hasPoison: Bool) -> [DeliveryModel]? {
        var models: [DeliveryModel] = []
        for seed in Self.seeds {
            // Every fourth time nobody can be told from anybody, as in a group of static members.
            let hasIdentity = seed % 4 != 0
            let interleavings = Interleavings {
                DeliverySystem(limits: limits, ordering: ordering, hasPoison: hasPoison, hasIdentity: hasIdentity)
            }
            do throws(Counterexample<DeliveryEvent>) {
                models.append(try interleavings.run(seed: seed, steps: Self.stepsPerSeed).model)
            } catch {
                Issue.record("\(error)")
                return nil
            }
        }
        #expect(models.reduce(0) { $0 + $1.received } > models.count * 100, "the sequences reach something")
        return models
    }
}
