import Testing

@testable import KafkaProcess

@Suite struct LineBufferTests {
    private func text(_ buffer: LineBuffer) -> [String] { buffer.lines.map(\.text) }

    @Test func linesAreJoinedOverChunksAndKeptApartByStream() {
        var buffer = LineBuffer(byteLimit: 4_096)
        buffer.append("one\ntw".utf8, to: .standardOutput)
        buffer.append("problem\n".utf8, to: .standardError)
        buffer.append("o\n\nthree".utf8, to: .standardOutput)
        #expect(self.text(buffer) == ["one", "problem", "two", ""])
        #expect(buffer.lines.map(\.number) == [0, 1, 2, 3])
        #expect(buffer.lines.map(\.stream) == [.standardOutput, .standardError, .standardOutput, .standardOutput])
        buffer.finish(.standardOutput)
        buffer.finish(.standardOutput)
        #expect(self.text(buffer).last == "three")
        #expect(buffer.nextNumber == 5)
    }

    @Test func oldestLinesMakeRoomAndNumbersGoOn() throws {
        var buffer = LineBuffer(byteLimit: 8_192)
        for number in 0..<20_000 { buffer.append("line \(number)\n".utf8, to: .standardOutput) }
        let lines = Array(buffer.lines)
        let first = try #require(lines.first)
        #expect(lines.count < 8_192 / 64)
        #expect(lines.map(\.text) == (first.number..<20_000).map { "line \($0)" })
        #expect(buffer.droppedLines == first.number)
        #expect(buffer.lines(from: 19_998).map(\.text) == ["line 19998", "line 19999"])
        #expect(buffer.lines(from: .min).count == lines.count)
        #expect(buffer.lines(from: 20_000).isEmpty)
        #expect(buffer.lines(from: .max).isEmpty)
    }

    @Test func endlessLineIsBroken() {
        var buffer = LineBuffer(byteLimit: 4_096)
        for _ in 0..<100 { buffer.append(repeatElement(UInt8(ascii: "x"), count: 1_000), to: .standardError) }
        #expect(buffer.nextNumber == 100_000 / 2_048)
        #expect(buffer.lines.allSatisfy { $0.text.count == 2_048 })
        #expect(buffer.lines.count == 1)
    }

    @Test func invalidTextIsRepairedAndStillCountedByItsBytes() {
        var buffer = LineBuffer(byteLimit: 1_024)
        buffer.append([0xff, 0xfe, UInt8(ascii: "a"), UInt8(ascii: "\n")], to: .standardOutput)
        #expect(self.text(buffer) == ["\u{FFFD}\u{FFFD}a"])
        for _ in 0..<1_000 { buffer.append([0xff, UInt8(ascii: "\n")], to: .standardOutput) }
        #expect(buffer.lines.count == 1_024 / 65)
    }
}
