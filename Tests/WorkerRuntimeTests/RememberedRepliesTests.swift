import Orchestration
import Synchronization
import Testing
import Wire

@testable import WorkerRuntime

@Suite("Remembered replies", .timeLimit(.minutes(1)))
struct RememberedRepliesTests {
    private let now: Int64 = 1_795_256_130_123
    private let window: Int64 = 10_000

    private final class Forgotten: Sendable {
        private let number = Mutex(0)
        var count: Int { self.number.withLock { $0 } }
        func add(_ count: Int) { self.number.withLock { $0 += count } }
    }

    private func replies(
        _ forgotten: Forgotten = Forgotten(),
        _ configure: (inout RememberedReplies.Limits) -> Void = { _ in }
    ) -> RememberedReplies {
        var limits = RememberedReplies.Limits(window: self.window)
        configure(&limits)
        return RememberedReplies(limits: limits) { forgotten.add($0) }
    }

    private func reply(_ scope: String, _ time: Int64, fingerprint: UInt64 = 1, _ result: StepResult = .ok()) -> RememberedReply {
        RememberedReply(scope: scope, requestID: "r-\(scope)", orchestrator: "echo", fingerprint: fingerprint, time: time, result: result)
    }

    private func begin(_ replies: RememberedReplies, _ scope: String, _ now: Int64, tick: Int64 = 0) -> RememberedReplies.Start {
        replies.begin(scope, now: now, tick: tick)
    }

    private func take(_ replies: RememberedReplies, _ reply: RememberedReply, _ now: Int64) -> RememberedReplies.Change {
        replies.take(.remembered(reply), value: reply.encodeValue(), now: now)
    }

    @Test("a reply answers for its window, and no longer")
    func answers() {
        let replies = self.replies()
        #expect(self.begin(replies, "t/a", self.now) == .run)
        let reply = self.reply("t/a", self.now, .uncertain(["n": 1]))
        #expect(replies.remember(reply) == reply.encodeValue())
        // At once, before the run is over.
        #expect(self.begin(replies, "t/a", self.now) == .remembered(reply))
        replies.end("t/a")
        #expect(self.begin(replies, "t/a", self.now + self.window - 1) == .remembered(reply))
        #expect(self.begin(replies, "t/b", self.now) == .run)
        #expect(self.begin(replies, "t/a", self.now + self.window) == .run)
        #expect(replies.count == 0 && replies.bytes == 0)
    }

    @Test("one of them runs at a time; when it ends without a reply to remember the next one does")
    func running() {
        let replies = self.replies()
        #expect(self.begin(replies, "t/a", self.now, tick: 1_000) == .run)
        // What runs for long is asked about less often.
        for (tick, pause) in [(1_000, 10), (1_400, 100), (3_000, 500), (60_000, 1_000)] as [(Int64, Int64)] {
            #expect(self.begin(replies, "t/a", self.now, tick: tick) == .wait(milliseconds: pause))
        }
        #expect(self.begin(replies, "t/b", self.now) == .run)
        replies.end("t/a")
        #expect(self.begin(replies, "t/a", self.now, tick: 2_000) == .run)
        #expect(self.begin(replies, "t/a", self.now, tick: 2_000) == .wait(milliseconds: 10))
    }

    @Test("requests whose keys are not known wait for the topic after each assignment, with patience, and not for one that is missing")
    func reading() {
        let replies = self.replies()
        // Before anything was asked for nobody waits.
        #expect(self.begin(replies, "t/0", self.now) == .run)
        #expect(replies.mark(tick: 1_000) == 1)
        #expect(self.take(replies, self.reply("t/a", self.now), self.now) == .remembered)
        #expect(self.begin(replies, "t/a", self.now, tick: 1_000) == .remembered(self.reply("t/a", self.now)))
        #expect(self.begin(replies, "t/b", self.now, tick: 1_200) == .wait(milliseconds: 50))
        replies.read(upTo: 0)
        #expect(self.begin(replies, "t/b", self.now, tick: 1_200) == .wait(milliseconds: 50))
        replies.read(upTo: 1)
        #expect(self.begin(replies, "t/b", self.now, tick: 1_200) == .run)
        #expect(replies.mark(tick: 2_000) == 2)
        #expect(self.begin(replies, "t/c", self.now, tick: 2_000 + RememberedReplies.patience - 1) == .wait(milliseconds: 1_000))
        #expect(self.begin(replies, "t/c", self.now, tick: 2_000 + RememberedReplies.patience) == .run)
        #expect(replies.mark(tick: 9_000) == 3 && replies.hasTopic)
        #expect(self.begin(replies, "t/d", self.now, tick: 9_000) == .wait(milliseconds: 10))
        replies.topicIsMissing()
        #expect(self.begin(replies, "t/d", self.now, tick: 9_000) == .run && !replies.hasTopic)
        replies.read(upTo: 3)
        #expect(replies.hasTopic)
    }

