import CRDKafka
import Glibc
import JSON

/// What this process has used so far.
struct ProcessUsage: Sendable {
    /// Seconds of processor time, user and system.
    let cpuSeconds: Double
    /// The largest resident set so far, in MiB.
    let maximumResidentMebibytes: Double

    static var now: ProcessUsage {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return ProcessUsage(
            cpuSeconds: Double(time.tv_sec) + Double(time.tv_nsec) / 1_000_000_000,
            maximumResidentMebibytes: Double(usage.ru_maxrss) / 1024
        )
    }
}

/// One measured run, printed as one line of JSON.
struct BenchResult: Sendable {
    var name: String
    var records: Int
    /// From the first record received to the last commit.
    var seconds: Double
    /// From the first assignment to the acknowledgement of the last reply; of workers only.
    var secondsFromAssignment: Double?
    var cpuSeconds: Double
    var maximumResidentMebibytes: Double
    var allocationsPerRecord: Double?

    var perSecond: Double { self.seconds > 0 ? Double(self.records) / self.seconds : 0 }
    var cpuMicrosecondsPerRecord: Double { self.records > 0 ? self.cpuSeconds * 1_000_000 / Double(self.records) : 0 }
}

extension BenchResult {
    /// Prints the result: one line of JSON, or a line for people.
    func show(json: Bool) {
        guard json else {
            let assignment = self.secondsFromAssignment.map { ", \(hundredths($0)) s from the assignment to the last reply" } ?? ""
            let allocations = self.allocationsPerRecord.map { ", \(rounded($0)) allocations a record" } ?? ""
            Console.line(
                "\(self.name): \(self.records) records in \(hundredths(self.seconds)) s = \(Int(self.perSecond)) a second\(assignment), "
                    + "\(hundredths(self.cpuMicrosecondsPerRecord)) µs of CPU a record, at most \(rounded(self.maximumResidentMebibytes)) MiB\(allocations)"
            )
            return
        }
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("bench", self.name)
        writer.member("records", self.records)
        writer.member("seconds", self.seconds)
        if let seconds = self.secondsFromAssignment { writer.member("seconds_from_assignment", seconds) }
        writer.member("per_second", self.perSecond)
        writer.member("cpu_seconds", self.cpuSeconds)
        writer.member("max_rss_mb", self.maximumResidentMebibytes)
        if let allocations = self.allocationsPerRecord { writer.member("allocations_per_record", allocations) }
        writer.endObject()
        Console.line(String(decoding: writer.bytes, as: UTF8.self))
    }
}
