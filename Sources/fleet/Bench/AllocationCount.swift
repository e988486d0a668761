import CAllocationCounter
import Synchronization
import WorkerRuntime

/// Allocations of the whole process, librdkafka's included; counted only when asked for.
enum AllocationCount {
    private static let isOn = Atomic<Bool>(false)

    static func enable() {
        self.isOn.store(true, ordering: .relaxed)
        callocationcounter_enable(1)
    }

    /// Nil when nobody counts.
    static var now: Int64? { self.isOn.load(ordering: .relaxed) ? callocationcounter_count() : nil }
}

/// What was used up when the first partitions came: what a worker costs before that is not the records' cost.
final class StartUsage: Sendable {
    private let usage = Mutex<(usage: ProcessUsage, time: Int64)?>(nil)

    func start() { self.usage.withLock { if $0 == nil { $0 = (.now, monotonicNanoseconds()) } } }

    var value: ProcessUsage { self.usage.withLock { $0?.usage } ?? ProcessUsage(cpuSeconds: 0, maximumResidentMebibytes: 0) }

    /// Monotonic nanoseconds of the start; 0 without one.
    var time: Int64 { self.usage.withLock { $0?.time } ?? 0 }
}
