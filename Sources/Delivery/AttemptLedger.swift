/// What is known of the earlier attempts at a record when it is given to a handler.
public struct DeliveryAttempt: Sendable, Hashable {
    /// Attempts that ended in a failure and are retried.
    public var failures: Int
    /// Starts that never came to an end: their worker's process ended first.
    public var crashes: Int
    /// It has ended its worker's process too often: it must not be started again, but be put away.
    public var isPoison: Bool

    /// Describes the attempts before this one; none by default.
    public init(failures: Int = 0, crashes: Int = 0, isPoison: Bool = false) {
        self.failures = failures
        self.crashes = crashes
        self.isPoison = isPoison
    }
}

/// Remembers, for one partition's unfinished records, how often each was started without an end and how often it has failed.
///
/// It travels in the metadata of commits. A record without a history has no entry.
struct AttemptLedger: Sendable {
    private struct Entry {
        var failures = 0
        /// Starts of earlier processes that never ended.
        var crashes = 0
        /// The last of them ran alone.
        var crashedAlone = false
        /// The crash is only assumed: a process has ended, and the record may have been running.
        var isAssumed = false
        /// It is started, or about to be.
        var isRunning = false
        var isAlone = false
        /// Processes that are said to have ended over it, the last crash's last; not more than crashes.
        var accused: [UInt32] = []

        var isEmpty: Bool { self.failures == 0 && self.crashes == 0 && !self.isRunning }
    }

    private var entries: [Int64: Entry] = [:]

    init() {}

    /// - Parameter owner: who wrote it; what was running then is said to have ended it.
    init(_ started: [CommitMetadata.Started], owner: UInt32 = 0) {
        for record in started {
            self.entries[record.offset] = Entry(
                failures: record.failures,
                crashes: record.starts,
                crashedAlone: record.isAlone,
                accused: record.isRunning && owner != 0 ? record.accused.suffix(record.starts - 1) + [owner] : record.accused
            )
        }
    }

    /// The processes that are said to have ended over some record.
    var accused: Set<UInt32> { Set(self.entries.values.lazy.flatMap(\.accused)) }

    /// Takes back what was held against records: these processes have not ended.
    ///
    /// - Returns: whether there was anything to take back.
    mutating func acquit(_ alive: Set<UInt32>) -> Bool {
        var hasChanged = false
        for (offset, entry) in self.entries where entry.accused.contains(where: { alive.contains($0) }) {
            var entry = entry
            if let last = entry.accused.last, alive.contains(last) { entry.crashedAlone = false }
            let count = entry.accused.count
            entry.accused.removeAll { alive.contains($0) }
            entry.crashes = max(0, entry.crashes - (count - entry.accused.count))
            if entry.crashes == 0 { entry.isAssumed = false }
            self.entries[offset] = entry.isEmpty ? nil : entry
            hasChanged = true
        }
        return hasChanged
    }

    /// Whether a process has ended while the record ran.
    func isSuspect(_ offset: Int64) -> Bool {
        guard !self.entries.isEmpty, let entry = self.entries[offset] else { return false }
        return entry.crashes > 0 && !entry.isAssumed
    }

    /// The attempts before the next one.
    ///
    /// - Parameter limit: crashes after which a record is poison if it ran alone the last time; three times as many when it never did, because
    ///   it kills only after others were let in beside it.
    func attempt(_ offset: Int64, limit: Int) -> DeliveryAttempt {
        guard !self.entries.isEmpty, let entry = self.entries[offset] else { return DeliveryAttempt() }
        return DeliveryAttempt(
            failures: entry.failures,
            crashes: entry.isAssumed ? 0 : entry.crashes,
            isPoison: entry.crashes >= limit && (entry.crashedAlone || entry.crashes >= 3 * limit)
        )
    }

    /// The record is about to start, and the next commit tells so.
    ///
    /// In a log whose last owner crashed, a record without an entry may have been running then.
    ///
    /// - Parameter accused: that owner; 0 if nobody knows.
    mutating func starting(_ offset: Int64, alone: Bool, accused: UInt32 = 0) {
        var entry = self.entries[offset] ?? Entry()
        if entry.crashes == 0 {
            entry.crashes = 1
            entry.isAssumed = true
            entry.accused = accused == 0 ? [] : [accused]
        }
        entry.isRunning = true
        entry.isAlone = alone
        self.entries[offset] = entry
    }

    /// Others run beside the record.
    mutating func notAlone(_ offset: Int64) { self.entries[offset]?.isAlone = false }

    /// The record that was about to start has not.
    ///
    /// - Returns: whether a commit may have said that the record was started.
    @discardableResult
    mutating func notBegun(_ offset: Int64) -> Bool {
        guard !self.entries.isEmpty, var entry = self.entries[offset] else { return false }
        let wasRunning = entry.isRunning
        if entry.isAssumed {
            entry.crashes = 0
            entry.accused = []
        }
        entry.isAssumed = false
        entry.isRunning = false
        self.entries[offset] = entry.isEmpty ? nil : entry
        return wasRunning
    }

    /// The handler has returned: the process lives.
    ///
    /// - Returns: whether a commit may have said that the record was started.
    mutating func survived(_ offset: Int64) -> Bool {
        guard !self.entries.isEmpty, let entry = self.entries[offset] else { return false }
        self.entries[offset] = entry.failures == 0 ? nil : Entry(failures: entry.failures)
        return entry.crashes > 0
    }

    /// The handler has returned with a failure that is to be retried.
    mutating func failed(_ offset: Int64) {
        self.entries[offset] = Entry(failures: (self.entries[offset]?.failures ?? 0) + 1)
    }

    /// The record is done.
    mutating func finished(_ offset: Int64) {
        if !self.entries.isEmpty { self.entries[offset] = nil }
    }

    /// What a commit tells, of records from the base on.
    ///
    /// - Parameter isFarewell: what still runs has ended no process, and who reads this is not to think so.
    func started(from base: Int64, isFarewell: Bool) -> [CommitMetadata.Started] {
        guard !self.entries.isEmpty else { return [] }
        return self.entries.lazy.filter { $0.key >= base }.sorted { $0.key < $1.key }.compactMap { offset, entry in
            let isRunning = entry.isRunning && !isFarewell
            let crashes = entry.isAssumed && !isRunning ? 0 : entry.crashes
            guard crashes > 0 || isRunning || entry.failures > 0 else { return nil }
            return CommitMetadata.Started(
                offset: offset,
                starts: crashes + (isRunning ? 1 : 0),
                failures: entry.failures,
                isAlone: isRunning ? entry.isAlone : entry.crashedAlone,
                isRunning: isRunning,
                accused: entry.accused
            )
        }
    }
}
