import JSON
import Orchestration

/// Random step results, the same ones for the same seed.
struct ResultGenerator {
    /// SplitMix64 (Steele, Lea, Flood 2014).
    private var state: UInt64

    init(seed: UInt64) { self.state = seed }

    private mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var z = self.state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    private mutating func below(_ bound: Int) -> Int { Int(self.next() % UInt64(bound)) }
    private mutating func bool() -> Bool { self.next() & 1 == 0 }
    private mutating func pick<T>(_ values: [T]) -> T { values[self.below(values.count)] }
    private mutating func maybe<T>(_ make: (inout Self) -> T) -> T? { self.bool() ? make(&self) : nil }

    private mutating func text() -> String {
        self.pick([
            "", "plain", "null", "\"quoted\"\\", "line\nbreak\ttab\u{1}", "grüß dich", "日本語", "👩‍👩‍👧", "e\u{301}", "success", "a.b[0]",
        ])
    }

    private mutating func double() -> Double {
        self.pick([0, -0.0, 1, 0.1, -2.5, 1e300, .leastNonzeroMagnitude, 123_456_789.125, Double(self.below(1_000_000)) / 7])
    }

    private mutating func value(depth: Int) -> JSONValue {
        switch self.below(depth > 0 ? 7 : 5) {
        case 0: .null
        case 1: .bool(self.bool())
        case 2: .integer(self.pick([0, -1, .max, .min, Int64(self.below(1_000))]))
        case 3: .number(self.double())
        case 4: .string(self.text())
        case 5: .array((0..<self.below(4)).map { _ in self.value(depth: depth - 1) })
        default: .object(self.object(depth: depth - 1))
        }
    }

    private mutating func object(depth: Int) -> JSONObject {
        var object = JSONObject()
        for _ in 0..<self.below(4) {
            object[self.pick(["a", "b", "data", "status", "error", "ü", ""])] = self.value(depth: depth)
        }
        return object
    }

    private mutating func texts() -> [String] { (0..<self.below(3)).map { _ in self.text() } }

    private mutating func context() -> ErrorContext {
        ErrorContext(
            errorID: self.maybe { $0.text() },
            timestamp: self.double(),
            operation: self.text(),
            component: self.text(),
            tenant: self.text(),
            workspace: self.text(),
            userID: self.maybe { $0.text() },
            requestID: self.maybe { $0.text() },
            sessionID: self.maybe { $0.text() },
            additionalContext: self.object(depth: 2)
        )
    }

    private mutating func strategy() -> ErrorRecoveryStrategy {
        ErrorRecoveryStrategy(
            errorCategories: (0..<self.below(4)).map { _ in self.pick(ErrorCategory.allCases) },
            maxRetries: self.below(9) - 1,
            retryDelayBase: self.double(),
            retryBackoffFactor: self.double(),
            fallbackEnabled: self.bool(),
            circuitBreakerThreshold: self.below(9),
            alertOnFailure: self.bool()
        )
    }

    /// Any combination of fields, sensible or not; no stack trace, as that is never written.
    mutating func result() -> StepResult {
        StepResult(
            success: self.bool(),
            data: self.object(depth: 3),
            error: self.maybe { $0.text() },
            customStatus: self.maybe { $0.pick(["success", "error", "skipped", "uncertain", "cancelled", "input_required", "own", ""]) },
            errorCategory: self.maybe { $0.pick(ErrorCategory.allCases) },
            retryable: self.bool(),
            metadata: self.object(depth: 2),
            errorContext: self.maybe { $0.context() },
            errorSeverity: self.pick(ErrorSeverity.allCases),
            recoveryStrategy: self.maybe { $0.strategy() },
            performanceImpact: self.double(),
            suggestedActions: self.texts(),
            relatedErrors: self.texts()
        )
    }
}
