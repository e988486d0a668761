import Testing

@testable import Delivery

@Suite struct CommitMetadataHostileTests {
    private typealias Started = CommitMetadata.Started

    private static let base: Int64 = 4_711

    private static let samples: [CommitMetadata] = [
        CommitMetadata(isOpen: false),
        CommitMetadata(isOpen: true, started: [Started(offset: 4_711, starts: 3, failures: 2, isAlone: true)]),
        CommitMetadata(
            isOpen: true,
            finished: [4_720..<5_000, 6_000..<90_000],
            started: [Started(offset: 4_711), Started(offset: 5_500, starts: 90)]
        ),
        CommitMetadata(isOpen: true, finishedOffsets: stride(from: 4_715, to: 4_815, by: 3), started: [Started(offset: 4_711)]),
    ]

    @Test func noTextIsNoMetadata() {
        #expect(CommitMetadata.decode("", base: 0) == .none)
        #expect(CommitMetadata.decode("", base: -1_001) == .none)
    }

    @Test(arguments: [
        "1", "1AAAA", "1AAAAAAAA", "0", "2AAAAAAAAAAAA", "null", "{}", " ", "\0", "1\0\0\0", "é", "1é", "1========",
        // What others write: a commit time, Kafka Streams (versions 1 and 2), Parallel Consumer's bit sets and run lengths.
        "NO_METADATA", "1700000000000", "AQAAAYvP5WgA", "AgAAAYvP5WgAAAAAAA==", "bAAoVVVVVVU=", "bwAAAChVVVVVVQ==", "bgABAAMAAg==",
        "ZQAAAAEAAAADAAAAAg==",
        #"{"version":1,"offsets":[1,2,3]}"#,
    ])
    func foreignTextsAreUnreadable(_ text: String) {
        for base in [0, 1, 4_711, .max] as [Int64] { #expect(CommitMetadata.decode(text, base: base) == .unreadable) }
    }

    @Test func longTextsAreUnreadable() {
        #expect(CommitMetadata.decode(String(repeating: "1", count: 4_097), base: 0) == .unreadable)
        #expect(CommitMetadata.decode(String(repeating: "A", count: 10_000_000), base: 0) == .unreadable)
        let whole = CommitMetadata(isOpen: true, finishedOffsets: stride(from: 1, to: 60_000, by: 2)).encoded(base: 0).text
        #expect(CommitMetadata.decode(whole + "A", base: 0) == .unreadable)
    }

    @Test(arguments: Self.samples)
    func everyChangeOfOneByteIsSeen(_ metadata: CommitMetadata) {
        let text = Array(metadata.encoded(base: Self.base).text.utf8)
        for index in text.indices {
            for byte in 0...127 as ClosedRange<UInt8> where byte != text[index] {
                var changed = text
                changed[index] = byte
                #expect(CommitMetadata.decode(String(decoding: changed, as: UTF8.self), base: Self.base) == .unreadable)
            }
        }
    }

    @Test(arguments: Self.samples)
    func everyTruncationAndExtensionIsSeen(_ metadata: CommitMetadata) {
        let text = metadata.encoded(base: Self.base).text
        for count in 1..<text.utf8.count { #expect(CommitMetadata.decode(String(text.prefix(count)), base: Self.base) == .unreadable) }
        for start in 1..<text.utf8.count { #expect(CommitMetadata.decode(String(text.dropFirst(start)), base: Self.base) == .unreadable) }
        for end in ["A", "AA", "AAA", "AAAA", "=", "==", "\n", "\0", "é"] {
            #expect(CommitMetadata.decode(text + end, base: Self.base) == .unreadable)
        }
    }

    @Test(arguments: Self.samples)
    func theTextOfAnotherBaseIsUnreadable(_ metadata: CommitMetadata) {
        let text = metadata.encoded(base: Self.base).text
        for base in 0...10_000 as ClosedRange<Int64> where base != Self.base {
            #expect(CommitMetadata.decode(text, base: base) == .unreadable)
        }
        for shift in 0..<64 { #expect(CommitMetadata.decode(text, base: Self.base ^ 1 << Int64(shift)) == .unreadable) }
    }

    // MARK: Behind a right checksum

    /// Decodes a body without its checksum: flags, owner, codec, started records, finished offsets.
    private func decode(_ content: [UInt8], base: Int64 = Self.base) -> CommitMetadata.Decoding {
        var body = [0, 0, 0, 0] + content
        return CommitMetadata.decode(CommitMetadata.text(sealing: &body, base: base), base: base)
    }

    @Test func whatTheEncoderNeverWritesIsUnreadable() {
        let bad: [(String, [UInt8])] = [
            ("nothing", []),
            ("flags only", [0]),
            ("no number of started records", [0, 1]),
            ("unknown flag", [4, 1, 0]),
            ("an owner that is missing", [2, 1, 0]),
            ("an owner 0", [2, 0, 0, 0, 0, 1, 0]),
            ("codec 0", [0, 0, 0]),
            ("codec 3", [0, 3, 0]),
            ("a started record that is missing", [0, 1, 1]),
            ("a huge number of started records", [0, 1, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F]),
            ("a number of six bytes", [0, 1, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01]),
            ("a number that does not end", [0, 1, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]),
            ("a number longer than needed", [0, 1, 0x80, 0x00]),
            ("details missing", [0, 1, 1, 1]),
            ("details without counts", [0, 1, 1, 1, 0x20]),
            ("details of a plain record", [0, 1, 1, 1, 0x20, 0x10]),
            ("details of nothing", [0, 1, 1, 1, 0x00, 0x00]),
            ("a run without a start", [0, 1, 1, 1, 0x20, 0x01]),
            ("unused bits in details", [0, 1, 1, 1, 0x81, 16, 0]),
            ("long details of nothing", [0, 1, 1, 1, 0x80, 0, 0]),
            ("long details of small counts", [0, 1, 1, 1, 0x80, 15, 15]),
            ("long details missing", [0, 1, 1, 1, 0x80, 16]),
            ("an accused process that is missing", [0, 1, 1, 1, 0x08, 0x20, 1, 2, 3]),
            ("more accused processes than starts", [0, 1, 1, 1, 0x10, 0x10, 1, 2, 3, 4, 5, 6, 7, 8]),
            ("a started record beyond the window", [0, 1, 1, 0x80, 0x80, 0x80, 0x80, 0x20]),
            ("a gap without a length", [0, 1, 0, 5]),
            ("a length that does not end", [0, 1, 0, 5, 0x80]),
            ("a range beyond the window", [0, 1, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 0]),
            ("a length beyond the window", [0, 1, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F]),
            ("a length of 2^35", [0, 1, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F]),
            ("a started record that is finished", [0, 1, 1, 2, 0, 0]),
            ("a started record in a range", [0, 1, 1, 20, 0, 50]),
            ("a bitmap of nothing", [0, 2, 0, 0]),
            ("no bitmap", [0, 2, 0]),
            ("a bitmap that begins too early", [0, 2, 0, 0, 0b10]),
            ("a bitmap that ends too late", [0, 2, 0, 0, 0b11, 0]),
            ("a bitmap beyond the window", [0, 2, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 1]),
            ("a started record in a bitmap", [0, 2, 1, 2, 0, 1]),
        ]
        for (name, content) in bad { #expect(self.decode(content) == .unreadable, "\(name)") }

        #expect(self.decode([0, 1, 0]) == .found(CommitMetadata(isOpen: false)))
        #expect(
            self.decode([1, 1, 1, 1, 0x20, 0x21])
                == .found(CommitMetadata(isOpen: true, started: [Started(offset: Self.base, starts: 2, failures: 1)]))
        )
        let accused = Started(offset: Self.base, starts: 1, isRunning: false, accused: [0x0403_0201])
        #expect(
            self.decode([3, 1, 0, 0, 0, 1, 1, 1, 0x08, 0x10, 1, 2, 3, 4])
                == .found(CommitMetadata(isOpen: true, owner: 1, started: [accused]))
        )
        #expect(self.decode([0, 1, 0, 0, 0xFE, 0xFF, 0xFF, 0xFF, 0x0F]) != .unreadable, "the longest range")
        #expect(self.decode([0, 1, 1, 0xFE, 0xFF, 0xFF, 0xFF, 0x1F]) != .unreadable, "the farthest started record")
        #expect(self.decode([0, 2, 0, 0, 0b1011]) == .found(CommitMetadata(isOpen: false, finishedOffsets: [4_712, 4_713, 4_715])))
    }

    @Test func offsetsThatOverflowAreUnreadable() {
        let base = Int64.max - 10
        #expect(self.decode([0, 1, 0, 0, 8], base: base) == .found(CommitMetadata(isOpen: false, finished: [base + 1..<Int64.max])))
        #expect(self.decode([0, 1, 0, 0, 9], base: base) == .unreadable)
        #expect(self.decode([0, 1, 0, 11, 0], base: base) == .unreadable)
        #expect(self.decode([0, 1, 1, 20], base: base) != .unreadable)
        #expect(self.decode([0, 1, 1, 22], base: base) == .unreadable)
        #expect(self.decode([0, 2, 0, 0, 1, 1], base: base) != .unreadable)
        #expect(self.decode([0, 2, 0, 0, 1, 2], base: base) == .unreadable)
        #expect(self.decode([0, 1, 0, 0, 0], base: .max) == .unreadable)
    }

    @Test func randomBodiesNeverTrap() {
        var samples = CommitMetadataSamples(seed: 3)
        var found = 0
        for round in 0..<60_000 {
            let base = samples.base(room: round % 2 == 0 ? 100 : 1 << 40)
            var content = samples.bytes(Int(samples.number(0...24)))
            // Most begin well, else none would come far.
            if content.count > 2, round % 8 != 0 {
                content[0] &= 1
                content[1] = content[1] % 2 + 1
                content[2] %= 4
            }
            if self.isConsistent(self.decode(content, base: base), base: base) { found += 1 }
        }
        #expect(found > 1_000)
    }

    @Test func changedBodiesNeverTrap() {
        var samples = CommitMetadataSamples(seed: 4)
        var found = 0
        for round in 0..<6_000 {
            let base = samples.base()
            let metadata = samples.value(base: base, ranges: round % 100 == 0 ? 2_000 : 20, started: 6)
            guard var body = CommitMetadata.body(of: metadata.encoded(base: base).text, base: base) else {
                Issue.record("unreadable")
                return
            }
            body.removeFirst(4)
            for _ in 0...samples.number(0...2) {
                let index = Int(samples.number(0...Int64(body.count - 1)))
                switch samples.number(0...3) {
                case 0: body[index] = UInt8(samples.number(0...255))
                case 1: body[index] ^= 1 << UInt8(samples.number(0...7))
                case 2: body.insert(UInt8(samples.number(0...255)), at: index)
                default: if body.count > 1 { body.remove(at: index) }
                }
            }
            if self.isConsistent(self.decode(body, base: base), base: base) { found += 1 }
        }
        #expect(found > 1_000)
    }

    @Test func theLargestTextsTakeLittle() {
        var samples = CommitMetadataSamples(seed: 5)
        let header: [UInt8] = [1, 2, 0, 0]
        let ends = self.decode(header + Array(repeating: 0x55, count: 3_063))
        guard case .found(let metadata) = ends else {
            Issue.record("unreadable")
            return
        }
        #expect(metadata.finished.count == 12_252)
        for round in 0..<200 {
            let content = samples.bytes(3_067 - header.count)
            _ = self.isConsistent(self.decode((round % 2 == 0 ? header : [1, 1, 0]) + content), base: Self.base)
        }
    }

    @Test func randomTextsNeverTrap() {
        var samples = CommitMetadataSamples(seed: 6)
        for _ in 0..<20_000 {
            let text = String(decoding: samples.bytes(Int(samples.number(1...40))), as: UTF8.self)
            #expect(CommitMetadata.decode(text, base: 0) == .unreadable)
            #expect(CommitMetadata.decode("1" + text, base: 0) == .unreadable)
        }
    }

    /// Whether it was found; what was found keeps every promise and can be written again.
    private func isConsistent(_ decoding: CommitMetadata.Decoding, base: Int64) -> Bool {
        guard case .found(let metadata) = decoding else {
            #expect(decoding == .unreadable)
            return false
        }
        let made = CommitMetadata(
            isOpen: metadata.isOpen,
            owner: metadata.owner,
            finished: metadata.finished,
            started: metadata.started
        )
        #expect(made == metadata)
        #expect((metadata.finished.first?.lowerBound ?? .max) > base)
        #expect((metadata.started.first?.offset ?? .max) >= base)
        #expect(metadata.finished.count <= 12_300 && metadata.started.count <= 3_071)
        let again = metadata.encoded(base: base)
        #expect(again.leftOut == 0 && again.startedLeftOut == 0)
        #expect(CommitMetadata.decode(again.text, base: base) == decoding)
        return true
    }
}
