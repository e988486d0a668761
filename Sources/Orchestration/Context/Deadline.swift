/// The moment a job has to be done by: milliseconds since 1970, wall clock, as it stands on the wire.
public struct Deadline: Sendable, Hashable, Comparable {
    /// The moment.
    public var millisecondsSince1970: Int64

    /// A deadline at this moment.
    public init(millisecondsSince1970: Int64) {
        self.millisecondsSince1970 = millisecondsSince1970
    }

    /// A deadline some time from now; a time too far away becomes the latest one there is.
    ///
    /// - Parameters:
    ///   - duration: Rounded down to milliseconds.
    ///   - now: Milliseconds since 1970.
    public init(after duration: Duration, now: Int64) {
        let (seconds, attoseconds) = duration.components
        let whole = seconds.multipliedReportingOverflow(by: 1_000)
        let sum = whole.partialValue.addingReportingOverflow(attoseconds / 1_000_000_000_000_000)
        let moment = now.addingReportingOverflow(sum.partialValue)
        if whole.overflow || sum.overflow || moment.overflow {
            self.millisecondsSince1970 = duration > .zero ? .max : .min
        } else {
            self.millisecondsSince1970 = moment.partialValue
        }
    }

    /// The time left, zero when it has passed.
    ///
    /// - Parameter now: Milliseconds since 1970.
    public func remaining(now: Int64) -> Duration {
        guard self.millisecondsSince1970 > now else { return .zero }
        let (left, overflow) = self.millisecondsSince1970.subtractingReportingOverflow(now)
        return .milliseconds(overflow ? .max : left)
    }

    /// Whether the moment has come.
    public func isExpired(now: Int64) -> Bool { self.millisecondsSince1970 <= now }

    /// Whether `lhs` comes first; `min(_:_:)` gives the stricter of two.
    public static func < (lhs: Deadline, rhs: Deadline) -> Bool { lhs.millisecondsSince1970 < rhs.millisecondsSince1970 }
}
