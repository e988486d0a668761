import Dispatch
import Glibc

/// Asks a broker which brokers are alive, in Kafka's own protocol (Metadata request, version 1), over a plain socket of 127.0.0.1.
enum MetadataProbe {
    private static let correlationID: UInt32 = 0x6B61_666B
    private static let timeoutSeconds = 2
    private static let largestAnswer = 1 << 20

    /// The ids of the live brokers as the broker on `port` knows them; nil if it does not answer (yet).
    static func liveBrokers(port: Int) async -> Set<Int>? {
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(returning: self.ask(port)) }
        }
    }

    private static func ask(_ port: Int) -> Set<Int>? {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var timeout = timeval(tv_sec: self.timeoutSeconds, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        guard sockaddr_in.loopback(port: port).withSocketAddress({ connect(descriptor, $0, $1) }) == 0 else { return nil }
        let request = self.request
        guard send(descriptor, request, request.count, Int32(MSG_NOSIGNAL)) == request.count,
            let header = self.receive(4, from: descriptor)
        else { return nil }
        var size = BigEndianReader(bytes: header)
        guard let count = size.uint32(), count <= self.largestAnswer else { return nil }
        return self.receive(Int(count), from: descriptor).flatMap { self.brokers(inAnswer: $0) }
    }

    /// Size, API key 3, version 1, correlation id, no client id, no topics.
    private static var request: [UInt8] {
        let body: [UInt8] = [0, 3, 0, 1] + self.bytes(self.correlationID) + [0xff, 0xff] + self.bytes(0)
        return self.bytes(UInt32(body.count)) + body
    }

    /// The broker ids of an answer: correlation id, then an array of (id, host, port, rack), then what is not of interest here.
    static func brokers(inAnswer answer: [UInt8]) -> Set<Int>? {
        var reader = BigEndianReader(bytes: answer)
        guard reader.uint32() == self.correlationID, let count = reader.uint32(), count <= answer.count else { return nil }
        var ids: Set<Int> = []
        for _ in 0..<count {
            guard let id = reader.uint32(), reader.skipString(), reader.uint32() != nil, reader.skipString() else { return nil }
            ids.insert(Int(id))
        }
        return ids
    }

    private static func bytes(_ value: UInt32) -> [UInt8] {
        withUnsafeBytes(of: value.bigEndian) { Array($0) }
    }

    private static func receive(_ count: Int, from descriptor: Int32) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        var received = 0
        while received < count {
            let more = bytes[received...].withUnsafeMutableBytes { recv(descriptor, $0.baseAddress, $0.count, 0) }
            if more < 0, errno == EINTR { continue }
            guard more > 0 else { return nil }
            received += more
        }
        return bytes
    }
}

/// Reads the few shapes of Kafka's protocol that the probe needs; nil at the end of the bytes.
private struct BigEndianReader {
    let bytes: [UInt8]
    private var position = 0

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    mutating func uint32() -> UInt32? { self.integer(4) }

    /// Skips a string with a 16-bit length, where -1 means none.
    mutating func skipString() -> Bool {
        guard let length = self.integer(2) else { return false }
        guard length != 0xffff else { return true }
        guard self.position + Int(length) <= self.bytes.count else { return false }
        self.position += Int(length)
        return true
    }

    private mutating func integer(_ width: Int) -> UInt32? {
        guard self.position + width <= self.bytes.count else { return nil }
        defer { self.position += width }
        return self.bytes[self.position..<self.position + width].reduce(0) { $0 << 8 | UInt32($1) }
    }
}
