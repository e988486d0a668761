public import JSON

/// Keeps the last failures and tells what goes wrong most (spec §1.15).
///
/// A plain value: its owner decides about locks. Rankings and trends look at the last 1,000 failures; totals count everything. The error
/// rate is the share of failures among all recorded outcomes.
public struct ErrorAnalyzer: Sendable {
    /// How many failures are kept.
    public static let capacity = 1_000
    /// Fewer failures than this make no trend.
    public static let minimumForTrends = 10

    /// What is kept of a failure.
    private struct Failure: Sendable {
        var error: String
        var category: ErrorCategory?
        var isCritical: Bool
        var retryable: Bool
        /// Hour of the day, UTC, of failures that came with a context.
        var hour: Int?
    }

    private var ring: [Failure] = []
    private var next = 0
    /// Failures recorded so far, those no longer kept included.
    public private(set) var totalErrors = 0
    /// Outcomes recorded so far, successes included.
    public private(set) var totalOutcomes = 0

    /// Creates an analyzer that has seen nothing.
    public init() {}

    /// Counts an outcome and keeps it if it is a failure.
    ///
    /// Cancelled steps and those waiting for input count as outcomes, not as failures.
    public mutating func record(_ result: StepResult) {
        self.totalOutcomes += 1
        guard result.isFailure else { return }
        self.totalErrors += 1
        let failure = Failure(
            error: String((result.error ?? "Unknown error").prefix(256)),
            category: result.errorCategory,
            isCritical: result.isCritical,
            retryable: result.retryable,
            hour: result.errorContext.flatMap { Self.hour(of: $0.timestamp) }
        )
        if self.ring.count < Self.capacity {
            self.ring.append(failure)
        } else {
            self.ring[self.next] = failure
            self.next = (self.next + 1) % Self.capacity
        }
    }

    /// The share of failures among all outcomes, 0 without any.
    public var errorRate: Double {
        self.totalOutcomes == 0 ? 0 : Double(self.totalErrors) / Double(self.totalOutcomes)
    }

    /// What goes wrong, most frequent first.
    public var summary: Summary {
        Summary(
            totalErrors: self.totalErrors,
            errorRate: self.errorRate,
            mostCommonErrors: Self.ranked(self.ring.map(\.error), limit: 10),
            errorCategories: Self.ranked(self.ring.compactMap { $0.category?.rawValue }, limit: 10),
            criticalErrors: self.ring.count { $0.isCritical },
            retryableErrors: self.ring.count { $0.retryable }
        )
    }

    /// When and where failures gather; nil below `minimumForTrends` failures.
    public var trends: Trends? {
        guard self.ring.count >= Self.minimumForTrends else { return nil }
        var hours: [Int: Int] = [:]
        for hour in self.ring.compactMap(\.hour) { hours[hour, default: 0] += 1 }
        let peaks = hours.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(5).map { HourCount(hour: $0.key, count: $0.value) }
        let isIncreasing = hours.count > 5 && (peaks.first?.count ?? 0) > 10
        return Trends(
            peakErrorHours: peaks,
            errorRateTrend: isIncreasing ? .increasing : .stable,
            mostProblematicCategories: Self.ranked(self.ring.compactMap { $0.category?.rawValue }, limit: 5).map(\.name)
        )
    }

    private static func hour(of timestamp: Double) -> Int? {
        guard let seconds = Int64(exactly: timestamp.rounded(.down)) else { return nil }
        let hour = (seconds / 3_600) % 24
        return Int(hour < 0 ? hour + 24 : hour)
    }

    /// Most frequent first, equally frequent ones by name.
    private static func ranked(_ names: [String], limit: Int) -> [NameCount] {
        var counts: [String: Int] = [:]
        for name in names { counts[name, default: 0] += 1 }
        return counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(limit).map { NameCount(name: $0.key, count: $0.value) }
    }
}

extension ErrorAnalyzer {
    /// How often something was seen.
    public struct NameCount: Sendable, Hashable {
        /// The error text or the category that was counted.
        public var name: String
        /// How often it occurs among the failures kept.
        public var count: Int
    }

    /// How many failures fell into an hour of the day (0–23, UTC).
    public struct HourCount: Sendable, Hashable {
        /// The hour of the day in UTC, 0 to 23.
        public var hour: Int
        /// How many of the failures kept fell into it.
        public var count: Int
    }

    /// What goes wrong.
    public struct Summary: Sendable, Hashable {
        /// Since the beginning.
        public var totalErrors: Int
        /// Failures per outcome since the beginning.
        public var errorRate: Double
        /// The ten most frequent texts (their first 256 characters) among the failures kept.
        public var mostCommonErrors: [NameCount]
        /// The ten most frequent categories among the failures kept.
        public var errorCategories: [NameCount]
        /// Failures kept whose severity is high or critical.
        public var criticalErrors: Int
        /// Failures kept that are marked retryable.
        public var retryableErrors: Int

        /// The summary under the names of spec §1.15; rankings as `[name, count]` pairs.
        public var jsonObject: JSONObject {
            [
                "total_errors": .integer(Int64(self.totalErrors)),
                "error_rate": .number(self.errorRate),
                "most_common_errors": .array(self.mostCommonErrors.map { [.string($0.name), .integer(Int64($0.count))] }),
                "error_categories": .array(self.errorCategories.map { [.string($0.name), .integer(Int64($0.count))] }),
                "critical_errors": .integer(Int64(self.criticalErrors)),
                "retryable_errors": .integer(Int64(self.retryableErrors)),
            ]
        }
    }

    /// When and where failures gather.
    public struct Trends: Sendable, Hashable {
        /// `increasing` when more than five hours of the day saw failures and the worst one more than ten; else `stable`.
        public enum Direction: String, Sendable, Hashable {
            case increasing
            case stable
        }

        /// The five hours of the day with the most failures, counting those that came with a context.
        public var peakErrorHours: [HourCount]
        /// Where the number of failures goes.
        public var errorRateTrend: Direction
        /// The five most frequent categories, most frequent first.
        public var mostProblematicCategories: [String]

        /// The trends under the names of spec §1.15; hours as `[hour, count]` pairs.
        public var jsonObject: JSONObject {
            [
                "peak_error_hours": .array(self.peakErrorHours.map { [.integer(Int64($0.hour)), .integer(Int64($0.count))] }),
                "error_rate_trend": .string(self.errorRateTrend.rawValue),
                "most_problematic_categories": .array(self.mostProblematicCategories.map { .string($0) }),
            ]
        }
    }
}
