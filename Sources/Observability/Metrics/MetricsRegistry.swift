import Synchronization

/// The instruments of one process or one test, and their export in the Prometheus text format.
///
/// Look an instrument up once and keep it: a look-up takes a lock and makes text of the labels, recording does neither. Asking again for
/// the same family and label values gives the same instrument. A family holds at most `maximumSeries` label sets; whatever comes after
/// that shares one overflow series whose label values are all `other`, so that hostile label values cannot grow the process.
public final class MetricsRegistry: Sendable {
    enum Instrument {
        case counter(Counter)
        case gauge(Gauge)
        case observed(@Sendable () -> Double)
        case histogram(Histogram)
    }

    struct Family {
        let descriptor: MetricDescriptor
        /// By label text (`name="value",…`).
        var series: [String: Instrument] = [:]
    }

    private struct State {
        var families: [String: Family] = [:]
        var conflicts = 0
    }

    private let maximumSeries: Int
    private let state = Mutex(State())

    /// Creates a registry without instruments.
    ///
    /// - Parameter maximumSeries: how many label sets a family holds before the overflow series takes over.
    public init(maximumSeries: Int = 1_000) {
        self.maximumSeries = max(1, maximumSeries)
    }

    /// How often a name was asked for with another kind, other labels or other bounds than before.
    ///
    /// The asker got an instrument that works but is not exported; anything but zero is a mistake in the program.
    public var conflicts: Int { self.state.withLock { $0.conflicts } }

    /// The counter of a family with these label values, in the order of the descriptor's labels.
    public func counter(_ descriptor: MetricDescriptor, _ labelValues: [String] = []) -> Counter {
        let made = self.instrument(descriptor, labelValues, kind: .counter) { .counter(Counter()) }
        if case .counter(let counter) = made { return counter }
        return Counter()
    }

    /// The gauge of a family with these label values, in the order of the descriptor's labels.
    public func gauge(_ descriptor: MetricDescriptor, _ labelValues: [String] = []) -> Gauge {
        let made = self.instrument(descriptor, labelValues, kind: .gauge) { .gauge(Gauge()) }
        if case .gauge(let gauge) = made { return gauge }
        return Gauge()
    }

    /// The histogram of a family with these label values, in the order of the descriptor's labels.
    public func histogram(_ descriptor: MetricDescriptor, _ labelValues: [String] = []) -> Histogram {
        let made = self.instrument(descriptor, labelValues, kind: .histogram) { .histogram(Histogram(bounds: descriptor.bounds)) }
        if case .histogram(let histogram) = made { return histogram }
        return Histogram(bounds: descriptor.bounds)
    }

    /// Exports a gauge whose value is read at each export; a second call for the same labels replaces the reader.
    ///
    /// A ``gauge(_:_:)`` asked for with the same labels afterwards is not exported.
    ///
    /// - Parameter read: called on the exporting thread without any lock held; must be quick.
    public func observe(_ descriptor: MetricDescriptor, _ labelValues: [String] = [], read: @escaping @Sendable () -> Double) {
        _ = self.instrument(descriptor, labelValues, kind: .gauge, isReplacing: true) { .observed(read) }
    }

    /// Ends the export of one series, for example the lag of a partition that another worker has now.
    public func remove(_ descriptor: MetricDescriptor, _ labelValues: [String] = []) {
        let key = MetricText.labels(descriptor.labels, labelValues)
        self.state.withLock { $0.families[descriptor.name]?.series[key] = nil }
    }

    private func instrument(
        _ descriptor: MetricDescriptor,
        _ labelValues: [String],
        kind: MetricDescriptor.Kind,
        isReplacing: Bool = false,
        make: () -> Instrument
    ) -> Instrument? {
        let key = MetricText.labels(descriptor.labels, labelValues)
        let limit = self.maximumSeries
        return self.state.withLock { state in
            var family = state.families.removeValue(forKey: descriptor.name) ?? Family(descriptor: descriptor)
            defer { state.families[descriptor.name] = family }
            let known = family.descriptor
            guard known.kind == kind, known.labels == descriptor.labels, known.bounds == descriptor.bounds else {
                state.conflicts += 1
                return nil
            }
            if !isReplacing, let existing = family.series[key] { return existing }
            let overflow = MetricText.labels(descriptor.labels, descriptor.labels.map { _ in "other" })
            let ordinaryCount = family.series.count - (family.series[overflow] == nil ? 0 : 1)
            let placed = ordinaryCount < limit || family.series[key] != nil ? key : overflow
            if !isReplacing, let existing = family.series[placed] { return existing }
            let instrument = make()
            family.series[placed] = instrument
            return instrument
        }
    }

    func snapshot() -> [Family] {
        self.state.withLock { state in state.families.values.sorted { $0.descriptor.name < $1.descriptor.name } }
    }
}
