import FleetProcess
import JSON
import KafkaClient
import Wire

/// What one kind of replay does: two replays are the same kind when they select, send and guard alike.
struct ReplayWork: Sendable, Hashable {
    var selection = DeadLetterSelection()
    /// The topic that everything is sent to; nil for each letter's own source.
    var target: String?
    /// Letters that were replayed so often are left alone.
    var maxReplays = Self.defaultMaxReplays

    static let defaultMaxReplays = 3

    /// The group that remembers the position: the plain one for everything sent to its source, one of its own for any other kind.
    func group(_ base: String) -> String {
        if self == ReplayWork() { return base }
        // FNV-1a.
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in JSONValue.object(self.members).serialized() { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        let text = String(hash, radix: 16)
        return "\(base).\(String(repeating: "0", count: 16 - text.count))\(text)"
    }

    fileprivate var members: JSONObject {
        var members: JSONObject = ["select": .object(self.selection.members), "max_replays": .integer(Int64(self.maxReplays))]
        if let target = self.target { members["to"] = .string(target) }
        return members
    }

    /// Whether a replay of this kind has sent a letter that it has passed.
    func includes(_ letter: RecordView, _ headers: DeadLetterHeaders, time: Int64) -> Bool {
        headers.replayCount < self.maxReplays && self.selection.matches(letter, headers, time: time)
    }
}

/// How far a kind of replay has come in one partition.
struct ReplayPosition: Sendable, Hashable {
    let work: ReplayWork
    /// Everything below was looked at.
    var next: Int64
    /// What lies below and could not be sent: it is tried again.
    var failed: Set<Int64> = []

    /// Offsets that fit into what travels with a committed offset: 4,096 bytes, of which the selection may have 2,500.
    static let maximumFailed = 64
    static let maximumWorkBytes = 2_500

    init(work: ReplayWork, next: Int64) {
        self.work = work
        self.next = next
    }

    /// Reads what ``metadata`` has written; nil for anything else.
    init?(next: Int64, metadata: String?) {
        guard next >= 0, let metadata, let value = try? JSONValue(parsing: metadata), value["version"] == 1,
            let members = value["select"]?.objectValue, let selection = DeadLetterSelection(members: members),
            let maxReplays = value["max_replays"]?.integerValue, let failed = value["failed"]?.arrayValue
        else { return nil }
        self.work = ReplayWork(selection: selection, target: value["to"]?.stringValue, maxReplays: Int(maxReplays))
        self.next = next
        self.failed = Set(failed.compactMap(\.integerValue))
    }

    /// What is committed with the offset, so that replays of another kind know what this one has sent.
    var metadata: String {
        var members = self.work.members
        members["version"] = 1
        members["failed"] = .array(self.failed.sorted().map { .integer($0) })
        return JSONValue.object(members).serialized(pretty: false)
    }

    /// Where this kind of replay goes on.
    var start: Int64 { min(self.next, self.failed.min() ?? self.next) }

    /// Whether this kind of replay has sent a letter already.
    func hasSent(_ letter: RecordView, _ headers: DeadLetterHeaders, offset: Int64, time: Int64) -> Bool {
        offset < self.next && !self.failed.contains(offset) && self.work.includes(letter, headers, time: time)
    }

    /// Moves on to an offset; when more failed than can be remembered, only as far as the first that cannot.
    ///
    /// - Returns: whether everything could be remembered.
    mutating func advance(to next: Int64, failed: [Int64], sent: [Int64]) -> Bool {
        self.next = max(self.next, next)
        self.failed.formUnion(failed)
        self.failed.subtract(sent)
        guard self.failed.count > Self.maximumFailed else { return true }
        let sorted = self.failed.sorted()
        self.next = sorted[Self.maximumFailed]
        self.failed = Set(sorted.prefix(Self.maximumFailed))
        return false
    }
}

/// What all replays under a group's name have done: their committed offsets, each with the selection that it belongs to.
///
/// So no letter is sent twice because two selections overlap, and none is hidden because a selection passed it over.
struct ReplayLedger: Sendable {
    /// The group of this kind of replay.
    let group: String
    /// Per partition: this kind of replay.
    private(set) var own: [TopicPartition: ReplayPosition] = [:]
    /// Per partition: every kind with the same target, this one included.
    private(set) var all: [TopicPartition: [ReplayPosition]] = [:]
    /// The offsets as they are committed for this kind; none is missing here where there is none.
    private(set) var committed: [TopicPartition: Int64] = [:]

    /// Reads the groups' offsets.
    ///
    /// - Parameter ranges: what is kept of each partition; an offset beyond is of a topic that was deleted and made anew, and counts for nothing.
    init(base: String, work: ReplayWork, ranges: [TopicPartition: Range<Int64>], admin: KafkaAdmin) throws {
        self.group = work.group(base)
        let own = self.group
        let others = try Self.groups(admin).filter { $0 != own && ($0 == base || $0.hasPrefix(base + ".")) }
        for group in [own] + others.sorted() {
            let points = try patiently { () throws(KafkaError) in
                try admin.committedOffsets(group: group, partitions: Array(ranges.keys))
            }
            for point in points {
                if group == own, point.offset >= 0 { self.committed[point.source] = point.offset }
                guard let range = ranges[point.source], point.offset <= range.upperBound,
                    var position = ReplayPosition(next: point.offset, metadata: point.metadata), position.work.target == work.target
                else { continue }
                position.failed = position.failed.filter { range.contains($0) }
                self.all[point.source, default: []].append(position)
                if group == own, position.work == work { self.own[point.source] = position }
            }
        }
    }

    /// The cluster's groups; none where the broker cannot list them, as the embedded one.
    private static func groups(_ admin: KafkaAdmin) throws(KafkaError) -> [String] {
        do {
            return try admin.listGroups().map(\.id)
        } catch  where error.name == "_UNSUPPORTED_FEATURE" {
            FleetProcess.complain("this broker cannot list groups: what replays with other selections have sent is not known")
            return []
        }
    }

    /// Whether a letter was sent already, by whichever selection.
    func hasSent(_ letter: StoredLetter) -> Bool {
        guard let positions = self.all[letter.record.source] else { return false }
        return letter.record.withView { view in
            positions.contains { $0.hasSent(view, letter.headers, offset: letter.record.offset, time: letter.time) }
        }
    }
}
