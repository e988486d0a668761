import Testing

@testable import KafkaProcess

@Suite struct MetadataProbeTests {
    /// Correlation id, two brokers (one with a rack), controller id, no topics.
    private static let answer: [UInt8] =
        [0x6B, 0x61, 0x66, 0x6B, 0, 0, 0, 2]
        + [0, 0, 0, 1, 0, 1, 0x68, 0, 0, 0x4E, 0x20, 0xff, 0xff]
        + [0, 0, 0, 3, 0, 2, 0x68, 0x69, 0, 0, 0x4E, 0x21, 0, 1, 0x72]
        + [0, 0, 0, 1, 0, 0, 0, 0]

    @Test func brokersAreRead() {
        #expect(MetadataProbe.brokers(inAnswer: Self.answer) == [1, 3])
    }

    @Test func truncatedOrForeignAnswersAreRefused() {
        let brokersEnd = Self.answer.count - 8
        for count in 0..<brokersEnd {
            #expect(MetadataProbe.brokers(inAnswer: Array(Self.answer.prefix(count))) == nil, "\(count) bytes")
        }
        var foreign = Self.answer
        foreign[0] = 0
        #expect(MetadataProbe.brokers(inAnswer: foreign) == nil)
        var endless = Self.answer
        endless.replaceSubrange(4..<8, with: [0xff, 0xff, 0xff, 0xff])
        #expect(MetadataProbe.brokers(inAnswer: endless) == nil)
    }

    @Test func closedPortHasNoAnswer() async throws {
        let port = try LocalPort.reserve()
        #expect(await MetadataProbe.liveBrokers(port: port.number) == nil)
    }
}
