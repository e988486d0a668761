import Synchronization

/// A number that only goes up, such as records received.
///
/// Recording is one relaxed atomic addition: no lock, no allocation.
public final class Counter: Sendable {
    private let total = Atomic<Int64>(0)

    /// Creates a counter that belongs to no registry.
    public init() {}

    /// The present total.
    public var value: Int64 { self.total.load(ordering: .relaxed) }

    /// Adds `amount`; a negative amount is ignored.
    public func increment(by amount: Int64 = 1) {
        guard amount > 0 else { return }
        self.total.wrappingAdd(amount, ordering: .relaxed)
    }

    /// Raises the total to `total` when that is more than it has, for totals that another library counts.
    public func advance(to total: Int64) {
        self.total.max(total, ordering: .relaxed)
    }
}
