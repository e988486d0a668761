import Testing

@testable import Delivery

@Suite struct CommitMetadataTests {
    typealias Started = CommitMetadata.Started

    // MARK: The value

    @Test func rangesComeInOrderWhateverTheyAreMadeFrom() {
        #expect(CommitMetadata(isOpen: true, finished: [8..<9, 3..<5, 5..<6, 4..<5, 7..<7]).finished == [3..<6, 8..<9])
        #expect(CommitMetadata(isOpen: true, finished: [3..<5, 5..<6]).finished == [3..<6], "touching ranges are one")
        #expect(CommitMetadata(isOpen: true, finished: [.min..<2, 3..<5]).finished == [.min..<2, 3..<5])
        #expect(CommitMetadata(isOpen: false, finishedOffsets: [2, 3, 4, 9, 11, 12]).finished == [2..<5, 9..<10, 11..<13])
        #expect(CommitMetadata(isOpen: false, finishedOffsets: [9, 2, 9, 3, .max]).finished == [2..<4, 9..<10])
    }

    @Test func startedRecordsComeInOrderAndAreNotFinished() {
        let metadata = CommitMetadata(
            isOpen: true,
            finished: [4..<6],
            started: [
                Started(offset: 9, failures: 2), Started(offset: 5, starts: 3), Started(offset: 1),
                Started(offset: 9, starts: 7, isAlone: true),
            ]
        )
        #expect(metadata.started == [Started(offset: 1), Started(offset: 9, starts: 7, failures: 2, isAlone: true)])
        #expect(CommitMetadata(isOpen: true, finished: [4..<6], started: [Started(offset: 4)]).started == [])
        #expect(CommitMetadata(isOpen: true, finished: [4..<6], started: [Started(offset: 6)]).started == [Started(offset: 6)])
    }

    @Test func countsSaturate() {
        let most = Started(offset: 1, starts: .max, failures: .max)
        #expect(most.starts == 255 && most.failures == 255)
        let least = Started(offset: 1, starts: .min, failures: .min)
        #expect(least.starts == 0 && least.failures == 0 && !least.isRunning)
    }

    @Test func theLastThreeProcessesAreRememberedAndNoMoreThanThereAreStarts() {
        #expect(Started(offset: 1, starts: 5, accused: [1, 2, 3, 4]).accused == [2, 3, 4])
        #expect(Started(offset: 1, starts: 2, accused: [1, 2, 3]).accused == [2, 3])
        #expect(Started(offset: 1, starts: 0, failures: 1, accused: [1]).accused == [])
    }

    // MARK: Round trips

    /// Checks one value; the text is also measured by counting of its own.
    private func check(_ metadata: CommitMetadata, base: Int64) -> CommitMetadata.Encoded {
        let encoded = metadata.encoded(base: base)
        #expect(encoded.text.utf8.count <= 4_096)
        #expect(encoded.text.utf8.allSatisfy { $0 > 32 && $0 < 127 })
        let part = metadata.withoutHighest(finished: encoded.leftOut, started: encoded.startedLeftOut)
        #expect(CommitMetadata.decode(encoded.text, base: base) == .found(part))
        if encoded.leftOut == 0, encoded.startedLeftOut == 0 {
            #expect(encoded.share == Double(encoded.text.utf8.count) / 4_096)
        } else {
            #expect(encoded.share > 1)
        }
        return encoded
    }

    @Test func whatIsWrittenIsReadBack() {
        var samples = CommitMetadataSamples(seed: 1)
        var codecs: [CommitMetadata.Codec: Int] = [:]
        for _ in 0..<20_000 {
            let base = samples.base()
            let metadata = samples.value(base: base, ranges: 60, started: 12)
            let encoded = self.check(metadata, base: base)
            #expect(encoded.leftOut == 0 && encoded.startedLeftOut == 0)

            let (runs, bitmap) = metadata.sizes(base: base)
            #expect(encoded.codec == (bitmap < runs ? .bitmap : .runs))
            codecs[encoded.codec, default: 0] += 1
        }
        #expect(codecs[.runs, default: 0] > 2_000 && codecs[.bitmap, default: 0] > 2_000, "\(codecs)")
    }

