import Orchestration
import Testing
import Wire

/// A record made from fixed values: its files `Golden/<name>.json` and `Golden/<name>.headers.json` hold its exact bytes.
struct Golden: Sendable, CustomTestStringConvertible {
    /// `<kind>.<name>`; the kind picks the schema.
    let name: String
    /// Nil for a record whose value is not its own: a dead letter has that of its source.
    let value: [UInt8]?
    let headers: RecordHeaders?

    init(_ name: String, value: [UInt8]?, headers: RecordHeaders?) {
        self.name = name
        self.value = value
        self.headers = headers
    }

    init(_ name: String, _ record: (value: [UInt8], headers: RecordHeaders)) {
        self.init(name, value: record.value, headers: record.headers)
    }

    var testDescription: String { self.name }

    /// The files' names and contents.
    var files: [(name: String, bytes: [UInt8])] {
        [self.value.map { ("\(self.name).json", $0) }, self.headers.map { ("\(self.name).headers.json", $0.file) }].compactMap { $0 }
    }
}

extension Golden {
    static let all: [Golden] =
        [
            Golden("request.minimal", Samples.minimalRequest.encode()),
            Golden("request.full", Samples.fullRequest.encode()),
            Golden("request.spring", Samples.springRequest.encode()),
            Golden("cloudevent.request", value: Samples.envelope, headers: Samples.envelopeHeaders),
        ]
        + Samples.replies.map { name, reply in
            Golden("reply.\(name)", value: reply.encodeValue(), headers: Samples.headers(of: name))
        }
        + Samples.signals.map { name, signal in
            let id = signal.signalID ?? Samples.signalID
            return Golden(
                "signal.\(name)",
                value: SignalCodec.encode(signal, id: Samples.signalID, timestamp: 1_795_256_131.5),
                headers: SignalCodec.headers(id: id, causedBy: Samples.fullRequest.event, source: Samples.source, time: Samples.time)
            )
        }
        + Samples.decisions.map { name, decision in
            Golden(
                "decision.\(name)",
                value: DecisionCodec.encode(decision),
                headers: DecisionCodec.headers(of: decision, source: Samples.source, time: Samples.time)
            )
        }
        + Samples.commands.map { name, command in
            Golden("control.\(name)", command.encode(source: "/orchestration-fleet/fleet", time: Samples.time))
        }
        + Samples.remembered.map { name, reply in
            let headers = reply.headers(causedBy: Samples.fullRequest.event, source: Samples.source)
            return Golden("idempotency.\(name)", value: reply.encodeValue(), headers: headers)
        } + [
            Golden(
                "progress.second-of-five",
                Samples.progress.encode(about: Samples.fullRequest.event, ordinal: 1, source: Samples.source, time: Samples.time)
            ),
            Golden("policy.agent", Samples.policy.encode(source: "/orchestration-fleet/feedback/feedback-1", time: Samples.time)),
            Golden("deadletter.exhausted", value: nil, headers: Samples.exhausted),
            Golden("deadletter.undecodable", value: nil, headers: Samples.undecodable),
        ]
}
