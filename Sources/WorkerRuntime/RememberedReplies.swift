import Synchronization
import Wire

/// The replies to requests with an idempotency key, and which of these requests run here.
///
/// Memory is bounded: by the window, by a number and by bytes; the oldest go first. Replies are kept as they stand on the wire.
final class RememberedReplies: Sendable {
    /// How much is kept.
    struct Limits: Sendable {
        /// Milliseconds since a request's end for which its reply counts.
        var window: Int64 = 3_600_000
        /// Replies; 100,000.
        var replies = 100_000
        /// Bytes of replies and scopes; 64 MiB.
        var bytes = 64 << 20
        /// Bytes of one reply; a larger one is not kept.
        var replyBytes = RememberedReply.maximumBytes
    }

    /// What becomes of a request with an idempotency key.
    enum Start: Sendable, Hashable {
        /// It runs, as the only one with its key; ``end(_:)`` must follow.
        case run
        /// It is to ask again after so many milliseconds: another one with its key runs, or what is remembered has not been read yet.
        case wait(milliseconds: Int64)
        /// It does not run: this is the answer, if its fingerprint is the request's.
        case remembered(RememberedReply)
    }

    /// What a record of the topic changed.
    enum Change: Sendable, Hashable {
        case remembered, forgotten
        /// It is older than the window, or than what is known.
        case outdated
        /// A type of a later version.
        case unknown(String)
    }

    /// Milliseconds that requests wait for what is remembered elsewhere to be read.
    static let patience: Int64 = 5_000
    /// Bytes that an entry takes beside its reply and its scope, roughly.
    static let entryBytes = 128

    fileprivate struct Entry {
        let value: [UInt8]
        /// Milliseconds since 1970.
        let time: Int64

        func bytes(under scope: String) -> Int { RememberedReplies.entryBytes + scope.utf8.count + self.value.count }
    }

    fileprivate struct State {
        var entries: [String: Entry] = [:]
        var ages = AgeQueue()
        var bytes = 0
        /// Scopes of requests that run, and since when by the clock that never jumps.
        var running: [String: Int64] = [:]
        /// The newest mark, and up to which one the topic has been read: no request comes before an assignment has made the first.
        var mark = 0
        var readMark = 0
        /// When the newest mark was made.
        var markedAt: Int64 = 0
        var isTopicMissing = false
    }

    private let limits: Limits
    private let state = Mutex(State())
    /// Told when a reply had to go before its time.
    private let onForgotten: @Sendable (Int) -> Void

    init(limits: Limits, onForgotten: @escaping @Sendable (Int) -> Void = { _ in }) {
        self.limits = limits
        self.onForgotten = onForgotten
    }

    /// The replies that are kept.
    var count: Int { self.state.withLock { $0.entries.count } }
    /// What they take.
    var bytes: Int { self.state.withLock { $0.bytes } }

    // MARK: Requests

    /// Asks when a request's turn has come.
    ///
    /// - Parameters:
    ///   - now: milliseconds since 1970.
    ///   - tick: milliseconds of the clock that never jumps.
    func begin(_ scope: String, now: Int64, tick: Int64) -> Start {
        let (start, entry): (Start, Entry?) = self.state.withLock { state in
            if let entry = state.entries[scope] {
                if now - entry.time < self.limits.window { return (.run, entry) }
                state.forget(scope)
            }
            if let pause = state.pauseForReading(tick) { return (.wait(milliseconds: pause), nil) }
            if let since = state.running[scope] { return (.wait(milliseconds: State.pause(since: since, tick)), nil) }
            state.running[scope] = tick
            return (.run, nil)
        }
        guard let entry else { return start }
        guard let reply = try? RememberedReply(scope: scope, decoding: entry.value) else {
            // A result that nests deeper than can be read back: it is as good as forgotten.
            self.state.withLock { $0.forget(scope) }
            return self.begin(scope, now: now, tick: tick)
        }
        return .remembered(reply)
    }

    /// Remembers the reply to a request that runs.
    ///
    /// - Returns: the value for the topic; nil when the reply is too large.
    func remember(_ reply: RememberedReply) -> [UInt8]? {
        let value = reply.encodeValue()
        guard value.count <= self.limits.replyBytes else {
            self.onForgotten(1)
            return nil
        }
        self.keep(Entry(value: value, time: reply.time), reply.scope, now: reply.time)
        return value
    }

    /// A request that ran has ended: what waits for it gets its reply, or the next one runs.
    func end(_ scope: String) {
        self.state.withLock { _ = $0.running.removeValue(forKey: scope) }
    }

    // MARK: The topic

    /// Takes a record of the topic in; one that comes again changes nothing.
    ///
    /// - Parameter value: the record's.
    func take(_ record: RememberedRecord, value: [UInt8], now: Int64) -> Change {
        switch record {
        case .unknown(let name): return .unknown(name)
        case .forgotten(let scope):
            self.state.withLock { $0.forget(scope) }
            return .forgotten
        case .remembered(let reply):
            // One that lies ahead counts as of now: a clock that is wrong must not keep it for longer.
            let entry = Entry(value: value, time: min(reply.time, now))
            guard now - entry.time < self.limits.window, value.count <= self.limits.replyBytes else { return .outdated }
            return self.keep(entry, reply.scope, now: now) ? .remembered : .outdated
        }
    }