    @Test func aValueThatIsTooLongLosesItsHighestOffsetsOnly() {
        var samples = CommitMetadataSamples(seed: 2)
        var cut: [CommitMetadata.Codec: Int] = [:]
        for _ in 0..<1_000 {
            let base = samples.base()
            let metadata = samples.value(base: base, ranges: 4_000, started: 1_500)
            let encoded = self.check(metadata, base: base)
            let alone = CommitMetadata(isOpen: metadata.isOpen, owner: metadata.owner, started: metadata.started).encoded(base: base)
            #expect(encoded.startedLeftOut == alone.startedLeftOut, "no finished offset takes the room of a started record")
            if encoded.leftOut > 0 {
                cut[encoded.codec, default: 0] += 1
                let room = 3_071 - (alone.text.utf8.count - 1) * 3 / 4
                let most = metadata.mostFinished(base: base, room: room)
                // Some room is kept for a number of started records that is not written.
                #expect(alone.startedLeftOut > 0 || metadata.finishedCount - encoded.leftOut == most, "as far as it fits")
            }
        }
        #expect(cut[.runs, default: 0] > 100 && cut[.bitmap, default: 0] > 20, "\(cut)")
    }

    // MARK: Shapes

    @Test func theShorterFormIsTaken() {
        let base: Int64 = 7
        let alternating = CommitMetadata(isOpen: true, finishedOffsets: stride(from: base + 1, to: base + 4_001, by: 2))
        let bitmap = self.check(alternating, base: base)
        #expect(bitmap.codec == .bitmap)
        #expect(bitmap.text.utf8.count < 700)
        let runs = self.check(CommitMetadata(isOpen: true, finished: [base + 1..<base + 4_001]), base: base)
        #expect(runs.codec == .runs)
        #expect(runs.text.utf8.count < 20)
    }

    @Test func aWholeWindowOfOneStuckRecordIsShort() {
        let encoded = self.check(
            CommitMetadata(isOpen: true, finished: [101..<65_636], started: [Started(offset: 100, starts: 2)]),
            base: 100
        )
        #expect(encoded.text.utf8.count < 24)
        #expect(encoded.share < 0.01)
    }

    @Test func theWorstWindowIsCutNotDropped() {
        let base: Int64 = 1_000
        let metadata = CommitMetadata(isOpen: true, finishedOffsets: stride(from: base + 1, to: base + 65_536, by: 2))
        let encoded = self.check(metadata, base: base)
        #expect(encoded.codec == .bitmap)
        #expect(encoded.leftOut == 32_768 - 3_063 * 4, "3,071 bytes less 4 + 2 + 1 + 1 of checksum, header, count and gap")
        #expect(encoded.share > 2.6 && encoded.share < 2.8)
        #expect(encoded.text.utf8.count == 4_096)
    }

    @Test func aLengthThatHasNoRoomIsCut() {
        // 1,531 ranges of two bytes fill all but two of the bytes there are; the gap of the next takes one, its length would take three.
        let base: Int64 = 0
        var ranges = (0..<Int64(1_531)).map { 1 + $0 * 128..<2 + $0 * 128 }
        ranges.append(300_000..<340_000)
        for (gap, kept) in [(Int64(1), Int64(128)), (128, 128), (129, 0)] {
            let lower = 1 + 1_530 * 128 + 1 + gap
            ranges[1_531] = lower..<lower + 40_000
            let encoded = self.check(CommitMetadata(isOpen: false, finished: ranges), base: base)
            #expect(encoded.codec == .runs)
            #expect(encoded.leftOut == 40_000 - Int(kept))
        }
    }

    @Test func startedRecordsHavePriority() {
        let base: Int64 = 50
        let records = (0..<3_000).map { Started(offset: base + Int64($0) * 2) }
        let encoded = self.check(
            CommitMetadata(isOpen: true, finishedOffsets: stride(from: base + 1, to: base + 6_000, by: 2), started: records),
            base: base
        )
        #expect(encoded.startedLeftOut == 0)
        #expect(encoded.codec == .bitmap)
        #expect(encoded.leftOut == 3_000 - (3_065 - 2 - 3_000 - 1) * 4)
    }

    @Test(arguments: [
        (Started(offset: 0), 1), (Started(offset: 0, starts: 15, failures: 15, isAlone: true), 3), (Started(offset: 0, starts: 16), 4),
        (Started(offset: 0, starts: 2, accused: [1, 2]), 11),
    ])
    func theLongestListOfStartedRecords(_ kind: Started, bytes: Int) {
        let base: Int64 = 77
        let most = (3_071 - 6 - 2) / bytes
        for count in [most, most + 1, 60_000] {
            let records = (0..<count).map { index in
                var record = kind
                record.offset = base + Int64(index)
                return record
            }
            let encoded = self.check(CommitMetadata(isOpen: true, finished: [base + 70_000..<base + 70_001], started: records), base: base)
            // The count of 60,000 takes one byte more, for which room is kept.
            let kept = count > 16_383 ? (3_071 - 6 - 3) / bytes : min(count, most)
            #expect(encoded.startedLeftOut == count - kept)
            #expect(encoded.leftOut == 1 || most * bytes < 3_071 - 6 - 2 - 4, "no room for a finished one")
        }
    }

