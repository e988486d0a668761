import Foundation
import JSON
import Orchestration
import Testing
import Wire

@Suite("Corpus")
struct CorpusTests {
    /// 3,000 damaged inputs in all; a hundred times as many with `FLEET_LONG=1`.
    private static let rounds = ProcessInfo.processInfo.environment["FLEET_LONG"] == "1" ? 60_000 : 600

    @Test("There are seeds of every kind, good and bad")
    func seeds() throws {
        let seeds = try CorpusSeed.all.get()
        #expect(seeds.count >= 40)
        for kind in MessageKind.allCases {
            let outcomes = Set(seeds.filter { $0.kind == kind }.map(\.outcome))
            #expect(outcomes.isSuperset(of: ["accepted", "invalid", "undecodable"]))
            #expect(outcomes.subtracting(["accepted"]).allSatisfy { DeadLetterReason(rawValue: $0) != nil })
        }
    }

    @Test("Every seed has the outcome that its name tells", arguments: (try? CorpusSeed.all.get()) ?? [])
    func outcome(seed: CorpusSeed) {
        do throws(WireError) {
            let message = try Message(seed.kind, decoding: seed.record)
            #expect(seed.outcome == "accepted", "\(message)")
            Self.expectStable(message, seed.kind)
        } catch {
            #expect(seed.outcome == error.reason.rawValue, "\(error)")
        }
    }

    @Test("A damaged input is read or refused with a reason, and nothing else happens", arguments: MessageKind.allCases)
    func damaged(kind: MessageKind) throws {
        let seeds = try CorpusSeed.all.get().filter { $0.kind == kind }
        let index = UInt64(MessageKind.allCases.firstIndex(of: kind) ?? 0)
        var mutator = Mutator(seed: 100 + index)
        var accepted = 0
        for _ in 0..<Self.rounds {
            let record = mutator.next(of: seeds)
            do throws(WireError) {
                let message = try Message(kind, decoding: record)
                accepted += 1
                Self.expectStable(message, kind)
                try Self.expectSameInPlace(message, kind, record, mutator.padding(JSONSelector.padding))
            } catch {
                Self.expectTelling(error, of: record)
                #expect(throws: WireError.self) { try Message(kind, decoding: record, behind: mutator.padding(JSONSelector.padding)) }
            }
            Self.expectUsableAddress(of: record)
        }
        #expect(accepted > Self.rounds / 20 && accepted < Self.rounds * 9 / 10, "\(accepted) of \(Self.rounds) were accepted")
    }

    /// What was read can be written, and what was written reads back as the same bytes again.
    private static func expectStable(_ message: Message, _ kind: MessageKind) {
        let record = message.encoded
        do throws(WireError) {
            let again = try Message(kind, decoding: record).encoded
            #expect(again.value == record.value && again.headers == record.headers)
        } catch {
            Issue.record("\(error) for what was written of \(message)")
        }
    }

    /// What stands behind a value in memory does not count.
    private static func expectSameInPlace(
        _ message: Message,
        _ kind: MessageKind,
        _ record: TestRecord,
        _ behind: [UInt8]
    ) throws(WireError) {
        guard kind == .request || kind == .signal || kind == .decision else { return }
        #expect(try Message(kind, decoding: record, behind: behind) == message)
    }

    /// An error is short and printable, and a dead letter can be made of it.
    private static func expectTelling(_ error: WireError, of record: TestRecord) {
        #expect([.undecodable, .invalid, .oversize].contains(error.reason))
        #expect(!error.message.isEmpty && error.message.utf8.count <= 400, "\(error)")
        #expect(error.message.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }, "\(error)")
        let letter = DeadLetter(
            reason: error.reason,
            sourceTopic: "t",
            sourcePartition: 0,
            sourceOffset: 0,
            consumerGroup: "g",
            firstFailureAt: 0,
            lastFailureAt: 0,
            errorCategory: "validation",
            errorMessage: error.message,
            worker: "w"
        )
        let headers = record.headers.withView { letter.headers(keeping: $0) }
        #expect(headers.values.filter { $0.name == "x-dlq-reason" }.map(\.value) == [.text(error.reason.rawValue)])
    }

    private static func expectUsableAddress(of record: TestRecord) {
        guard let (_, address) = record.withView({ Request.replyAddress(of: $0) }) else { return }
        #expect(!address.topic.isEmpty && (address.partition ?? 0) >= 0)
    }
}
