/// Keeps the order of the keys of one partition of requests while failed ones wait in retry topics.
///
/// A record is named by its origin, the offset of the request that it is or is a copy of. Of one key only the smallest origin that waits may
/// run; whatever else of the key would start is diverted behind it, as a copy in its retry topic, or held until it has resolved, when that is
/// near. Copies of one origin can be there twice after a crash; all but one are dropped. A pure value, as ``DeliveryMachine``: it knows no clock.
public struct RetryDiversion: Sendable {
    /// Where a copy waits, and for how long.
    public struct Place: Sendable, Hashable {
        /// The number of its topic.
        public var tier: Int
        /// Milliseconds since 1970.
        public var due: Int64

        /// Names a place.
        public init(tier: Int, due: Int64) {
            self.tier = tier
            self.due = due
        }
    }

    /// What to do with a record that is about to start.
    public enum Decision: Sendable, Hashable {
        /// Nothing before it waits.
        case run
        /// Finish it: a copy of it remains, or it has run already.
        case drop
        /// Copy it behind the one that it waits for.
        case divert(Place)
        /// Set it aside in memory: what it waits for comes soon; tell ``held(_:key:name:)`` then.
        case hold
    }

    /// What may be held, so that it does not take the room of what it waits for.
    public struct Limits: Sendable, Hashable {
        /// Milliseconds that something held may wait for a copy.
        public var patience: Int64
        /// Records held at the same time behind copies.
        public var held: Int
        /// The same of one key.
        public var heldOfKey = 64
        /// Copies of a key above which nothing is held.
        public var copiesOfKey = 16

        /// Sets the limits.
        public init(patience: Int64, held: Int) {
            self.patience = patience
            self.held = held
        }
    }

    /// Milliseconds that a diverted copy waits at least, so that none circulates without a pause.
    public static let shortestWait: Int64 = 1_000
    /// Copies from which on the partition of requests is read no further.
    public static let fullAt = 200_000
    /// Finished copies that are remembered, to know a second one that comes late.
    static let remembered = 4_096

    struct Entry: Sendable {
        let key: UInt64
        /// Unfinished copies; 0 for a request that is held.
        var copies: Int
        var place: Place
        /// The name of what is held; 0 for nothing.
        var held: UInt64 = 0
        /// It was held, and is no more.
        var wasHeld = false
    }

    var entries: [Int64: Entry] = [:]
    var lines: [UInt64: WaitingLine] = [:]
    private var recent: Set<Int64> = []
    private var recentOrder: [Int64] = []
    private var recentNext = 0
    private let limits: Limits
    /// Records that are held.
    public private(set) var heldCount = 0

    /// Nothing waits.
    public init(limits: Limits) { self.limits = limits }

    /// Whether nothing waits, in topics or in memory.
    public var isEmpty: Bool { self.entries.isEmpty }
    /// Origins that wait.
    public var count: Int { self.entries.count }
    /// Keys that wait.
    public var keyCount: Int { self.lines.count }
    /// Whether the partition of requests should be read no further.
    public var isFull: Bool { self.entries.count >= Self.fullAt }

    /// An unfinished copy was found in a retry topic.
    ///
    /// - Parameter key: a hash of the record's key; 0 for a record whose order does not matter.
    public mutating func restored(_ origin: Int64, key: UInt64, place: Place) {
        if self.entries[origin] == nil {
            self.add(origin, Entry(key: key, copies: 1, place: place))
        } else {
            self.entries[origin]?.copies += 1
            self.entries[origin]?.place = place
        }
    }

    /// Decides about a record that is about to start.
    ///
    /// - Parameters:
    ///   - copy: where it was read from, if it is a copy; nil for a request.
    ///   - now: milliseconds since 1970.
    public mutating func decide(_ origin: Int64, key: UInt64, copy: Place?, now: Int64) -> Decision {
        if let copy {
            if let entry = self.entries[origin] {
                if entry.copies > 1 {
                    self.entries[origin]?.copies -= 1
                    return .drop
                }
                self.entries[origin]?.copies = 1
                if entry.copies == 0 { self.lines[entry.key]?.copies += 1 }
            } else if self.recent.contains(origin) {
                return .drop
            } else {
                self.add(origin, Entry(key: key, copies: 1, place: copy))
            }
        } else if let entry = self.entries[origin], entry.copies > 0 {
            return .drop
        }
        let key = self.entries[origin]?.key ?? key
        let wasHeld = self.release(origin)
        guard let line = self.lines[key], let first = line.first, origin > first, let head = self.entries[first] else { return .run }
        let others = line.copies - (copy == nil ? 0 : 1)
        // Behind what is only held it waits as it would in its lane.
        if others == 0 { return .hold }
        let isNear = head.copies == 0 || head.place.due <= now + self.limits.patience
        let isRoom = self.heldCount < self.limits.held && line.held < self.limits.heldOfKey && others <= self.limits.copiesOfKey
        if isNear, isRoom, !wasHeld { return .hold }
        let tier = head.copies == 0 ? copy?.tier ?? 0 : head.place.tier
        return .divert(Place(tier: tier, due: max(head.place.due, now + Self.shortestWait)))
    }