    // MARK: Bounds

    @Test func theBaseIsNeverFinished() {
        let metadata = CommitMetadata(isOpen: true, finished: [2..<12, 20..<21], started: [Started(offset: 1), Started(offset: 15)])
        let encoded = metadata.encoded(base: 10)
        let found = CommitMetadata(isOpen: true, finished: [11..<12, 20..<21], started: [Started(offset: 15)])
        #expect(CommitMetadata.decode(encoded.text, base: 10) == .found(found))
        #expect(encoded.leftOut == 0 && encoded.startedLeftOut == 0, "what lies below the base needs no word")
        let above = CommitMetadata(isOpen: false, finished: [2..<11], started: []).encoded(base: 10)
        #expect(CommitMetadata.decode(above.text, base: 10) == .found(CommitMetadata(isOpen: false)))
    }

    @Test func theHighestOffsetsDoNotOverflow() {
        for distance in 0...3 as ClosedRange<Int64> {
            let base = Int64.max - distance
            let finished = distance > 1 ? [base + 1..<Int64.max] : []
            let metadata = CommitMetadata(
                isOpen: true,
                finished: finished,
                started: [Started(offset: distance > 1 ? base : .max, failures: 1)]
            )
            let encoded = self.check(metadata, base: base)
            #expect(encoded.leftOut == 0 && encoded.startedLeftOut == 0)
        }
        let whole = CommitMetadata(
            isOpen: true,
            finished: [.min..<0, 1..<Int64.max],
            started: [Started(offset: .min), Started(offset: .max)]
        )
        for base in [.min, -1, 0, 1, .max - 1, .max] as [Int64] {
            let encoded = whole.encoded(base: base)
            #expect(CommitMetadata.decode(encoded.text, base: max(0, base)) != .unreadable)
            if base <= 0 {
                #expect(encoded.leftOut == Int(Int64.max) - 1 - ((1 << 32) - 1))
                #expect(encoded.startedLeftOut == 1)
            }
            if base < 0 { #expect(CommitMetadata.decode(encoded.text, base: base) == .unreadable) }
        }
    }

    @Test func offsetsBeyondTheWindowAreLeftOut() {
        let window: Int64 = 1 << 32
        let base: Int64 = 1_000
        let last = base + window - 1
        let inside = CommitMetadata(isOpen: true, finished: [last - 1..<last], started: [Started(offset: last)])
        #expect(self.check(inside, base: base).leftOut == 0)
        let outside = CommitMetadata(
            isOpen: true,
            finished: [last - 9..<last + 3, last + 5..<last + 6],
            started: [Started(offset: base), Started(offset: last + 7)]
        )
        let encoded = outside.encoded(base: base)
        #expect(encoded.leftOut == 3 && encoded.startedLeftOut == 1)
        #expect(CommitMetadata.decode(encoded.text, base: base) == .found(outside.withoutHighest(finished: 3, started: 1)))
    }

    // MARK: The format

    @Test func theFormatStaysAsItIs() {
        let runs = CommitMetadata(
            isOpen: true,
            finished: [1_002..<1_003, 1_005..<2_005, 70_000..<2_000_000],
            started: [
                Started(offset: 1_000, starts: 2, failures: 1), Started(offset: 1_003), Started(offset: 1_004, isAlone: true),
                Started(offset: 3_000, starts: 200, failures: 9, isAlone: true),
                Started(offset: 3_001, starts: 3, isAlone: true, isRunning: false, accused: [0x0102_0304, .max]),
            ]
        )
        let bitmap = CommitMetadata(
            isOpen: true,
            finishedOffsets: [45, 46, 48, 50, 51, 52, 55, 60, 61, 63, 65],
            started: [Started(offset: 42)]
        )
        let golden: [(CommitMetadata, Int64, String)] = [
            (CommitMetadata(isOpen: false), 0, "1L5HJIgABAA"),
            (
                CommitMetadata(isOpen: true, owner: 0xcafe_0001, finished: [], started: [Started(offset: 5, starts: 3)]), 5,
                "1GOxs8wMBAP7KAQEBIDA"
            ),
            (runs, 1_000, "1A4FLpwEBBQEgIQQBYBCXH-DICQFQMAQDAgH_____AQAB5weakwSP5nU"),
            (bitmap, 42, "1HXV61gECAQAC64QV"),
        ]
        for (metadata, base, text) in golden {
            #expect(metadata.encoded(base: base).text == text)
            #expect(CommitMetadata.decode(text, base: base) == .found(metadata))
        }
    }

    @Test func theChecksumIsCastagnolis() {
        var checksum = CRC32C()
        for byte in "123456789".utf8 { checksum.add(byte) }
        #expect(checksum.value == 0xE306_9283)
    }
}
