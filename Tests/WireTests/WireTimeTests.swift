import Testing
import Wire

@Suite("Times")
struct WireTimeTests {
    /// From another implementation of the calendar.
    private static let known: [(text: String, milliseconds: Int64)] = [
        ("1970-01-01T00:00:00.000Z", 0),
        ("1969-12-31T23:59:59.999Z", -1),
        ("2000-02-29T00:00:00.000Z", 951_782_400_000),
        ("2000-03-01T12:00:00.001Z", 951_912_000_001),
        ("1900-02-28T23:59:59.000Z", -2_203_891_201_000),
        ("1900-03-01T00:00:00.000Z", -2_203_891_200_000),
        ("2100-02-28T23:59:59.999Z", 4_107_542_399_999),
        ("2100-03-01T00:00:00.000Z", 4_107_542_400_000),
        ("2024-02-29T23:59:59.999Z", 1_709_251_199_999),
        ("1600-02-29T00:00:00.000Z", -11_670_998_400_000),
        ("1582-10-15T00:00:00.000Z", -12_219_292_800_000),
        ("2038-01-19T03:14:08.000Z", 2_147_483_648_000),
        ("2026-11-21T10:15:30.123Z", 1_795_256_130_123),
        ("0001-01-01T00:00:00.000Z", -62_135_596_800_000),
        ("0000-01-01T00:00:00.000Z", -62_167_219_200_000),
        ("9999-12-31T23:59:59.999Z", 253_402_300_799_999),
    ]

    @Test("Known moments are written and read", arguments: Self.known)
    func knownMoments(text: String, milliseconds: Int64) {
        #expect(WireTime.text(milliseconds) == text)
        #expect(WireTime.milliseconds(text) == milliseconds)
    }

    @Test("Every day of five centuries has the date a calendar on the wall has")
    func everyDay() {
        var (year, month, day) = (1799, 12, 31)
        for number in -62_091..<120_530 as Range<Int64> {
            day += 1
            let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
            let length = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
            if day > length { (month, day) = (month + 1, 1) }
            if month > 12 { (year, month) = (year + 1, 1) }
            let date = "\(year)-\(month < 10 ? "0" : "")\(month)-\(day < 10 ? "0" : "")\(day)T00:00:00.000Z"
            guard WireTime.text(number * 86_400_000) == date, WireTime.milliseconds(date) == number * 86_400_000 else {
                Issue.record("day \(number) is \(date), not \(WireTime.text(number * 86_400_000))")
                return
            }
        }
        #expect((year, month, day) == (2299, 12, 31))
    }

    @Test("Any moment reads back the same")
    func roundTrip() {
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<5000 {
            let moment = Int64.random(in: -62_167_219_200_000...253_402_300_799_999, using: &generator)
            #expect(WireTime.milliseconds(WireTime.text(moment)) == moment)
        }
    }

    @Test(
        "A moment that four digits of a year cannot tell becomes the nearest that they can",
        arguments: [
            (Int64.max, "9999-12-31T23:59:59.999Z"), (253_402_300_800_000, "9999-12-31T23:59:59.999Z"),
            (951_782_400_000 + 86_400_000 * 146_097 * 20, "9999-12-31T23:59:59.999Z"),
            (.min, "0000-01-01T00:00:00.000Z"), (-62_167_219_200_001, "0000-01-01T00:00:00.000Z"),
        ] as [(Int64, String)]
    )
    func outOfRange(milliseconds: Int64, text: String) {
        #expect(WireTime.text(milliseconds) == text)
    }

    @Test(
        "Offsets, fractions and lower case",
        arguments: [
            ("2026-11-21T10:15:30Z", 1_795_256_130_000),
            ("2026-11-21T12:15:30+02:00", 1_795_256_130_000),
            ("2026-11-21T04:45:30-05:30", 1_795_256_130_000),
            ("2026-11-22T09:14:30+22:59", 1_795_256_130_000),
            ("2026-11-21T10:15:30-00:00", 1_795_256_130_000),
            ("2026-11-21t10:15:30z", 1_795_256_130_000),
            ("2026-11-21 10:15:30Z", 1_795_256_130_000),
            ("2026-11-21T10:15:30.1Z", 1_795_256_130_100),
            ("2026-11-21T10:15:30.12Z", 1_795_256_130_120),
            ("2026-11-21T10:15:30.123456789123456789123Z", 1_795_256_130_123),
            ("2026-11-21T10:15:30.9999+00:00", 1_795_256_130_999),
            ("2016-12-31T23:59:60Z", 1_483_228_800_000),
            ("1970-01-01T01:00:00+01:00", 0),
            ("1970-01-01T00:00:00+00:01", -60_000),
            ("0000-01-01T00:00:00+23:59", -62_167_305_540_000),
        ] as [(String, Int64)]
    )
    func forms(text: String, milliseconds: Int64) {
        #expect(WireTime.milliseconds(text) == milliseconds)
    }

    @Test(
        "Anything else is not a time",
        arguments: [
            "", "now", "1795256130123", "2026-11-21", "2026-11-21T10:15:30", "2026-11-21T10:15Z", "2026-11-21T10:15:30.Z",
            "2026-11-21T10:15:30,5Z", "2026-11-21T10:15:30Z ", " 2026-11-21T10:15:30Z", "2026-11-21T10:15:30ZZ", "2026-11-21T10:15:30+0200",
            "2026-11-21T10:15:30+24:00", "2026-11-21T10:15:30+02:60", "2026-11-21T10:15:30+02:00Z", "2026-11-21T10:15:30+02",
            "2026-13-21T10:15:30Z", "2026-00-21T10:15:30Z", "2026-11-00T10:15:30Z", "2026-11-31T10:15:30Z", "2026-02-29T10:15:30Z",
            "1900-02-29T00:00:00Z", "2100-02-29T00:00:00Z", "2000-02-30T00:00:00Z", "2026-11-21T24:00:00Z", "2026-11-21T10:60:30Z",
            "2026-11-21T10:15:61Z", "26-11-21T10:15:30Z", "+2026-11-21T10:15:30Z", "-026-11-21T10:15:30Z", "2026-11-2AT10:15:30Z",
            "2026/11/21T10:15:30Z", "2026\r11\r21T10:15:30Z", "2026-11-21T10\u{1a}15\u{1a}30Z", "2026-11-21\u{0}10:15:30Z",
            "2026-11-21T10:15:30\u{e}5Z", "2026-11-21T10:15:30.5\u{d}02:00", "２０２６-11-21T10:15:30Z", "2026-11-21T10:15:30.٣Z",
        ]
    )
    func malformed(text: String) {
        #expect(WireTime.milliseconds(text) == nil)
    }
}