    /// A record waits in memory.
    ///
    /// - Parameter name: what ``copied(_:key:place:now:)`` and ``finished(_:key:now:)`` call it by when it may start again; not 0.
    public mutating func held(_ origin: Int64, key: UInt64, name: UInt64) {
        if self.entries[origin] == nil { self.add(origin, Entry(key: key, copies: 0, place: Place(tier: 0, due: 0))) }
        guard let entry = self.entries[origin], entry.held == 0 else { return }
        self.entries[origin]?.held = name
        self.lines[entry.key]?.held += 1
        self.heldCount += 1
    }

    /// A record is copied to a retry topic: it has failed, or is diverted.
    ///
    /// The copy counts from now on; a copy that was copied counts no more.
    /// - Returns: the names of held records that may start again.
    public mutating func copied(_ origin: Int64, key: UInt64, place: Place, now: Int64) -> [UInt64] {
        guard let entry = self.entries[origin] else {
            self.add(origin, Entry(key: key, copies: 1, place: place))
            return self.awaken(key, now: now)
        }
        self.entries[origin]?.place = place
        self.entries[origin]?.wasHeld = false
        if entry.copies == 0 {
            self.entries[origin]?.copies = 1
            self.lines[entry.key]?.copies += 1
        }
        return self.awaken(entry.key, now: now)
    }

    /// A record is over: handled, or given up.
    ///
    /// - Returns: the names of held records that may start again.
    public mutating func finished(_ origin: Int64, key: UInt64, now: Int64) -> [UInt64] {
        guard let entry = self.entries[origin] else { return [] }
        if entry.copies > 0 { self.remember(origin) }
        if entry.copies > 1 {
            self.entries[origin]?.copies -= 1
            return []
        }
        _ = self.release(origin)
        self.entries[origin] = nil
        self.lines[entry.key]?.remove(origin)
        self.lines[entry.key]?.copies -= entry.copies
        if self.lines[entry.key]?.isEmpty ?? false { self.lines[entry.key] = nil }
        return self.awaken(entry.key, now: now)
    }

    // MARK: Inside

    private mutating func add(_ origin: Int64, _ entry: Entry) {
        self.entries[origin] = entry
        guard entry.key != 0 else { return }
        self.lines[entry.key, default: WaitingLine()].insert(origin)
        self.lines[entry.key]?.copies += entry.copies
    }

    /// Ends the holding of a record; whether it was held before.
    private mutating func release(_ origin: Int64) -> Bool {
        guard let entry = self.entries[origin], entry.held != 0 || entry.wasHeld else { return false }
        guard entry.held != 0 else { return true }
        self.entries[origin]?.held = 0
        self.entries[origin]?.wasHeld = true
        self.lines[entry.key]?.held -= 1
        self.heldCount -= 1
        return true
    }

    /// Who is first of its key now and held, or, when the first has gone far away, all that are held.
    private mutating func awaken(_ key: UInt64, now: Int64) -> [UInt64] {
        guard let line = self.lines[key], line.held > 0, let first = line.first, let head = self.entries[first] else { return [] }
        if head.held != 0 {
            _ = self.release(first)
            return [head.held]
        }
        guard head.copies > 0, head.place.due > now + self.limits.patience else { return [] }
        var names: [UInt64] = []
        for origin in line.origins {
            guard let name = self.entries[origin]?.held, name != 0 else { continue }
            _ = self.release(origin)
            names.append(name)
        }
        return names
    }

    private mutating func remember(_ origin: Int64) {
        guard self.recent.insert(origin).inserted else { return }
        if self.recentOrder.count < Self.remembered {
            self.recentOrder.append(origin)
        } else {
            self.recent.remove(self.recentOrder[self.recentNext])
            self.recentOrder[self.recentNext] = origin
            self.recentNext = (self.recentNext + 1) % Self.remembered
        }
    }
}

/// The origins of one key that wait, in order.
struct WaitingLine: Sendable {
    private var sorted: [Int64] = []
    /// Those before are gone.
    private var start = 0
    /// Unfinished copies, each origin counted once.
    var copies = 0
    /// Records that are held.
    var held = 0

    var first: Int64? { self.start < self.sorted.count ? self.sorted[self.start] : nil }
    var isEmpty: Bool { self.start == self.sorted.count }
    var origins: ArraySlice<Int64> { self.sorted[self.start...] }

    mutating func insert(_ origin: Int64) {
        guard let last = self.sorted.last, last >= origin, !self.isEmpty else { return self.sorted.append(origin) }
        self.sorted.insert(origin, at: self.index(of: origin))
    }

    mutating func remove(_ origin: Int64) {
        let index = self.index(of: origin)
        guard index < self.sorted.count, self.sorted[index] == origin else { return }
        guard index == self.start else {
            self.sorted.remove(at: index)
            return
        }
        self.start += 1
        guard self.start > 32, self.start * 2 > self.sorted.count else { return }
        self.sorted.removeSubrange(..<self.start)
        self.start = 0
    }

    /// Where an origin stands or belongs.
    private func index(of origin: Int64) -> Int {
        var low = self.start
        var high = self.sorted.count
        while low < high {
            let middle = (low + high) / 2
            if self.sorted[middle] < origin { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
