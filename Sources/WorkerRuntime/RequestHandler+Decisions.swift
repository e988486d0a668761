import JSON
import KafkaClient
import Observability
import Orchestration
import Wire

/// What a request has chosen.
extension RequestHandler {
    /// Bytes of decisions in a reply; those beyond are on their topic only.
    static let decisionBytesOfReply = 256 << 10

    /// Puts the decisions of a request into its reply, and makes the records of those that were drawn for it.
    ///
    /// A decision that another request of the tree or session has drawn is published by that one: by all its attempts, in whatever process.
    func publish(_ decisions: [Decision], of execution: Execution, in result: inout StepResult, time: Int64) -> [OutgoingRecord] {
        var outputs: [OutgoingRecord] = []
        var told: [JSONValue] = []
        var room = Self.decisionBytesOfReply
        for decision in decisions {
            let value = DecisionCodec.encode(decision)
            room -= value.count
            if room >= 0 { told.append(.object(JSONObject(validated: value))) }
            guard decision.requestID == execution.request.requestID else { continue }
            self.metrics.decisions.increment()
            outputs.append(
                OutgoingRecord(
                    purpose: .signal,
                    topic: self.topics.decisions,
                    key: .bytes(Array(decision.chosen.id.utf8)),
                    value: value,
                    headers: DecisionCodec.headers(of: decision, source: self.identity.source, time: time)
                )
            )
        }
        result.metadata["decisions"] = .array(told)
        return outputs
    }
}
