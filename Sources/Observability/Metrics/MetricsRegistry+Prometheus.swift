extension MetricsRegistry {
    /// The media type of ``prometheusText()``.
    public static let prometheusContentType = "text/plain; version=0.0.4; charset=utf-8"

    /// All series in the Prometheus text format 0.0.4, UTF-8: families in the order of their names, series in the order of their labels.
    public func prometheusText() -> [UInt8] {
        var text = ""
        for family in self.snapshot() where !family.series.isEmpty {
            let descriptor = family.descriptor
            text += "# HELP \(descriptor.name) \(MetricText.escaped(descriptor.help, isLabel: false))\n"
            text += "# TYPE \(descriptor.name) \(descriptor.kind.rawValue)\n"
            for (labels, instrument) in family.series.sorted(by: { $0.key < $1.key }) {
                Self.append(instrument, name: descriptor.name, labels: labels, to: &text)
            }
        }
        return Array(text.utf8)
    }

    private static func append(_ instrument: Instrument, name: String, labels: String, to text: inout String) {
        switch instrument {
        case .counter(let counter): Self.append(name, labels, String(counter.value), to: &text)
        case .gauge(let gauge): Self.append(name, labels, MetricText.number(gauge.value), to: &text)
        case .observed(let read): Self.append(name, labels, MetricText.number(read()), to: &text)
        case .histogram(let histogram):
            let prefix = labels.isEmpty ? "" : labels + ","
            var total: Int64 = 0
            for (bound, count) in zip(histogram.bounds + [.infinity], histogram.bucketCounts) {
                total += count
                Self.append("\(name)_bucket", "\(prefix)le=\"\(MetricText.number(bound))\"", String(total), to: &text)
            }
            Self.append("\(name)_sum", labels, MetricText.number(histogram.sum), to: &text)
            Self.append("\(name)_count", labels, String(total), to: &text)
        }
    }

    private static func append(_ name: String, _ labels: String, _ value: String, to text: inout String) {
        text += name
        if !labels.isEmpty { text += "{\(labels)}" }
        text += " \(value)\n"
    }
}
