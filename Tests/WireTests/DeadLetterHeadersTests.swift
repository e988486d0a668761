import Testing
import Wire

@Suite("Dead letter headers, read back")
struct DeadLetterHeadersTests {
    private static func letter(of original: RecordHeaders = RecordHeaders(), replayCount: Int = 0) -> RecordHeaders {
        let letter = DeadLetter(
            reason: .exhausted,
            sourceTopic: "orchestration.requests.domain",
            sourcePartition: 3,
            sourceOffset: 42,
            consumerGroup: "fleet.domain",
            firstFailureAt: 5_000,
            lastFailureAt: 9_000,
            errorCategory: "network",
            errorMessage: "no",
            worker: "w",
            replayCount: replayCount
        )
        return original.withView { letter.headers(keeping: $0) }
    }

    @Test("What was written is read", arguments: 0..<200)
    func roundTrip(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var letter = generator.deadLetter()
        let headers = RecordHeaders(["ce_id": "1"]).withView { letter.headers(keeping: $0) }
        let read = try headers.withView { view throws(WireError) in try DeadLetter(headers: view) }
        // Texts are cut when they are written.
        letter.errorMessage = read.errorMessage
        letter.orchestrator = read.orchestrator
        #expect(read == letter)
        #expect(headers["x-dlq-error-message"] == read.errorMessage)
    }

    @Test(
        "A header that is missing or wrong is named",
        arguments: [
            "reason", "source-topic", "source-partition", "source-offset", "consumer-group", "attempts", "crash-attempts",
            "first-failure-at",
            "last-failure-at", "error-category", "error-message", "worker",
        ]
    )
    func missing(name: String) {
        let whole = Self.letter()
        var headers = RecordHeaders()
        for (other, value) in whole.values where other != "x-dlq-\(name)" { headers.add(other, value) }
        let error = #expect(throws: WireError.self) { try headers.withView { view throws(WireError) in try DeadLetter(headers: view) } }
        #expect(error?.message.contains("x-dlq-\(name)") == true)
    }

    @Test(
        "What cannot be read is as good as absent",
        arguments: [
            "", "-1", "99999999999999999999", "1.5", "zwölf", "\u{0}", String(repeating: "9", count: 5_000),
        ]
    )
    func unreadable(text: String) {
        let headers = RecordHeaders([
            "x-dlq-source-partition": .text(text), "x-dlq-source-offset": .text(text), "x-dlq-replay-count": .text(text),
            "x-dlq-first-failure-at": .text(text), "x-dlq-reason": .bytes([0xff, 0xfe]), "x-dlq-worker": .null, "x-dlq-": "x", "": "y",
        ])
        let read = headers.withView { DeadLetterHeaders($0) }
        #expect(read.sourcePartition == nil && read.sourceOffset == nil && read.firstFailureAt == nil)
        #expect(read.replayCount == 0 && read.worker == nil && read.reason == "\u{fffd}\u{fffd}")
    }

    @Test("A replay count is a million at most, and the last of several headers counts")
    func bounds() {
        let headers = RecordHeaders([
            "x-dlq-replay-count": "7", "x-dlq-replay-count": "2000000", "x-dlq-error-message": .text(String(repeating: "x", count: 9_000)),
        ])
        let read = headers.withView { DeadLetterHeaders($0) }
        #expect(read.replayCount == 1_000_000 && read.errorMessage?.utf8.count == 1024)
    }

    // MARK: Replays

