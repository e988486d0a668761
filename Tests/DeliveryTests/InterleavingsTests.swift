import Testing

/// The tool that finds and shortens counterexamples is itself right.
@Suite struct InterleavingsTests {
    /// Loses count when it is drained while it holds more than seven.
    private struct LeakyCounter: InterleavedSystem {
        enum Event: Sendable, Hashable {
            case add(Int)
            case drain
            case look
        }

        var isLeaky = true
        var held = 0
        var expected = 0

        static func event(using generator: inout SeededGenerator) -> Event {
            switch generator.below(10) {
            case 0: .drain
            case 1...4: .look
            default: .add(generator.below(4))
            }
        }

        static func simpler(_ event: Event) -> [Event] {
            if case .add(let amount) = event, amount > 0 { [.add(0), .add(amount - 1)] } else { [] }
        }

        mutating func apply(_ event: Event) throws(Violation) {
            switch event {
            case .add(let amount):
                self.held += amount
                self.expected += amount
            case .drain:
                self.held = self.isLeaky && self.held > 7 ? 1 : 0
                self.expected = 0
            case .look:
                break
            }
            try self.settle()
        }

        mutating func settle() throws(Violation) {
            guard self.held == self.expected else { throw Violation(description: "held \(self.held), not \(self.expected)") }
        }
    }

    @Test func aFailingSequenceIsShrunkToWhatMatters() throws {
        var shrunk: [Counterexample<LeakyCounter.Event>] = []
        for seed in 1...20 as ClosedRange<UInt64> {
            do throws(Counterexample<LeakyCounter.Event>) {
                try Interleavings { LeakyCounter() }.run(seed: seed, steps: 300)
            } catch {
                shrunk.append(error)
            }
        }
        #expect(shrunk.count > 10)
        for counterexample in shrunk {
            let amounts = counterexample.events.map { if case .add(let amount) = $0 { amount } else { 0 } }
            #expect(counterexample.events.last == .drain)
            #expect(counterexample.events.contains(.look) == false)
            #expect(counterexample.events.count { $0 == .drain } == 1)
            #expect(amounts.reduce(0, +) == 8, "no event and no amount can be left out: \(counterexample)")
            #expect(counterexample.description.contains("seed \(counterexample.seed)"))
            #expect(counterexample.violation == Violation(description: "held 1, not 0"))
        }
    }

    @Test func aRightSystemPasses() throws {
        for seed in 1...20 as ClosedRange<UInt64> { try Interleavings { LeakyCounter(isLeaky: false) }.run(seed: seed, steps: 300) }
    }

    @Test func aSeedNamesOneSequence() {
        func sequence(_ seed: UInt64) -> [LeakyCounter.Event] {
            var generator = SeededGenerator(seed: seed)
            return (0..<100).map { _ in LeakyCounter.event(using: &generator) }
        }
        #expect(sequence(7) == sequence(7))
        #expect(sequence(7) != sequence(8))
    }
}
