import Orchestration
import Testing
import Wire

@testable import fleet

@Suite("What a replay decides")
struct ReplayPolicyTests {
    private static let names = TopicNames(prefix: "p.")

    private func decide(
        _ headers: KeyValuePairs<String, String?>,
        value: String? = "{}",
        to target: String? = nil,
        maxReplays: Int = 3
    ) -> ReplayDecision {
        let policy = ReplayPolicy(
            work: ReplayWork(target: target, maxReplays: maxReplays),
            topics: ["p.orchestration.requests.domain": 4, "orders": 2, "p.orchestration.results.domain": 1, "__consumer_offsets": 50],
            names: Self.names
        )
        return LetterSample(value: value, headers).withView { policy.decide($1, hasValue: $0.value != nil) }
    }

    @Test("a letter goes to the topic and the partition that it came from, if it is still there")
    func original() {
        let topic = "p.orchestration.requests.domain"
        #expect(self.decide(["x-dlq-source-topic": topic, "x-dlq-source-partition": "3"]) == .send(topic: topic, partition: 3))
        #expect(self.decide(["x-dlq-source-topic": topic, "x-dlq-source-partition": "4"]) == .send(topic: topic, partition: nil))
        #expect(self.decide(["x-dlq-source-topic": topic, "x-dlq-source-partition": "x"]) == .send(topic: topic, partition: nil))
        #expect(self.decide(["x-dlq-source-topic": "orders"]) == .send(topic: "orders", partition: nil))
    }

    @Test("or elsewhere, by its key")
    func elsewhere() {
        #expect(self.decide(["x-dlq-source-partition": "1"], to: "orders") == .send(topic: "orders", partition: nil))
        #expect(self.decide([:], to: "orders") == .send(topic: "orders", partition: nil))
        #expect(self.decide([:], to: "gone") == .missing(topic: "gone"))
    }

    @Test("a topic that is missing ends the replay")
    func missing() {
        #expect(
            self.decide(["x-dlq-source-topic": "p.orchestration.requests.application"])
                == .missing(topic: "p.orchestration.requests.application")
        )
    }

    @Test(
        "a replay count at the limit is left alone",
        arguments: [("0", 0, true), ("2", 3, false), ("3", 3, true), ("4", 3, true), ("junk", 3, false)]
    )
    func guarding(count: String, limit: Int, isGuarded: Bool) {
        let decision = self.decide(["x-dlq-replay-count": count, "x-dlq-source-topic": "orders"], maxReplays: limit)
        #expect((decision == .guarded) == isGuarded)
        // Wherever it would go.
        #expect((self.decide(["x-dlq-replay-count": count], to: "orders", maxReplays: limit) == .guarded) == isGuarded)
    }

    @Test(
        "a source that no requests are read from is not believed",
        arguments: [
            nil, "", "..", "a/b", "a b", "\u{1b}", "__consumer_offsets", "p.orchestration.results.domain",
            "p.orchestration.deadletters.domain",
            "p.feedback.deadletters", "p.feedback.policies", String(repeating: "x", count: 250),
        ] as [String?]
    )
    func source(topic: String?) {
        guard case .notReplayable(let reason) = self.decide(["x-dlq-source-topic": topic]) else {
            Issue.record("it would go somewhere")
            return
        }
        #expect(reason.contains("--to") && !reason.contains("\u{1b}"))
        #expect(self.decide(["x-dlq-source-topic": topic], to: "orders") == .send(topic: "orders", partition: nil))
    }

    @Test("requests and signals of the fleet are believed")
    func refused() {
        let refused = ReplayPolicy.refused(Self.names)
        for topic in [Self.names.requests(.domain), Self.names.requests(.infrastructure), Self.names.signals(.agent)] {
            #expect(!refused.contains(topic))
        }
        #expect(refused.count == Self.names.all.count - 3 - 6)
    }

    @Test("a letter whose value was left out stays; one that never had a value goes")
    func leftOut() {
        let headers: KeyValuePairs<String, String?> = ["x-dlq-source-topic": "orders", "x-dlq-value-bytes": "2000000"]
        guard case .notReplayable(let reason) = self.decide(headers, value: nil) else {
            Issue.record("it would go without its value")
            return
        }
        #expect(reason.contains("2000000 bytes"))
        #expect(self.decide(headers) == .send(topic: "orders", partition: nil))
        #expect(self.decide(["x-dlq-source-topic": "orders"], value: nil) == .send(topic: "orders", partition: nil))
    }

    @Test("letters are spread over time, and a pause is not caught up in a burst")
    func pace() {
        var pacer = ReplayPacer(rate: 10)
        var now: Int64 = 5_000_000_000
        #expect(pacer.delay(at: now) == 0)
        for _ in 0..<5 {
            pacer.sent(at: now)
            #expect(pacer.delay(at: now) == 100_000_000)
            now += 100_000_000
        }
        now += 60_000_000_000
        var burst = 0
        while pacer.delay(at: now) == 0 {
            pacer.sent(at: now)
            burst += 1
        }
        #expect(burst <= 2)
        #expect(ReplayPacer(rate: 1e-300).delay(at: 1) == 0)
    }
}