    /// Requests whose keys are not known wait from now on until the topic has been read up to this mark.
    ///
    /// - Returns: the mark.
    func mark(tick: Int64) -> Int {
        self.state.withLock { state in
            state.mark += 1
            state.markedAt = tick
            return state.mark
        }
    }

    /// The topic has been read up to a mark.
    func read(upTo mark: Int) {
        self.state.withLock { state in
            state.readMark = max(state.readMark, mark)
            state.isTopicMissing = false
        }
    }

    /// The topic cannot be read: nobody waits for it, and nothing is published to it.
    func topicIsMissing() { self.state.withLock { $0.isTopicMissing = true } }

    /// Whether there is a topic to publish to, as far as is known.
    var hasTopic: Bool { self.state.withLock { !$0.isTopicMissing } }

    /// Forgets what is older than the window.
    func removeOutdated(now: Int64) {
        self.state.withLock { $0.removeOutdated(self.limits, now: now) }
    }

    /// Keeps a reply unless a newer one is known.
    @discardableResult
    private func keep(_ entry: Entry, _ scope: String, now: Int64) -> Bool {
        let forgotten: Int? = self.state.withLock { state in
            if let known = state.entries[scope], known.time > entry.time { return nil }
            state.forget(scope)
            state.entries[scope] = entry
            state.bytes += entry.bytes(under: scope)
            state.ages.insert(time: entry.time, scope)
            return state.shrink(self.limits, now: now)
        }
        if let forgotten, forgotten > 0 { self.onForgotten(forgotten) }
        return forgotten != nil
    }
}

extension RememberedReplies.State {
    fileprivate mutating func forget(_ scope: String) {
        if let entry = self.entries.removeValue(forKey: scope) { self.bytes -= entry.bytes(under: scope) }
    }

    /// How long to wait for the topic to be read; nil for not at all.
    fileprivate func pauseForReading(_ tick: Int64) -> Int64? {
        guard self.readMark < self.mark, !self.isTopicMissing, tick - self.markedAt < RememberedReplies.patience else { return nil }
        return Self.pause(since: self.markedAt, tick)
    }

    /// A quarter of the time that has gone by, 10 ms to 1 s: what has taken long is asked about less often.
    fileprivate static func pause(since start: Int64, _ tick: Int64) -> Int64 { min(max(10, (tick - start) / 4), 1_000) }

    fileprivate mutating func removeOutdated(_ limits: RememberedReplies.Limits, now: Int64) {
        while let (time, scope) = self.ages.oldest, now - time >= limits.window {
            self.ages.removeOldest()
            if self.entries[scope]?.time == time { self.forget(scope) }
        }
    }

    /// Makes room; the oldest go.
    ///
    /// - Returns: how many went before their time.
    fileprivate mutating func shrink(_ limits: RememberedReplies.Limits, now: Int64) -> Int {
        var forgotten = 0
        if self.entries.count > limits.replies || self.bytes > limits.bytes { self.removeOutdated(limits, now: now) }
        while self.entries.count > limits.replies || self.bytes > limits.bytes, let (time, scope) = self.ages.oldest {
            self.ages.removeOldest()
            guard self.entries[scope]?.time == time else { continue }
            self.forget(scope)
            forgotten += 1
        }
        // Entries that were replaced leave their old ages behind.
        if self.ages.count > 2 * self.entries.count + 64 { self.ages = AgeQueue(self.entries.map { ($0.value.time, $0.key) }) }
        return forgotten
    }
}

/// Scopes by the time of their replies, the oldest first: a binary heap.
private struct AgeQueue {
    private var items: [(time: Int64, scope: String)]

    init(_ items: [(Int64, String)] = []) {
        self.items = items.map { (time: $0.0, scope: $0.1) }.sorted { $0.time < $1.time }
    }

    var count: Int { self.items.count }
    var oldest: (time: Int64, scope: String)? { self.items.first }

    mutating func insert(time: Int64, _ scope: String) {
        var index = self.items.count
        self.items.append((time, scope))
        while index > 0, self.items[index].time < self.items[(index - 1) / 2].time {
            self.items.swapAt(index, (index - 1) / 2)
            index = (index - 1) / 2
        }
    }

    mutating func removeOldest() {
        guard let last = self.items.popLast(), !self.items.isEmpty else { return }
        self.items[0] = last
        var index = 0
        while true {
            var least = index
            for child in [2 * index + 1, 2 * index + 2] where child < self.items.count && self.items[child].time < self.items[least].time {
                least = child
            }
            guard least != index else { return }
            self.items.swapAt(index, least)
            index = least
        }
    }
}
