import Synchronization

/// A number that goes up and down, such as records in flight.
///
/// It is a `Double` kept as its bits in one atomic word: setting is one store, adding a compare-and-exchange loop; no lock, no
/// allocation. Whole numbers are exact up to 2^53.
public final class Gauge: Sendable {
    private let bits = Atomic<UInt64>(0)

    /// Creates a gauge at zero that belongs to no registry.
    public init() {}

    /// The present value.
    public var value: Double { Double(bitPattern: self.bits.load(ordering: .relaxed)) }

    /// Replaces the value.
    public func set(_ value: Double) {
        self.bits.store(value.bitPattern, ordering: .relaxed)
    }

    /// Replaces the value.
    public func set(_ value: some BinaryInteger) {
        self.set(Double(value))
    }

    /// Adds `amount`.
    public func increment(by amount: Double = 1) {
        self.bits.addDouble(amount)
    }

    /// Subtracts `amount`.
    public func decrement(by amount: Double = 1) {
        self.bits.addDouble(-amount)
    }
}

extension Atomic where Value == UInt64 {
    /// Adds to the `Double` whose bits this word holds.
    func addDouble(_ amount: Double) {
        var current = self.load(ordering: .relaxed)
        while true {
            let sum = Double(bitPattern: current) + amount
            let (exchanged, original) = self.weakCompareExchange(expected: current, desired: sum.bitPattern, ordering: .relaxed)
            if exchanged { return }
            current = original
        }
    }
}
