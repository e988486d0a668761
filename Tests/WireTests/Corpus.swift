import Foundation
import Orchestration
import Testing
import Wire

/// The kinds of message that are read.
enum MessageKind: String, CaseIterable, Sendable {
    case request, reply, signal, decision, progress, policy, control, idempotency
}

/// A stored input: `Corpus/<kind>/<outcome>.<name>.value`, with headers in `….headers.json` where it has any; no value file is a tombstone.
struct CorpusSeed: Sendable, CustomTestStringConvertible {
    let kind: MessageKind
    /// "accepted", or the reason of the refusal.
    let outcome: String
    let name: String
    let record: TestRecord

    var testDescription: String { "\(self.kind.rawValue)/\(self.outcome).\(self.name)" }

    static let all: Result<[CorpusSeed], any Error> = Result { try MessageKind.allCases.flatMap { try Self.load($0) } }

    private static func load(_ kind: MessageKind) throws -> [CorpusSeed] {
        let folder = Place.corpus.appending(path: kind.rawValue)
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        let stems = Set(files.map { $0.split(separator: ".").prefix(2).joined(separator: ".") })
        return try stems.sorted().map { stem in
            let headers = "\(stem).headers.json"
            let value = "\(stem).value"
            let record = TestRecord(
                headers: files.contains(headers)
                    ? try RecordHeaders(file: Place.bytes(of: folder.appending(path: headers))) : RecordHeaders(),
                value: files.contains(value) ? try Place.bytes(of: folder.appending(path: value)) : nil
            )
            let parts = stem.split(separator: ".").map { String($0) }
            return CorpusSeed(kind: kind, outcome: parts[0], name: parts.dropFirst().joined(), record: record)
        }
    }
}

/// A message that was read.
enum Message: Sendable, Hashable {
    case request(Request)
    case reply(Reply)
    case signal(FeedbackSignal)
    case decision(Decision)
    case progress(ProgressNotice)
    case policy(PolicySnapshot)
    case control(ControlRecord)
    case idempotency(RememberedRecord)

    init(_ kind: MessageKind, decoding record: TestRecord, behind: [UInt8] = []) throws(WireError) {
        switch kind {
        case .request: self = .request(try record.request(behind: behind))
        case .reply: self = .reply(try Reply(decoding: record.value ?? []))
        case .signal: self = .signal(try record.signal(behind: behind))
        case .decision: self = .decision(try record.decision(behind: behind))
        case .progress: self = .progress(try ProgressNotice(decoding: record.value ?? []))
        case .policy: self = .policy(try PolicySnapshot(decoding: record.value ?? []))
        case .control:
            // The files hold no keys: a header stands for one that is not a request's.
            var record = record
            record.key = record.key ?? Array((record.headers["x-key"] ?? "request/r-1").utf8)
            self = .control(try record.control(behind: behind))
        case .idempotency:
            var record = record
            record.key = record.key ?? Array("acme/k-1".utf8)
            self = .idempotency(try record.remembered())
        }
    }

    /// The message as a record.
    var encoded: TestRecord {
        switch self {
        case .request(let request):
            let (value, headers) = request.encode()
            return TestRecord(headers: headers, value: value)
        case .reply(let reply): return TestRecord(value: reply.encodeValue())
        case .signal(let signal): return TestRecord(value: SignalCodec.encode(signal, id: "id", timestamp: 0))
        case .decision(let decision): return TestRecord(value: DecisionCodec.encode(decision))
        case .progress(let notice): return TestRecord(value: notice.encode(about: CloudEvent(), ordinal: 0, source: "", time: 0).value)
        case .policy(let policy): return TestRecord(value: policy.encode(source: "", time: 0).value)
        case .control(.command(let command)): return TestRecord(key: command.key, value: command.encode(source: "", time: 0).value)
        case .control(.withdrawn(let scope)): return TestRecord(key: scope.key, value: nil)
        case .idempotency(.remembered(let reply)): return TestRecord(key: reply.key, value: reply.encodeValue())
        case .idempotency(.forgotten(let scope)): return TestRecord(key: Array(scope.utf8), value: nil)
        case .idempotency(.unknown): return TestRecord(key: Array("acme/k".utf8), value: nil)
        case .control(.unknown): return TestRecord(key: Array("layer/domain".utf8), value: nil)
        }
    }
}
