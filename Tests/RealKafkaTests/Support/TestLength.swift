import Foundation

/// How much time tests may take.
enum TestLength {
    /// Whether the long forms of tests are wanted: `FLEET_LONG=1`.
    static let isLong = ProcessInfo.processInfo.environment["FLEET_LONG"] == "1"
}
