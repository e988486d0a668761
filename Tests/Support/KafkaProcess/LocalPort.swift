import Glibc

/// A TCP port of 127.0.0.1 that nobody listens on, reserved among all test processes of this machine while the object lives.
///
/// The port is below the range that Linux gives to outgoing connections (32768 and up), so a server that stops for a while finds it free
/// again.
public final class LocalPort: Sendable {
    private static let range = 20_000..<32_000

    /// The port's number.
    public let number: Int
    private let lease: Lease

    private init(_ number: Int, _ lease: Lease) {
        self.number = number
        self.lease = lease
    }

    /// Reserves a port.
    ///
    /// - Throws: `startFailed` if none of 1,000 tried ports was free.
    public static func reserve() throws(KafkaProcessError) -> LocalPort {
        for _ in 0..<1_000 {
            let number = Int.random(in: self.range)
            if let lease = Lease.take("port.\(number)"), self.isFree(number) {
                return LocalPort(number, lease)
            }
        }
        throw KafkaProcessError(.startFailed, "found no free port of 127.0.0.1 in \(self.range)")
    }

    private static func isFree(_ number: Int) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var on: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
        return sockaddr_in.loopback(port: number).withSocketAddress { bind(descriptor, $0, $1) } == 0
    }
}
