/// Random numbers that repeat: SplitMix64, one seed names one sequence.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { self.state = seed }

    mutating func next() -> UInt64 {
        self.state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = self.state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    mutating func below(_ bound: Int) -> Int { Int(self.next() % UInt64(bound)) }
}

/// What does not hold.
struct Violation: Error, Hashable, CustomStringConvertible {
    let description: String
}

/// A machine under test beside the simple model that says what it must do.
///
/// Events carry choices ("the third of those that run"), never references, and an event that is impossible just now does nothing: any part
/// of a sequence is a sequence, which is what makes shrinking possible. Nothing in a system may depend on anything but its events.
protocol InterleavedSystem: ~Copyable {
    associatedtype Event: Sendable

    /// Any event, likely ones more often.
    static func event(using generator: inout SeededGenerator) -> Event

    /// Simpler events to try in the place of one that matters; none when it is as simple as can be.
    static func simpler(_ event: Event) -> [Event]

    /// Performs an event and checks everything that must hold after it.
    mutating func apply(_ event: Event) throws(Violation)

    /// Lets everything under way come to its end and checks that nothing was lost.
    mutating func settle() throws(Violation)
}

/// A sequence of events after which something did not hold.
struct Counterexample<Event: Sendable>: Error, CustomStringConvertible {
    let seed: UInt64
    /// How many events were performed before it showed.
    let steps: Int
    let events: [Event]
    let violation: Violation

    var description: String {
        let list = self.events.enumerated().map { "  \($0.offset + 1). \($0.element)" }.joined(separator: "\n")
        return "seed \(self.seed), step \(self.steps): shrunk to \(self.events.count) events\n\(list)\n  → \(self.violation)"
    }
}

/// Runs generated sequences of events and makes failing ones short.
struct Interleavings<System: InterleavedSystem & ~Copyable> {
    let make: () -> System

    init(_ make: @escaping () -> System) { self.make = make }

    /// One generated sequence, settled at its end.
    ///
    /// - Returns: the system as it stands at the end.
    @discardableResult
    func run(seed: UInt64, steps: Int) throws(Counterexample<System.Event>) -> System {
        var generator = SeededGenerator(seed: seed)
        var system = self.make()
        var events: [System.Event] = []
        do throws(Violation) {
            for _ in 0..<steps {
                let event = System.event(using: &generator)
                events.append(event)
                try system.apply(event)
            }
            try system.settle()
        } catch {
            let (shortest, violation) = self.shrink(events, error)
            throw Counterexample(seed: seed, steps: events.count, events: shortest, violation: violation)
        }
        return system
    }

    /// What a sequence violates; nil when all is well.
    func violation(of events: [System.Event]) -> Violation? {
        var system = self.make()
        do throws(Violation) {
            for event in events { try system.apply(event) }
            try system.settle()
            return nil
        } catch {
            return error
        }
    }

    /// Leaves out ever smaller runs of events, then simplifies those that are left, for as long as anything still does not hold.
    private func shrink(_ events: [System.Event], _ violation: Violation) -> ([System.Event], Violation) {
        var events = events
        var violation = violation
        var improved = true
        while improved {
            improved = false
            var length = max(1, events.count / 2)
            while true {
                var start = 0
                while start < events.count {
                    var shorter = events
                    shorter.removeSubrange(start..<min(start + length, events.count))
                    if let found = self.violation(of: shorter) {
                        events = shorter
                        violation = found
                        improved = true
                    } else {
                        start += length
                    }
                }
                if length == 1 { break }
                length /= 2
            }
            for index in events.indices {
                for simpler in System.simpler(events[index]) {
                    var candidate = events
                    candidate[index] = simpler
                    guard let found = self.violation(of: candidate) else { continue }
                    events = candidate
                    violation = found
                    improved = true
                    break
                }
            }
        }
        return (events, violation)
    }
}