    @Test("what comes from the topic: the newest counts, the outdated is ignored, a null forgets, a clock that is ahead gains nothing")
    func topic() {
        let replies = self.replies()
        #expect(self.take(replies, self.reply("t/a", self.now - self.window), self.now) == .outdated)
        #expect(self.take(replies, self.reply("t/a", self.now, fingerprint: 1), self.now) == .remembered)
        #expect(self.take(replies, self.reply("t/a", self.now - 1, fingerprint: 2), self.now) == .outdated)
        #expect(self.begin(replies, "t/a", self.now) == .remembered(self.reply("t/a", self.now)))
        // Its own record comes back.
        #expect(self.take(replies, self.reply("t/a", self.now), self.now) == .remembered && replies.count == 1)
        #expect(replies.take(.forgotten(scope: "t/a"), value: [], now: self.now) == .forgotten)
        #expect(replies.take(.forgotten(scope: "t/nobody"), value: [], now: self.now) == .forgotten)
        #expect(replies.count == 0 && replies.bytes == 0 && self.begin(replies, "t/a", self.now) == .run)
        #expect(self.take(replies, self.reply("t/ahead", self.now + 1_000_000), self.now) == .remembered)
        #expect(self.begin(replies, "t/ahead", self.now + self.window) == .run)
        #expect(replies.take(.unknown("type"), value: [], now: self.now) == .unknown("type"))
    }

    @Test("the oldest go first when there are too many, whatever the order they came in, and are counted")
    func order() {
        let forgotten = Forgotten()
        let replies = self.replies(forgotten) { $0.replies = 10 }
        for age in [5, 19, 0, 3, 11, 7, 2, 14, 9, 1, 16, 4, 18, 6, 10, 8, 13, 12, 17, 15] as [Int64] {
            #expect(self.take(replies, self.reply("t/\(age)", self.now - age), self.now) == .remembered)
        }
        #expect(replies.count == 10 && forgotten.count == 10)
        for age in 0..<20 as Range<Int64> {
            #expect((self.begin(replies, "t/\(age)", self.now) == .run) == (age >= 10), "\(age)")
        }
    }

    @Test("bytes are bounded too, and a reply that is too large is not kept")
    func bytes() {
        let forgotten = Forgotten()
        let one = RememberedReplies.entryBytes + 5 + self.reply("t/100", self.now).encodeValue().count
        let replies = self.replies(forgotten) {
            $0.bytes = 10 * one
            $0.replyBytes = one
        }
        for number in 100..<125 as Range<Int64> { _ = replies.remember(self.reply("t/\(number)", self.now + number)) }
        #expect(replies.count == 10 && replies.bytes == 10 * one && forgotten.count == 15)
        let large = self.reply("t/1", self.now, .ok(["text": .string(String(repeating: "x", count: one))]))
        #expect(replies.remember(large) == nil && forgotten.count == 16)
        #expect(self.take(replies, large, self.now) == .outdated && replies.count == 10)
    }

    @Test("outdated ones make room before others have to go, and are not counted; a key that is used again and again leaves nothing behind")
    func outdated() {
        let forgotten = Forgotten()
        let replies = self.replies(forgotten) { $0.replies = 4 }
        for number in 0..<3 as Range<Int64> { _ = replies.remember(self.reply("t/\(number)", self.now + number)) }
        replies.removeOutdated(now: self.now + self.window)
        #expect(replies.count == 2)
        for number in 0..<1_000 as Range<Int64> { _ = replies.remember(self.reply("t/a", self.now + self.window + number)) }
        #expect(replies.count == 3)
        for number in 0..<3 as Range<Int64> { _ = replies.remember(self.reply("u/\(number)", self.now + 2 * self.window)) }
        #expect(replies.count == 4 && forgotten.count == 0)
        #expect(self.begin(replies, "t/a", self.now + 2 * self.window) != .run)
        replies.removeOutdated(now: self.now + 4 * self.window)
        #expect(replies.count == 0 && replies.bytes == 0)
    }

    @Test("a reply that cannot be read back is as good as forgotten")
    func tooDeep() {
        let replies = self.replies()
        var value: StepResult = .ok()
        value.data = (0..<200).reduce(["x": 1]) { inner, _ in ["x": .object(inner)] }
        #expect(replies.remember(self.reply("t/a", self.now, value)) != nil)
        #expect(self.begin(replies, "t/a", self.now) == .run && replies.count == 0)
    }
}
