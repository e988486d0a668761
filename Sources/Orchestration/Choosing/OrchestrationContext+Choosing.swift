public import JSON

extension OrchestrationContext {
    /// Chooses one of several components by what was learned about them.
    ///
    /// ```swift
    /// let model = try context.choose(.model, among: ["small", "large"], situation: ["task_type": "summarization", "complexity": "simple"])
    /// let text = try await self.client.complete(prompt, model: model.chosen.id)
    /// context.emit(FeedbackSignal(source: .trajectory, componentType: .model, componentID: model.chosen.id, reward: quality))
    /// ```
    /// The choice is logged with its propensity, and a signal about the chosen component that is emitted afterwards is joined with it.
    /// Without policies all candidates are alike. Asked again within the scope, also by a retry or a sibling, it gives the same answer, as
    /// long as that is among the candidates and not disabled.
    ///
    /// - Parameters:
    ///   - type: What kind of component: variants of a prompt and settings of a threshold are chosen like models.
    ///   - candidates: Their ids; at most 256, each at most 256 bytes long.
    ///   - situation: What the component is needed for, as the features of its type want it. Kept up to 4,096 bytes: members beyond that
    ///     are left out, and so are objects.
    ///   - name: Tells several choices of one type within a scope apart.
    ///   - scope: Who has to agree on the choice. Without a `session_id` in the metadata, a session is the request.
    /// - Throws: `OrchestrationError` with code `invalidCandidates` when there are none, too many, or one stands twice;
    ///   `componentDisabled` when all of them are disabled. When it leaves the orchestrator, the request is skipped.
    public func choose(
        _ type: ComponentType,
        among candidates: [String],
        situation: JSONObject = JSONObject(),
        named name: String = "",
        sticky scope: DecisionScope = .request
    ) throws(OrchestrationError) -> Decision {
        let (scope, scopeID) = self.identity(of: scope)
        let question = ComponentQuestion(
            type: type,
            candidates: candidates,
            situation: situation.boundedSituation,
            tenantID: self.tenantID,
            scope: scope,
            scopeID: scopeID
        )
        let decision = try self.chooser.choose(question, named: name, for: self)
        self.recorder.record(decision)
        return decision
    }

    /// Whether a component may not be chosen, because it was found unhealthy or somebody said so.
    public func isDisabled(_ component: ComponentID) -> Bool { self.chooser.isDisabled(component) }

    private func identity(of scope: DecisionScope) -> (DecisionScope, String) {
        switch scope {
        case .request: break
        case .tree: return (.tree, self.rootID)
        case .session:
            if let session = self.metadata["session_id"]?.stringValue, !session.isEmpty { return (.session, session) }
        }
        return (.request, self.requestID)
    }
}

extension JSONObject {
    /// Names, words and numbers up to 4,096 bytes in all: decisions are kept and published, whatever a situation was made from.
    package var boundedSituation: JSONObject {
        var room = 4_096
        var kept: [(String, JSONValue)] = []
        for (key, value) in self {
            let size = key.utf8.count + value.flatSize
            guard size <= room else { continue }
            room -= size
            kept.append((key, value))
        }
        return kept.count == self.count ? self : JSONObject(kept)
    }
}

extension JSONValue {
    /// About how many bytes it has; more than any room when it holds an object or an array of arrays.
    fileprivate var flatSize: Int {
        switch self {
        case .null, .bool, .integer, .number: return 8
        case .string(let text): return text.utf8.count
        case .array(let elements):
            guard elements.count <= 1_024 else { return 1 << 20 }
            return elements.reduce(8) { sum, element in
                if case .array = element { return 1 << 20 }
                return min(sum + element.flatSize, 1 << 20)
            }
        case .object: return 1 << 20
        }
    }
}
