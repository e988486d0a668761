import Observability
import Testing

@Suite("Metrics")
struct MetricsTests {
    private let jobs = MetricDescriptor(name: "jobs_total", help: "Jobs.", kind: .counter, labels: ["kind", "result"])
    private let depth = MetricDescriptor(name: "depth", help: "Queue\\depth\nnow.", kind: .gauge)
    private let time = MetricDescriptor(name: "time_seconds", help: "Time.", kind: .histogram, labels: ["kind"], bounds: [0.1, 1])

    private func text(_ registry: MetricsRegistry) -> String { String(decoding: registry.prometheusText(), as: UTF8.self) }

    @Test("the export is the Prometheus text format")
    func golden() {
        let registry = MetricsRegistry()
        registry.counter(self.jobs, ["b", "ok"]).increment(by: 2)
        registry.counter(self.jobs, ["a\"\\\n", "ok"]).increment()
        registry.gauge(self.depth).set(2.5)
        let time = registry.histogram(self.time, ["a"])
        for value in [0.05, 0.1, 0.5, 7] { time.record(value) }
        registry.observe(MetricDescriptor(name: "age_seconds", help: "Age.", kind: .gauge)) { 1e21 }
        #expect(
            self.text(registry) == """
                # HELP age_seconds Age.
                # TYPE age_seconds gauge
                age_seconds 1e+21
                # HELP depth Queue\\\\depth\\nnow.
                # TYPE depth gauge
                depth 2.5
                # HELP jobs_total Jobs.
                # TYPE jobs_total counter
                jobs_total{kind="a\\"\\\\\\n",result="ok"} 1
                jobs_total{kind="b",result="ok"} 2
                # HELP time_seconds Time.
                # TYPE time_seconds histogram
                time_seconds_bucket{kind="a",le="0.1"} 2
                time_seconds_bucket{kind="a",le="1"} 3
                time_seconds_bucket{kind="a",le="+Inf"} 4
                time_seconds_sum{kind="a"} 7.65
                time_seconds_count{kind="a"} 4

                """
        )
    }

    @Test("the same family and labels give the same instrument")
    func sameInstrument() {
        let registry = MetricsRegistry()
        #expect(registry.counter(self.jobs, ["a", "ok"]) === registry.counter(self.jobs, ["a", "ok"]))
        #expect(registry.counter(self.jobs, ["a", "ok"]) !== registry.counter(self.jobs, ["a", "no"]))
        #expect(registry.gauge(self.depth) === registry.gauge(self.depth))
        #expect(registry.histogram(self.time, ["a"]) === registry.histogram(self.time, ["a"]))
        #expect(registry.conflicts == 0)
    }

    @Test("a name asked for with another kind gives a working instrument that is not exported, and counts")
    func conflict() {
        let registry = MetricsRegistry()
        registry.counter(self.jobs, ["a", "ok"]).increment()
        let stray = registry.gauge(MetricDescriptor(name: "jobs_total", help: "", kind: .gauge))
        stray.set(5)
        #expect(stray.value == 5)
        #expect(registry.conflicts == 1)
        #expect(self.text(registry).hasSuffix("jobs_total{kind=\"a\",result=\"ok\"} 1\n"))
    }

    @Test("label sets beyond the bound share the overflow series")
    func cardinality() {
        let registry = MetricsRegistry(maximumSeries: 2)
        for index in 0..<1_000 { registry.counter(self.jobs, ["k\(index)", "ok"]).increment() }
        registry.counter(self.jobs, ["k1", "ok"]).increment()
        registry.counter(self.jobs, [String(repeating: "é", count: 300), "ok"]).increment()
        #expect(
            self.text(registry).split(separator: "\n").dropFirst(2) == [
                #"jobs_total{kind="k0",result="ok"} 1"#, #"jobs_total{kind="k1",result="ok"} 2"#,
                #"jobs_total{kind="other",result="other"} 999"#,
            ]
        )
    }

    @Test("label values are cut, missing ones empty, surplus ones left out; names are made valid")
    func labelValues() {
        let registry = MetricsRegistry()
        registry.counter(self.jobs, [String(repeating: "é", count: 300)]).increment()
        #expect(self.text(registry).hasSuffix("jobs_total{kind=\"\(String(repeating: "é", count: 128))\",result=\"\"} 1\n"))
        #expect(registry.counter(self.jobs, ["a", "b", "c"]) === registry.counter(self.jobs, ["a", "b"]))
        let odd = MetricDescriptor(name: "9 a-b:c", help: "", kind: .gauge, labels: ["a:b"])
        #expect(odd.name == "__a_b:c")
        #expect(odd.labels == ["a_b"])
    }

    @Test("a removed series is no longer exported; an observed one can be replaced")
    func removal() {
        let registry = MetricsRegistry()
        registry.observe(self.depth) { 1 }
        registry.observe(self.depth) { 2 }
        #expect(self.text(registry).hasSuffix("depth 2\n"))
        registry.remove(self.depth)
        #expect(self.text(registry) == "")
    }

    @Test("counters only go up")
    func counter() {
        let counter = Counter()
        counter.increment()
        counter.increment(by: -5)
        counter.increment(by: 4)
        #expect(counter.value == 5)
        counter.advance(to: 3)
        #expect(counter.value == 5)
        counter.advance(to: 30)
        #expect(counter.value == 30)
    }

    @Test("gauges go up and down")
    func gauge() {
        let gauge = Gauge()
        gauge.set(3)
        gauge.increment(by: 2.5)
        gauge.decrement()
        #expect(gauge.value == 4.5)
    }

    @Test("histogram bounds are inclusive, sorted and unique; what is not finite is ignored")
    func histogram() {
        let histogram = Histogram(bounds: [1, .infinity, 0.5, 1, .nan])
        #expect(histogram.bounds == [0.5, 1])
        for value in [-1, 0.5, 0.75, 1, 1.5, .nan, .infinity] { histogram.record(value) }
        #expect(histogram.bucketCounts == [2, 2, 1])
        #expect(histogram.count == 5)
        histogram.record(.milliseconds(250))
        histogram.recordNanoseconds(1_500_000_000)
        #expect(histogram.bucketCounts == [3, 2, 2])
        #expect(abs(histogram.sum - 4.5) < 1e-9)
        let unbounded = Histogram(bounds: [])
        unbounded.record(1)
        #expect(unbounded.bucketCounts == [1])
    }

    @Test("concurrent recording loses nothing")
    func concurrency() async {
        let registry = MetricsRegistry()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    let counter = registry.counter(self.jobs, ["a", "ok"])
                    let gauge = registry.gauge(self.depth)
                    let histogram = registry.histogram(self.time, ["a"])
                    for index in 0..<5_000 {
                        counter.increment()
                        gauge.increment(by: 2)
                        gauge.decrement()
                        histogram.record(Double(index % 3))
                        if index % 1_000 == 0 { _ = registry.prometheusText() }
                    }
                }
            }
        }
        #expect(registry.counter(self.jobs, ["a", "ok"]).value == 20_000)
        #expect(registry.gauge(self.depth).value == 20_000)
        #expect(registry.histogram(self.time, ["a"]).count == 20_000)
        #expect(registry.histogram(self.time, ["a"]).sum == 4 * (1_667 + 2 * 1_666))
    }

    @Test("the fleet's metrics keep to the naming conventions and work in a registry", arguments: FleetMetrics.allCases)
    func fleetMetrics(metric: FleetMetrics) {
        let descriptor = metric.descriptor
        #expect(descriptor.name == metric.rawValue)
        #expect(descriptor.name.hasPrefix("fleet_"))
        #expect(descriptor.name.hasSuffix("_total") == (descriptor.kind == .counter))
        #expect(descriptor.help.hasSuffix("."))
        #expect(!descriptor.labels.contains("le"))
        let registry = MetricsRegistry()
        switch descriptor.kind {
        case .counter: registry.counter(descriptor, descriptor.labels).increment()
        case .gauge: registry.gauge(descriptor, descriptor.labels).set(1)
        case .histogram: registry.histogram(descriptor, descriptor.labels).record(1)
        }
        #expect(self.text(registry).hasPrefix("# HELP \(descriptor.name) \(descriptor.help)\n# TYPE "))
        #expect(registry.conflicts == 0)
    }

    @Test("fleet metrics are looked up by case")
    func fleetMetricLookup() {
        let registry = MetricsRegistry()
        registry.counter(.recordsReceived, "domain").increment(by: 3)
        registry.observe(.recordsInFlight, "domain") { 2 }
        registry.histogram(.recordQueueTime, "domain").record(.seconds(1))
        registry.gauge(.consumerLag, "t", "0").set(9)
        registry.remove(.consumerLag, "t", "0")
        let text = self.text(registry)
        #expect(text.contains("\nfleet_worker_records_received_total{layer=\"domain\"} 3\n"))
        #expect(text.contains("\nfleet_worker_records_in_flight{layer=\"domain\"} 2\n"))
        #expect(!text.contains("fleet_kafka_consumer_lag"))
    }
}
