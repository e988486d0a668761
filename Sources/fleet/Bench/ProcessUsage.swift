import Glibc

/// What this process has used so far.
struct ProcessUsage: Sendable {
    /// Seconds of processor time, user and system.
    let cpuSeconds: Double
    /// The largest resident set so far, in MiB.
    let maximumResidentMebibytes: Double

    static var now: ProcessUsage {
        var usage = rusage()
        getrusage(RUSAGE_SELF, &usage)
        let user = Double(usage.ru_utime.tv_sec) + Double(usage.ru_utime.tv_usec) / 1_000_000
        let system = Double(usage.ru_stime.tv_sec) + Double(usage.ru_stime.tv_usec) / 1_000_000
        return ProcessUsage(cpuSeconds: user + system, maximumResidentMebibytes: Double(usage.ru_maxrss) / 1024)
    }
}

/// One measured run, printed as one line of JSON.
struct BenchResult: Sendable {
    var name: String
    var records: Int
    /// From the first record received to the last commit.
    var seconds: Double
    var cpuSeconds: Double
    var maximumResidentMebibytes: Double
    var allocationsPerRecord: Double?

    var perSecond: Double { self.seconds > 0 ? Double(self.records) / self.seconds : 0 }
    var cpuMicrosecondsPerRecord: Double { self.records > 0 ? self.cpuSeconds * 1_000_000 / Double(self.records) : 0 }
}