    @Test("A replay keeps the record's own headers byte by byte, and adds its history")
    func replayed() {
        let original = RecordHeaders([
            "ce_id": "1", "bytes": .bytes([0xff, 0]), "null": .null, "x-attempt": "4", "x-deadline-ms": "1000",
            "ce_expirytime": "1970-01-01T00:00:02Z",
            "x-priority": "3",
        ])
        let replayed = Self.letter(of: original, replayCount: 1).withView { ReplayedHeaders(of: $0, now: 3_000) }
        #expect(
            replayed.headers.values.map(\.name) == ["ce_id", "bytes", "null", "x-priority", "x-dlq-replay-count", "x-dlq-first-failure-at"]
        )
        #expect(replayed.headers.values.prefix(4).map(\.value) == ["1", .bytes([0xff, 0]), .null, "3"])
        #expect(replayed.headers["x-dlq-replay-count"] == "2" && replayed.headers["x-dlq-first-failure-at"] == "1970-01-01T00:00:05.000Z")
        #expect(replayed.droppedDeadlines == 2)
    }

    @Test(
        "Only deadlines that have passed are dropped, and none when they are to be kept",
        arguments: [
            ("x-deadline-ms", "3000", 1), ("x-deadline-ms", "3001", 0), ("x-deadline-ms", "soon", 0), ("x-deadline-ms", "-9", 1),
            ("ce_expirytime", "1970-01-01T00:00:03Z", 1), ("ce_expirytime", "1970-01-01T00:00:03.001Z", 0),
            ("ce_expirytime", "yesterday", 0),
            ("x-not-before-ms", "1", 0),
        ]
    )
    func deadlines(name: String, value: String, dropped: Int) {
        var original = RecordHeaders()
        original.add(name, .text(value))
        let letter = Self.letter(of: original)
        let replayed = letter.withView { ReplayedHeaders(of: $0, now: 3_000) }
        #expect(replayed.droppedDeadlines == dropped && (replayed.headers[name] == nil) == (dropped == 1))
        let kept = letter.withView { ReplayedHeaders(of: $0, now: 3_000, keepsDeadlines: true) }
        #expect(kept.droppedDeadlines == 0 && kept.headers[name] == value)
    }

    @Test("A record without any header can be replayed")
    func bare() {
        let replayed = RecordHeaders().withView { ReplayedHeaders(of: $0, now: 0) }
        #expect(replayed.headers.values.map(\.name) == ["x-dlq-replay-count"] && replayed.headers["x-dlq-replay-count"] == "1")
    }

    @Test("A second death carries the history on, and a first one has none")
    func history() throws {
        func die(_ incoming: RecordHeaders, at now: Int64) -> RecordHeaders {
            incoming.withView { view in
                var letter = DeadLetter(
                    reason: .expired,
                    sourceTopic: "t",
                    sourcePartition: 0,
                    sourceOffset: 0,
                    consumerGroup: "g",
                    firstFailureAt: now,
                    lastFailureAt: now,
                    errorCategory: "timeout",
                    errorMessage: "late",
                    worker: "w"
                )
                letter.carryOn(from: view)
                return letter.headers(keeping: view)
            }
        }
        var headers = RecordHeaders(["ce_id": "1"])
        for round in 0..<4 {
            let dead = die(headers, at: 1_000 * Int64(round + 1))
            let letter = try dead.withView { view throws(WireError) in try DeadLetter(headers: view) }
            #expect(letter.replayCount == round && letter.firstFailureAt == 1_000 && letter.lastFailureAt == 1_000 * Int64(round + 1))
            #expect(dead.values.count == 1 + 13)
            headers = dead.withView { ReplayedHeaders(of: $0, now: 0) }.headers
        }
        // A requester cannot move the first failure into the future, nor set it without a replay.
        let future = RecordHeaders(["x-dlq-replay-count": "1", "x-dlq-first-failure-at": "9000-01-01T00:00:00Z"])
        #expect(die(future, at: 7)["x-dlq-first-failure-at"] == "1970-01-01T00:00:00.007Z")
        #expect(
            die(RecordHeaders(["x-dlq-first-failure-at": "1969-01-01T00:00:00Z"]), at: 7)["x-dlq-first-failure-at"]
                == "1970-01-01T00:00:00.007Z"
        )
    }

    @Test("A request at the limit of headers comes back from the dead", arguments: [false, true])
    func limit(isBeyond: Bool) throws {
        let request = Request(id: "1", orchestrator: "echo", tenantID: "acme")
        var (value, headers) = request.encode()
        for number in headers.count..<WireLimits.default.headers + (isBeyond ? 1 : 0) { headers.add("h\(number)", "") }
        let dead = Self.letter(of: headers)
        let replayed = dead.withView { ReplayedHeaders(of: $0, now: 0) }.headers
        #expect(replayed.count == headers.count + 2)
        func decode(_ headers: RecordHeaders) throws -> Request {
            try value.withUnsafeBytes { value in
                try headers.withView { view throws(WireError) in
                    try Request(
                        decoding: RecordView(key: nil, value: value, readableBytes: value.count, headers: view),
                        fallbackID: ""
                    )
                }
            }
        }
        value += Array(repeating: 0x20, count: 64)
        if isBeyond {
            #expect(throws: WireError.self) { try decode(replayed) }
        } else {
            #expect(try decode(replayed).id == "1")
        }
    }
}
