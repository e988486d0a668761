/// Scores by which the candidates of a routing decision are compared (spec §5.5 to §5.7).
public enum RoutingScore {
    /// The expected reward of each candidate times its factor, such as health · success rate.
    ///
    /// Expectations are moved up so that the lowest is at least 0: so a low factor never helps, as it would where an expectation is
    /// negative.
    /// - Parameters:
    ///   - expectations: what a learner expects; what is not a number counts as the lowest.
    ///   - factors: one for each, 0 … 1, moved into that range.
    public static func scores(_ expectations: [Double], factors: [Double]) -> [Double] {
        let lowest = min(0, expectations.filter { $0.isFinite }.min() ?? 0)
        return zip(expectations, factors).map { expectation, factor in
            let moved = expectation.isFinite ? expectation - lowest : 0
            return moved * (factor.isNaN ? 0 : min(max(factor, 0), 1))
        }
    }

    /// How sure it is that the best is the best: `single` for one candidate, else min(`most`, .5 + `slope` · (best − second)).
    ///
    /// - Parameters:
    ///   - single: .9 for tools (spec §5.6), .85 for agents (§5.7).
    ///   - most: .99 for tools, .95 for agents and models.
    ///   - slope: .5 for tools and agents, 2 for models (§5.5).
    /// - Returns: 0 without any candidate.
    public static func confidence(_ scores: [Double], single: Double, most: Double, slope: Double = 0.5) -> Double {
        guard scores.count > 1 else { return scores.isEmpty ? 0 : single }
        let ranked = scores.sorted(by: >)
        return min(most, 0.5 + slope * (ranked[0] - ranked[1]))
    }
}
