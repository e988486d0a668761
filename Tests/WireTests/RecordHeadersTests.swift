import Testing
import Wire

@Suite("Record headers")
struct RecordHeadersTests {
    @Test("A block gives back what was put in, in order", arguments: 0..<4 as Range<UInt64>)
    func roundTrip(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<200 {
            let pairs = (0..<generator.below(20)).map { _ in (generator.text(), generator.headerValue()) }
            var headers = RecordHeaders(reservingCapacity: generator.below(2) * 64)
            for (name, value) in pairs { headers.add(name, value) }
            #expect(headers.count == pairs.count)
            #expect(headers.values.map(\.name) == pairs.map(\.0))
            #expect(headers.values.map(\.value) == pairs.map(\.1))
            let size = pairs.reduce(0) { size, pair in
                size + RecordHeadersView.encodedSize(nameLength: pair.0.utf8.count, valueLength: pair.1.count)
            }
            #expect(headers.bytes.count == size)
        }
    }

    @Test("Blocks can be put together")
    func concatenation() {
        var headers = RecordHeaders(["a": "1", "b": .null])
        let more = RecordHeaders(["a": "2", "c": ""])
        more.withView { headers.append(contentsOf: $0) }
        #expect(headers.count == 4)
        #expect(headers.pairs.map(\.name) == ["a", "b", "a", "c"])
        #expect(headers.pairs.map(\.value) == ["1", "", "2", ""])
        #expect(headers["a"] == "1" && headers["c"]?.isEmpty == true && headers["d"] == nil)
    }

    @Test("A null value and an empty one are told apart")
    func nullAndEmpty() {
        var headers = RecordHeaders()
        headers.append("null", bytes: nil)
        headers.append("empty", "")
        #expect(headers.values.map(\.value) == [.null, .text("")])
    }

    @Test("A name too long for the block is left out")
    func longName() {
        var headers = RecordHeaders()
        headers.add(String(repeating: "n", count: 65_535), "kept")
        headers.add(String(repeating: "n", count: 65_536), "left out")
        #expect(headers.count == 1)
        #expect(headers.pairs.map(\.value) == ["kept"])
    }

    @Test("Any bytes can be walked through as a block", arguments: 0..<4 as Range<UInt64>)
    func brokenBlocks(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let intact = generator.request().encode().headers.bytes
        for _ in 0..<500 {
            var bytes = intact
            for _ in 0...generator.below(3) { bytes[generator.below(bytes.count)] = UInt8(generator.below(256)) }
            bytes.removeLast(generator.below(bytes.count))
            var seen = 0
            TestRecord(value: bytes).withView { view in
                RecordHeadersView(raw: view.value ?? UnsafeRawBufferPointer(start: nil, count: 0), count: 0).forEach { name, value in
                    seen += 6 + name.count + (value?.count ?? 0)
                }
            }
            #expect(seen <= bytes.count)
        }
    }
}

extension SeededGenerator {
    fileprivate mutating func headerValue() -> HeaderValue {
        switch self.below(4) {
        case 0: .null
        case 1: .bytes([0xff] + (0..<self.below(8)).map { _ in UInt8(self.below(256)) })
        case 2: .text("")
        default: .text("v\(self.below(1000))é")
        }
    }
}

extension HeaderValue {
    fileprivate var count: Int {
        switch self {
        case .null: 0
        case .text(let text): text.utf8.count
        case .bytes(let bytes): bytes.count
        }
    }
}
