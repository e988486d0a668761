/// Counts failures per component and tells when to leave a component alone for a while (spec §1.16, with §9 item 6).
///
/// Strategies are registered per category, circuits kept per component. A circuit opens when a component has failed often enough in a row:
/// when a failure's category has a strategy and the component's consecutive failures reach its `circuitBreakerThreshold`. Failures of all
/// categories count, one success ends the row. After the recovery time one call may try (half-open): its success closes the circuit, its
/// failure opens it again. A plain value without a clock; times are milliseconds since 1970.
public struct ErrorRecoveryManager: Sendable {
    /// What a circuit says about calls to its component.
    public enum CircuitState: String, Sendable, Hashable {
        /// Call.
        case closed
        /// Do not call.
        case open
        /// One call may try.
        case halfOpen = "half_open"
    }

    private struct Circuit: Sendable {
        var consecutiveFailures = 0
        var lastFailure: Int64 = 0
        /// When the circuit opened or the last trial began; nil while closed.
        var openSince: Int64?
    }

    private var strategies: [ErrorCategory: ErrorRecoveryStrategy] = [:]
    private var circuits: [String: Circuit] = [:]
    private let recoveryMilliseconds: Int64
    private let maximumComponents: Int

    /// Creates a manager without strategies: no circuit opens until one is registered.
    ///
    /// - Parameters:
    ///   - recoveryTime: How long a circuit stays open before one call may try; 60 s by default (spec §4.9).
    ///   - maximumComponents: How many failing components are remembered, 1,000 by default; one more pushes out the one that failed longest
    ///     ago.
    public init(recoveryTime: Duration = .seconds(60), maximumComponents: Int = 1_000) {
        self.recoveryMilliseconds = max(Deadline(after: recoveryTime, now: 0).millisecondsSince1970, 0)
        self.maximumComponents = max(maximumComponents, 1)
    }

    /// Uses the strategy for each of its categories, in place of an earlier one.
    public mutating func register(_ strategy: ErrorRecoveryStrategy) {
        for category in strategy.errorCategories { self.strategies[category] = strategy }
    }

    /// The strategy for a category.
    public func strategy(for category: ErrorCategory) -> ErrorRecoveryStrategy? { self.strategies[category] }

    /// Records what a step with an error context came to, under the context's component (spec §1.15); other results are ignored.
    public mutating func record(_ result: StepResult, now: Int64) {
        guard let component = result.errorContext?.component else { return }
        if result.success {
            self.recordSuccess(component: component)
        } else if result.isFailure, let category = result.errorCategory {
            self.recordFailure(component: component, category: category, now: now)
        }
    }

    /// Counts a failure; opens the circuit when the row is long enough or the trial failed.
    public mutating func recordFailure(component: String, category: ErrorCategory, now: Int64) {
        if self.circuits[component] == nil { self.makeRoom() }
        var circuit = self.circuits[component] ?? Circuit()
        circuit.consecutiveFailures += 1
        circuit.lastFailure = now
        let threshold = self.strategies[category]?.circuitBreakerThreshold
        if circuit.openSince != nil || threshold.map({ circuit.consecutiveFailures >= $0 }) == true {
            circuit.openSince = now
        }
        self.circuits[component] = circuit
    }

    /// Ends the row of failures and closes the circuit.
    public mutating func recordSuccess(component: String) {
        self.circuits[component] = nil
    }

    /// Forgets a component's failures and closes its circuit.
    public mutating func resetCircuit(component: String) {
        self.circuits[component] = nil
    }

    /// What the component's circuit says.
    public func circuitState(component: String, now: Int64) -> CircuitState {
        guard let openSince = self.circuits[component]?.openSince else { return .closed }
        let (age, overflow) = now.subtractingReportingOverflow(openSince)
        return overflow || age >= self.recoveryMilliseconds ? .halfOpen : .open
    }

    /// Whether calls have to stay away now.
    public func isCircuitOpen(component: String, now: Int64) -> Bool {
        self.circuitState(component: component, now: now) == .open
    }

    /// Asks to make a call, and takes the trial if the circuit is half-open: others are refused until it is recorded, or for another
    /// recovery time if it never is.
    public mutating func admit(component: String, now: Int64) -> Bool {
        switch self.circuitState(component: component, now: now) {
        case .closed: return true
        case .open: return false
        case .halfOpen:
            self.circuits[component]?.openSince = now
            return true
        }
    }

    /// The consecutive failures of a component.
    public func consecutiveFailures(component: String) -> Int { self.circuits[component]?.consecutiveFailures ?? 0 }

    private mutating func makeRoom() {
        guard self.circuits.count >= self.maximumComponents else { return }
        let oldest = self.circuits.min { ($0.value.lastFailure, $0.key) < ($1.value.lastFailure, $1.key) }
        if let oldest { self.circuits[oldest.key] = nil }
    }
}
