import JSON
import Orchestration
import Testing
import Wire

@Suite("Round trips")
struct RoundTripTests {
    private static let rounds = 150

    @Test("A request reads back the same, and encodes to the same bytes again", arguments: 0..<4 as Range<UInt64>)
    func requests(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<Self.rounds {
            let request = generator.request()
            let (value, headers) = request.encode()
            let back = try TestRecord(headers: headers, value: value).request()
            #expect(back == request)
            let again = back.encode()
            #expect(again.value == value && again.headers == headers)
        }
    }

    @Test("A reply reads back the same, whatever its result holds", arguments: 0..<4 as Range<UInt64>)
    func replies(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<Self.rounds {
            let reply = generator.reply(generator.arbitraryResult())
            #expect(try Reply(decoding: reply.encodeValue()) == reply)
        }
    }

    @Test("A stack trace stays at home")
    func stackTrace() throws {
        let context = ErrorContext(timestamp: 1, stackTrace: "secret frame")
        let reply = Reply(requestID: "r", orchestrator: "o", layer: .domain, worker: "w", result: .fail("e", context: context))
        #expect(!String(decoding: reply.encodeValue(), as: UTF8.self).contains("secret"))
    }

    @Test("A signal reads back the same", arguments: 0..<4 as Range<UInt64>)
    func signals(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<Self.rounds {
            let signal = generator.signal()
            let value = SignalCodec.encode(signal, id: "unused", timestamp: 0)
            let headers = SignalCodec.headers(id: "unused", causedBy: CloudEvent(), source: "/w", time: 0)
            #expect(try TestRecord(headers: headers, value: value).signal() == signal)
        }
    }

    @Test("A decision reads back the same", arguments: 0..<4 as Range<UInt64>)
    func decisions(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<Self.rounds {
            let decision = generator.decision()
            let headers = DecisionCodec.headers(of: decision, source: "/w", time: 0)
            #expect(try TestRecord(headers: headers, value: DecisionCodec.encode(decision)).decision() == decision)
            #expect(try DecisionCodec.decode(DecisionCodec.json(decision)) == decision)
        }
    }

    @Test("A signal without an id or a time gets those it is published with")
    func signalDefaults() throws {
        var signal = FeedbackSignal(source: .governance, componentType: .tool, componentID: "search", reward: 1)
        let value = SignalCodec.encode(signal, id: "r.signal.0", timestamp: 12.5)
        signal.signalID = "r.signal.0"
        signal.timestamp = 12.5
        #expect(try TestRecord(value: value).signal() == signal)
    }

    @Test("A progress notice reads back the same", arguments: 0..<4 as Range<UInt64>)
    func progress(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<Self.rounds {
            let notice = generator.progressNotice()
            let (value, _) = notice.encode(about: CloudEvent(), ordinal: 0, source: "/w", time: 0)
            #expect(try ProgressNotice(decoding: value) == notice)
        }
    }

    @Test("A policy snapshot reads back the same", arguments: 0..<4 as Range<UInt64>)
    func policies(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<Self.rounds {
            let policy = generator.policy()
            #expect(try PolicySnapshot(decoding: policy.encode(source: "/w", time: 0).value) == policy)
        }
    }

    @Test("A command reads back the same", arguments: 0..<4 as Range<UInt64>)
    func commands(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<Self.rounds {
            let command = generator.command()
            let (value, headers) = command.encode(source: "/w", time: 0)
            #expect(try TestRecord(key: command.key, headers: headers, value: value).control() == .command(command))
            #expect(try TestRecord(key: command.key, value: nil).control() == .withdrawn(command.order.scope))
        }
    }

    @Test("A remembered reply reads back the same", arguments: 0..<4 as Range<UInt64>)
    func remembered(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<Self.rounds {
            let reply = generator.rememberedReply()
            let headers = reply.headers(causedBy: CloudEvent(), source: "/w")
            let record = TestRecord(key: reply.key, headers: headers, value: reply.encodeValue())
            #expect(try record.remembered() == .remembered(reply))
            #expect(try TestRecord(key: reply.key, value: nil).remembered() == .forgotten(scope: reply.scope))
        }
    }

    @Test("What follows a value in memory does not change how it is read", arguments: 0..<2 as Range<UInt64>)
    func readingInPlace(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<Self.rounds {
            let (value, headers) = generator.request().encode()
            let record = TestRecord(headers: headers, value: value)
            let behind = (0..<JSONSelector.padding + generator.below(3)).map { _ in
                UInt8(ascii: generator.pick(["\"", "}", "1", "\\", " "]))
            }
            #expect(try record.request(behind: behind) == record.request())
        }
    }
}
