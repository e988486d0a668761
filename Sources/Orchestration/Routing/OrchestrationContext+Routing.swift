extension OrchestrationContext {
    /// Chooses a component that can do a task, and tells whom to ask if it fails (spec §5.5 to §5.7).
    ///
    /// ```swift
    /// let tools = [
    ///     ToolCapability(id: "transcriber", category: "media_analysis", capabilities: ["audio"]),
    ///     ToolCapability(id: "search", category: "web_search"),
    /// ]
    /// let route = try context.route(among: tools, for: RoutingTask("analysis", requiring: ["audio"], situation: ["has_audio": true]))
    /// ```
    /// Candidates that do not fit, or whose last rewards are too bad, are left out; among the others ``choose(_:among:situation:named:sticky:)``
    /// draws, by what was learned about them, and logs the decision. A candidate that was left out for its health is tried again an hour
    /// after its last signal.
    ///
    /// - Parameters:
    ///   - candidates: What the orchestrator knows of its models, tools or agents; at most 256.
    ///   - name: Tells several choices of one type within a scope apart.
    ///   - scope: Who has to agree on the choice.
    /// - Throws: `OrchestrationError` with code `noneSuitable` when no candidate is left, and as
    ///   ``choose(_:among:situation:named:sticky:)`` does.
    public func route<Candidate: RoutingCandidate>(
        among candidates: [Candidate],
        for task: RoutingTask = RoutingTask(),
        named name: String = "",
        sticky scope: DecisionScope = .request
    ) throws(OrchestrationError) -> Route<Candidate> {
        guard candidates.count <= ComponentChooser.maximumCandidates else {
            throw OrchestrationError(
                code: .invalidCandidates,
                message: "No \(Candidate.componentType.rawValue) can be chosen: there are \(candidates.count) candidates, "
                    + "\(ComponentChooser.maximumCandidates) are allowed"
            )
        }
        let (suitable, excluded) = self.filter(candidates, for: task)
        guard !suitable.isEmpty else { throw Self.noneSuitable(Candidate.componentType, task) }
        let decision = try self.choose(
            Candidate.componentType,
            among: suitable.map(\.candidate.id),
            situation: task.situation,
            named: name,
            sticky: scope
        )
        let open = suitable.filter { excluded[$0.candidate.id] == nil || $0.candidate.id == decision.chosen.id }
        let expectations = open.map { option in
            let learned = self.expectedReward(of: ComponentID(Candidate.componentType, option.candidate.id), in: task.situation)
            return min(max(learned ?? option.candidate.presumedReward(for: task, option.known), 0), 1)
        }
        let scores = RoutingScore.scores(expectations, factors: open.map { $0.candidate.factor($0.known) })
        guard let chosen = open.firstIndex(where: { $0.candidate.id == decision.chosen.id }) else {
            throw Self.noneSuitable(Candidate.componentType, task)
        }
        let rule = Candidate.rule
        let others = open.indices.filter { $0 != chosen }.sorted { (scores[$1], $0) < (scores[$0], $1) }
        let isBest = others.first.map { scores[$0] <= scores[chosen] } ?? true
        let (candidate, known) = (open[chosen].candidate, open[chosen].known)
        return Route(
            chosen: candidate,
            decision: decision,
            expectedReward: expectations[chosen],
            confidence: isBest ? RoutingScore.confidence(scores, single: rule.single, most: rule.most, slope: rule.slope) : 0.5,
            fallbacks: others.prefix(rule.fallbacks).map {
                Route.Fallback(candidate: open[$0].candidate, expectedReward: expectations[$0], score: scores[$0])
            },
            excluded: excluded,
            estimatedCost: candidate.estimatedCost(of: task, known),
            estimatedLatency: candidate.estimatedLatency(known)
        )
    }

    private typealias Options<Candidate> = [(candidate: Candidate, known: ComponentKnowledge?)]

    /// Those that can do the task and are healthy enough, disabled ones among them, and why others, and those, are left out.
    private func filter<Candidate: RoutingCandidate>(
        _ candidates: [Candidate],
        for task: RoutingTask
    ) -> (Options<Candidate>, [String: Route<Candidate>.Exclusion]) {
        var suitable: Options<Candidate> = []
        var excluded: [String: Route<Candidate>.Exclusion] = [:]
        let now = self.clock.now()
        for candidate in candidates {
            let component = ComponentID(Candidate.componentType, candidate.id)
            let known = self.knowledge(of: component)
            if !candidate.fits(task) {
                excluded[candidate.id] = .mismatch
            } else if self.isDisabled(component) {
                excluded[candidate.id] = .disabled
                suitable.append((candidate, known))
            } else if Candidate.rule.leavesOut(known, now: now) {
                excluded[candidate.id] = .unhealthy
            } else {
                suitable.append((candidate, known))
            }
        }
        return (suitable, excluded)
    }

    private static func noneSuitable(_ type: ComponentType, _ task: RoutingTask) -> OrchestrationError {
        let kind = String(task.type.prefix(100))
        let required = task.required.sorted().prefix(10).map { String($0.prefix(100)) }.joined(separator: ", ")
        return OrchestrationError(
            code: .noneSuitable,
            message: "No \(type.rawValue)s available for task_type=\(kind), capabilities=[\(required)]"
        )
    }
}
