/// What one partition has committed, is committing, and has still to commit.
struct CommitState: Sendable {
    struct UnderWay: Sendable {
        let number: UInt64
        let offset: Int64
        let isOpen: Bool
        let isFarewell: Bool
        let changes: UInt64
        var declared: [DeliveryMachine.Slot]
    }

    /// The share of the metadata's room from which on nothing more is taken in.
    static let fullShare = 0.75

    /// Where the group stands; -1 when it has committed nothing.
    var committed: Int64 = -1
    /// The share of the metadata's room that the last commit needed.
    var share = 0.0
    /// Whether the last commit says that the partition is at work.
    var isOpen = false
    /// Whether that commit names this process.
    var isOurs = true
    /// Whether a commit has said that the partition is left.
    private(set) var hasLeft = false
    private(set) var underWay: UnderWay?
    /// Records whose start the next commit is to tell.
    private var declaring: [DeliveryMachine.Slot] = []
    /// The change that must be committed before anybody starts.
    private var awaited: UInt64 = 0
    private var changes: UInt64 = 0
    private var changesCommitted: UInt64 = 0

    /// Whether records may begin.
    var isOpenToUs: Bool { self.isOpen && self.isOurs }

    mutating func changed() { self.changes += 1 }

    /// Something has changed that nobody may start before.
    mutating func changedForAll() {
        self.changes += 1
        self.awaited = self.changes
    }

    /// Whether all wait for a commit.
    var isAwaited: Bool { self.awaited > self.changesCommitted }

    mutating func declare(_ slot: DeliveryMachine.Slot) { self.declaring.append(slot) }

    /// Starts that are not told yet.
    var declaredCount: Int { self.declaring.count + (self.underWay?.declared.count ?? 0) }

    /// Records that nobody wants to start any more: all that a partition that is left has told.
    mutating func forgetDeclared() {
        self.declaring = []
        self.underWay?.declared = []
        self.changed()
    }

    /// Whether there is something to say that the commit under way does not.
    var hasNews: Bool { self.changes != (self.underWay?.changes ?? self.changesCommitted) || !self.declaring.isEmpty }

    /// Whether there is something to say that no commit has said for certain.
    var isBehind: Bool { self.changes != self.changesCommitted }

    /// Whether records wait for the next commit.
    var isWaitedFor: Bool { !self.declaring.isEmpty || self.isAwaited }

    mutating func begin(number: UInt64, offset: Int64, isOpen: Bool, isFarewell: Bool) {
        // What an earlier commit was to tell, this one tells too.
        let declared = (self.underWay?.declared ?? []) + self.declaring
        self.underWay = UnderWay(
            number: number,
            offset: offset,
            isOpen: isOpen,
            isFarewell: isFarewell,
            changes: self.changes,
            declared: declared
        )
        self.declaring = []
    }

    /// The commit of this number has ended.
    ///
    /// - Returns: the records whose start is told now.
    mutating func ended(_ number: UInt64, succeeded: Bool) -> [DeliveryMachine.Slot] {
        guard let underWay = self.underWay, underWay.number == number else { return [] }
        self.underWay = nil
        guard succeeded else {
            self.declaring = underWay.declared + self.declaring
            return []
        }
        self.committed = max(self.committed, underWay.offset)
        self.isOpen = underWay.isOpen
        self.isOurs = !underWay.isFarewell
        self.hasLeft = underWay.isFarewell
        self.changesCommitted = underWay.changes
        return underWay.declared
    }
}

/// What is committed, and when.
extension DeliveryMachine {
    /// A commit of one partition; ``commitEnded(_:number:succeeded:_:)`` tells how it went.
    public struct Commit: Sendable, Hashable {
        /// Whose commit it is.
        public var partition: Partition
        /// The next offset to read: every record below it is finished.
        public var offset: Int64
        /// What travels with it.
        public var metadata: CommitMetadata.Encoded
        /// Tells this commit from others of the same partition.
        public var number: UInt64
    }

    /// What there is to commit.
    ///
    /// - Parameter last: partitions that are revoking say goodbye, and what is under way is said again: before a partition leaves, its owner must
    ///   know that a commit has succeeded.
    public mutating func beginCommit(last: Bool = false) -> [Commit] {
        var commits: [Commit] = []
        for index in self.partitions.indices where self.isToBeCommitted(index, last: last) {
            guard let base = self.partitions[index].tracker.base else { continue }
            let isLeaving = self.partitions[index].state == .revoking && (last || self.partitions[index].active == 0)
            // Who leaves before the records are through that a crash made suspicious leaves the suspicion to the next.
            let isOpen = !isLeaving || base < self.partitions[index].suspiciousBelow
            let metadata = CommitMetadata(
                isOpen: isOpen,
                owner: !isOpen ? 0 : isLeaving ? self.partitions[index].accused : self.identity,
                finished: self.partitions[index].tracker.finishedAboveBase,
                started: self.partitions[index].attempts.started(from: base, isFarewell: isLeaving)
            ).encoded(base: base)
            self.commitNumber += 1
            self.partitions[index].commits.begin(number: self.commitNumber, offset: base, isOpen: isOpen, isFarewell: isLeaving)
            self.partitions[index].commits.share = metadata.share
            commits.append(Commit(partition: Partition(index), offset: base, metadata: metadata, number: self.commitNumber))
        }
        return commits
    }

    /// A commit has ended.
    ///
    /// - Parameter body: gets the records that may begin because of it.
    public mutating func commitEnded(_ partition: Partition, number: UInt64, succeeded: Bool, _ body: (Start) -> Void) {
        guard self.partitions.indices.contains(Int(partition)) else { return }
        for slot in self.partitions[Int(partition)].commits.ended(number, succeeded: succeeded) { self.grant(slot, body) }
        if self.telling == partition, !self.partitions[Int(partition)].commits.isAwaited { self.telling = nil }
    }

    /// Whether there is something to commit.
    public var hasUncommitted: Bool { self.partitions.indices.contains { self.isToBeCommitted($0, last: false) } }

    /// Whether records wait for a commit, or one partition has come far from its last one.
    public var isCommitUrgent: Bool {
        self.partitions.indices.contains { index in
            guard self.isToBeCommitted(index, last: false) else { return false }
            let commits = self.partitions[index].commits
            return commits.isWaitedFor || self.wantsToOpen(index)
                || (commits.committed >= 0 && (self.partitions[index].tracker.base ?? 0) - commits.committed > self.limits.window / 2)
        }
    }

    /// The finished offsets of a partition above its base: what a crash need not run again.
    public func finishedAboveBase(of partition: Partition) -> [Range<Int64>] { self.partitions[Int(partition)].tracker.finishedAboveBase }

    /// The share of the room for metadata that the fullest partition needs.
    public var metadataShare: Double {
        self.partitions.lazy.filter { $0.state != .retired }.map(\.commits.share).max() ?? 0
    }

    private func isToBeCommitted(_ index: Int, last: Bool) -> Bool {
        let commits = self.partitions[index].commits
        switch self.partitions[index].state {
        case .retired: return false
        case .reading:
            if last { return commits.isBehind }
            return commits.underWay == nil && (commits.hasNews || self.wantsToOpen(index))
        case .revoking:
            let isToBeLeft = (commits.isOpen || commits.underWay?.isOpen == true) && !commits.hasLeft
            if last { return commits.isBehind || isToBeLeft }
            return commits.underWay == nil && (commits.hasNews || isToBeLeft && self.partitions[index].active == 0)
        }
    }

    private func wantsToOpen(_ index: Int) -> Bool { self.partitions[index].held > 0 && !self.partitions[index].commits.isOpenToUs }
}