@Suite("What a replay remembers")
struct ReplayPositionTests {
    private static let letter = LetterSample(key: "k", ["x-dlq-reason": "expired", "x-dlq-replay-count": "1"])

    private func hasSent(_ position: ReplayPosition, _ letter: LetterSample = Self.letter, offset: Int64) -> Bool {
        letter.withView { position.hasSent($0, $1, offset: offset, time: 0) }
    }

    @Test("the plain replay has the plain group, and every other kind one of its own")
    func groups() {
        #expect(ReplayWork().group("g") == "g")
        let kinds = [
            ReplayWork(selection: DeadLetterSelection(reasons: ["expired"])),
            ReplayWork(selection: DeadLetterSelection(reasons: ["expired", "poison"])),
            ReplayWork(selection: DeadLetterSelection(since: 1)), ReplayWork(selection: DeadLetterSelection(until: 1)),
            ReplayWork(target: "t"),
            ReplayWork(maxReplays: 4), ReplayWork(selection: DeadLetterSelection(filter: "a")),
            ReplayWork(selection: DeadLetterSelection(orchestrator: "a")),
        ]
        let groups = kinds.map { $0.group("g") }
        #expect(Set(groups).count == kinds.count && groups.allSatisfy { $0.hasPrefix("g.") && $0.utf8.count == 18 })
        #expect(ReplayWork(selection: DeadLetterSelection(reasons: ["poison", "expired"])).group("g") == groups[1])
    }

    @Test("a position survives being written down")
    func metadata() throws {
        var position = ReplayPosition(
            work: ReplayWork(selection: DeadLetterSelection(reasons: ["expired"], since: 5, filter: "ö\"\n"), target: "t", maxReplays: 9),
            next: 100
        )
        let remembered = position.advance(to: 200, failed: [150, 180], sent: [])
        #expect(remembered)
        #expect(ReplayPosition(next: 200, metadata: position.metadata) == position && position.start == 150)
        for (next, metadata) in [(-1001, position.metadata), (5, nil), (5, ""), (5, "junk"), (5, "{}"), (5, #"{"version":2}"#)]
            as [(Int64, String?)]
        {
            #expect(ReplayPosition(next: next, metadata: metadata) == nil)
        }
    }

    @Test("the largest memory fits into what a broker keeps with an offset")
    func size() {
        var position = ReplayPosition(work: ReplayWork(), next: 0)
        var filter = ""
        while position.metadata.utf8.count < ReplayPosition.maximumWorkBytes - 10 {
            filter += "x"
            position = ReplayPosition(work: ReplayWork(selection: DeadLetterSelection(filter: filter)), next: 0)
        }
        let most = (0..<Int64(ReplayPosition.maximumFailed)).map { .max - 1 - $0 }
        let remembered = position.advance(to: .max, failed: most, sent: [])
        #expect(remembered)
        #expect(position.metadata.utf8.count <= 4_096)
    }

    @Test("what it has passed and selects was sent, except what failed and what was guarded")
    func hasSent() {
        var position = ReplayPosition(work: ReplayWork(selection: DeadLetterSelection(reasons: ["expired"])), next: 0)
        let remembered = position.advance(to: 10, failed: [4], sent: [1, 2])
        #expect(remembered)
        #expect([0, 3, 4, 5, 9, 10].map { self.hasSent(position, offset: $0) } == [true, true, false, true, true, false])
        #expect(!self.hasSent(position, LetterSample(["x-dlq-reason": "poison"]), offset: 3))
        #expect(!self.hasSent(position, LetterSample(["x-dlq-reason": "expired", "x-dlq-replay-count": "3"]), offset: 3))
        // Tried again, with success; the position never goes back.
        let isDone = position.advance(to: 5, failed: [], sent: [4])
        #expect(isDone)
        #expect(position.next == 10 && position.start == 10 && self.hasSent(position, offset: 4))
    }

    @Test("when more failed than can be remembered, it goes only as far as the first that cannot")
    func tooManyFailed() {
        var position = ReplayPosition(work: ReplayWork(), next: 0)
        let remembered = position.advance(to: 1_000, failed: Array(0..<100), sent: [])
        #expect(!remembered)
        #expect(
            position.next == Int64(ReplayPosition.maximumFailed) && position.failed.count == ReplayPosition.maximumFailed
                && position.start == 0
        )
    }

    @Test("a report is complete when everything selected was sent")
    func report() {
        #expect(ReplayReport().isComplete)
        #expect(ReplayReport(matched: 3, replayed: 3, sentBefore: 9).isComplete)
        #expect(!ReplayReport(matched: 3, replayed: 2, guarded: 1).isComplete)
        #expect(!ReplayReport(failure: "x").isComplete && !ReplayReport(wasInterrupted: true).isComplete)
        let lines = ReplayReport(matched: 3, replayed: 2, guarded: 1, targets: ["t": 2]).lines(isDry: false)
        #expect(
            lines.contains("replayed               2") && lines.contains("guarded                1")
                && lines.contains { $0.hasSuffix("to t") }
        )
    }
}
