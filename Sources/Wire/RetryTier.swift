/// The retry topics of a layer, by how long a request waits in them at most (contracts, "Retries").
public enum RetryTier: String, Sendable, Hashable, CaseIterable {
    case oneMinute = "1m"
    case tenMinutes = "10m"
    case oneHour = "1h"

    /// The longest wait of a request, in milliseconds.
    public var milliseconds: Int64 {
        switch self {
        case .oneMinute: 60_000
        case .tenMinutes: 600_000
        case .oneHour: 3_600_000
        }
    }

    /// The topic for a wait: the shortest that is long enough, or the longest there is.
    public init(forWaiting milliseconds: Int64) {
        self = Self.allCases.first { milliseconds <= $0.milliseconds } ?? .oneHour
    }
}
