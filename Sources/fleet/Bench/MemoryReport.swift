import FleetProcess
import Glibc
import Observability
import Orchestration

/// Tells how much memory a run has while it goes on.
enum MemoryReport {
    /// Writes a line on standard error each time a counter has grown by so much, until the task is cancelled.
    static func tell(every interval: Int, of counter: Counter) async {
        var next = Int64(interval)
        while (try? await OrchestrationClock.system.sleep(.milliseconds(10))) != nil {
            guard counter.value >= next else { continue }
            FleetProcess.complain("\(next) records: \(self.residentKibibytes / 1024) MiB resident")
            next += Int64(interval)
        }
    }

    /// `VmRSS` of this process, in KiB; 0 where the system does not tell.
    private static var residentKibibytes: Int {
        guard let file = fopen("/proc/self/statm", "r") else { return 0 }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 256)
        guard fgets(&line, Int32(line.count), file) != nil else { return 0 }
        let fields = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self).split(separator: " ")
        return fields.count > 1 ? (Int(fields[1]) ?? 0) * sysconf(Int32(_SC_PAGESIZE)) / 1024 : 0
    }
}
