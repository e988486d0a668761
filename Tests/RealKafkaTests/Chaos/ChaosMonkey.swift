import KafkaClient
import KafkaProcess

/// Disturbs workers, brokers and networks until its time is over; what it does follows from a seed.
struct ChaosMonkey: Sendable {
    let drill: Drill
    let kafka: RealKafka
    let fleet: ChaosFleet
    let end: ContinuousClock.Instant

    /// Returns when the time is over and everything is mended again.
    func run(seed: UInt64) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.disturbWorkers(SeededGenerator(seed: seed)) }
            group.addTask { try await self.disturbBrokers(SeededGenerator(seed: seed &+ 1)) }
            if !self.kafka.networks.isEmpty {
                group.addTask { try await self.disturbNetworks(SeededGenerator(seed: seed &+ 2)) }
            }
            try await group.waitForAll()
        }
    }

    private func rest(_ milliseconds: ClosedRange<Int>, _ generator: inout SeededGenerator) async throws {
        try await Task.sleep(for: .milliseconds(Int.random(in: milliseconds, using: &generator)))
    }

    private func disturbWorkers(_ seeded: SeededGenerator) async throws {
        var generator = seeded
        // Long pauses can take all the time; one worker is killed for certain.
        var first: ChaosFleet.Deed? = .kill
        while .now < self.end {
            try await self.rest(500...2_500, &generator)
            let place = Int.random(in: 0..<self.fleet.current.count, using: &generator)
            let deed = ChaosFleet.Deed.allCases.randomElement(using: &generator) ?? .kill
            try await self.fleet.disturb(place, first ?? deed)
            first = nil
        }
    }

    private func disturbBrokers(_ seeded: SeededGenerator) async throws {
        var generator = seeded
        while .now < self.end {
            try await self.rest(2_000...5_000, &generator)
            let broker = self.kafka.brokers[Int.random(in: self.kafka.brokers.indices, using: &generator)]
            self.fleet.count("broker kill")
            try await broker.kill()
            try await self.rest(200...2_000, &generator)
            try await broker.restart()
            try await self.waitUntilInSync()
        }
    }

    /// One broker at a time: with a copy behind, the next kill would leave a partition without its second copy.
    private func waitUntilInSync() async throws {
        let topics = [self.drill.requests, self.drill.results, self.drill.events, "__consumer_offsets"]
        try await eventually("all copies in sync", deadline: .now + .seconds(60), tick: .milliseconds(200)) {
            for topic in topics {
                let found = try? await self.drill.topics.admin { try $0.describeTopics(topic) }
                guard let found, found.contains(where: { $0.name == topic }),
                    found.allSatisfy({ $0.partitions.allSatisfy { $0.inSyncReplicas == $0.replicas } })
                else { return false }
            }
            return true
        }
    }

    private enum Fault: CaseIterable {
        case delay, cutOne, cutAll, stallOne, stallAll
    }

    private func disturbNetworks(_ seeded: SeededGenerator) async throws {
        var generator = seeded
        while .now < self.end {
            try await self.rest(1_000...3_000, &generator)
            let place = Int.random(in: self.kafka.networks.indices, using: &generator)
            let network = self.kafka.networks[place]
            let ids = self.kafka.brokers.map(\.id)
            let one = [ids[Int.random(in: ids.indices, using: &generator)]]
            let fault = Fault.allCases.randomElement(using: &generator) ?? .delay
            self.fleet.count("network \(fault)")
            let from = HandlerRuns.now
            switch fault {
            case .delay:
                for id in ids { try await network.delay(broker: id, milliseconds: 100, jitter: 80) }
                try await self.rest(1_000...5_000, &generator)
                for id in ids { try await network.quicken(broker: id) }
            case .cutOne, .cutAll:
                let cut = fault == .cutOne ? one : ids
                for id in cut { try await network.cut(broker: id) }
                try await self.rest(500...8_000, &generator)
                for id in cut { try await network.mend(broker: id) }
            case .stallOne, .stallAll:
                let stalled = fault == .stallOne ? one : ids
                for id in stalled { try await network.stall(broker: id) }
                try await self.rest(500...8_000, &generator)
                for id in stalled { try await network.release(broker: id) }
            }
            if fault != .delay { self.fleet.wasAway(place, from...HandlerRuns.now) }
        }
    }
}
