import Glibc

/// Times on the wire: milliseconds since 1970, and RFC 3339 text.
public enum WireTime {
    /// Milliseconds since 1970, now.
    public static var now: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }

    /// The bytes of a time's text.
    static let textLength = 24
    /// What ``text(_:)`` can write: the years 0 to 9999.
    private static let writable: ClosedRange<Int64> = -62_167_219_200_000...253_402_300_799_999

    /// RFC 3339 in UTC with milliseconds, for example `2026-11-21T10:15:30.123Z`.
    ///
    /// A time before the year 0 or after 9999 becomes the nearest one within.
    public static func text(_ milliseconds: Int64) -> String {
        String(unsafeUninitializedCapacity: Self.textLength) { buffer in
            Self.write(milliseconds, into: buffer)
            return Self.textLength
        }
    }

    /// Writes a time's text; the buffer has room for ``textLength`` bytes.
    static func write(_ milliseconds: Int64, into buffer: UnsafeMutableBufferPointer<UInt8>) {
        let milliseconds = min(max(milliseconds, Self.writable.lowerBound), Self.writable.upperBound)
        let (days, rest) = milliseconds.quotientAndRemainderFloored(dividingBy: 86_400_000)
        let (year, month, day) = Self.civil(days)
        func digits(_ value: Int64, _ count: Int, at position: Int) {
            var value = value
            for index in stride(from: position + count - 1, through: position, by: -1) {
                buffer[index] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value % 10)
                value /= 10
            }
        }
        digits(year, 4, at: 0)
        buffer[4] = UInt8(ascii: "-")
        digits(month, 2, at: 5)
        buffer[7] = UInt8(ascii: "-")
        digits(day, 2, at: 8)
        buffer[10] = UInt8(ascii: "T")
        digits(rest / 3_600_000, 2, at: 11)
        buffer[13] = UInt8(ascii: ":")
        digits(rest / 60_000 % 60, 2, at: 14)
        buffer[16] = UInt8(ascii: ":")
        digits(rest / 1000 % 60, 2, at: 17)
        buffer[19] = UInt8(ascii: ".")
        digits(rest % 1000, 3, at: 20)
        buffer[23] = UInt8(ascii: "Z")
    }

    /// Reads RFC 3339: `2026-11-21T10:15:30[.fraction](Z|±hh:mm)`; nil for anything else.
    public static func milliseconds(_ text: String) -> Int64? {
        var text = text
        return text.withUTF8 { bytes in
            func digits(_ position: Int, _ count: Int) -> Int64? {
                guard position + count <= bytes.count else { return nil }
                var value: Int64 = 0
                for byte in bytes[position..<position + count] {
                    guard byte >= 0x30, byte <= 0x39 else { return nil }
                    value = value * 10 + Int64(byte - 0x30)
                }
                return value
            }
            func has(_ character: Unicode.Scalar, at position: Int) -> Bool {
                position < bytes.count && bytes[position] == UInt8(ascii: character)
            }
            guard let year = digits(0, 4), has("-", at: 4), let month = digits(5, 2), has("-", at: 7), let day = digits(8, 2),
                has("T", at: 10) || has("t", at: 10) || has(" ", at: 10), let hour = digits(11, 2), has(":", at: 13),
                let minute = digits(14, 2),
                has(":", at: 16), let second = digits(17, 2),
                (1...12).contains(month), day >= 1, day <= Self.daysInMonth(year, month), hour < 24, minute < 60, second <= 60
            else { return nil }
            var position = 19
            var fraction: Int64 = 0
            if has(".", at: position) {
                position += 1
                var scale: Int64 = 100
                let start = position
                while let digit = digits(position, 1) {
                    fraction += digit * scale
                    scale /= 10
                    position += 1
                }
                guard position > start else { return nil }
            }
            var offset: Int64 = 0
            if has("Z", at: position) || has("z", at: position) {
                guard position + 1 == bytes.count else { return nil }
            } else {
                guard position + 6 == bytes.count, has("+", at: position) || has("-", at: position),
                    let hours = digits(position + 1, 2), has(":", at: position + 3), let minutes = digits(position + 4, 2),
                    hours < 24, minutes < 60
                else { return nil }
                offset = (hours * 60 + minutes) * (has("-", at: position) ? -60_000 : 60_000)
            }
            let time = ((hour * 60 + minute) * 60 + second) * 1000 + fraction
            return Self.days(year, month, day) * 86_400_000 + time - offset
        }
    }

    private static func daysInMonth(_ year: Int64, _ month: Int64) -> Int64 {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Days since 1970-01-01 of a civil date (Hinnant, "chrono-Compatible Low-Level Date Algorithms").
    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    /// The civil date of days since 1970-01-01 (same source).
    private static func civil(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthIndex = (5 * dayOfYear + 2) / 153
        let month = monthIndex < 10 ? monthIndex + 3 : monthIndex - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * monthIndex + 2) / 5 + 1)
    }
}

extension Int64 {
    fileprivate func quotientAndRemainderFloored(dividingBy divisor: Int64) -> (Int64, Int64) {
        let (quotient, remainder) = self.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}
