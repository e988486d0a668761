import Dispatch
import Glibc
import Synchronization

/// A tiny HTTP server on a loopback address, on threads of its own.
final class TestServer: Sendable {
    struct Request: Sendable {
        var method: String
        var target: String
        /// The head, lines and all.
        var head: String
        var body: [UInt8]
    }

    enum Reply: Sendable {
        /// These bytes, then the connection is closed.
        case raw([UInt8])
        /// Nothing, until the client goes away; then `onGone` is called.
        case hang(onGone: @Sendable () -> Void = {})
        /// These bytes over and over, until the client goes away.
        case endless(start: String, piece: [UInt8])

        static func ok(_ body: String, type: String? = "text/plain; charset=utf-8", headers: [String] = []) -> Reply {
            .status("200 OK", body, type: type, headers: headers)
        }

        static func status(_ status: String, _ body: String = "", type: String? = nil, headers: [String] = []) -> Reply {
            let lines =
                ["HTTP/1.1 \(status)"] + (type.map { ["Content-Type: \($0)"] } ?? []) + ["Content-Length: \(body.utf8.count)"] + headers
            return .raw(Array((lines.joined(separator: "\r\n") + "\r\nConnection: close\r\n\r\n" + body).utf8))
        }

        static func redirect(_ location: String) -> Reply { .status("302 Found", headers: ["Location: \(location)"]) }
    }

    let port: UInt16
    let address: String
    private let listener: Int32
    private let requests = Mutex<[Request]>([])
    private let handler: @Sendable (Request) -> Reply

    var base: String { "http://\(self.address):\(self.port)" }
    var received: [Request] { self.requests.withLock { $0 } }

    init(address: String = "127.0.0.1", _ handler: @escaping @Sendable (Request) -> Reply) throws {
        self.handler = handler
        self.address = address
        self.listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        inet_pton(AF_INET, address, &name.sin_addr)
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listener = self.listener
        let bound = withUnsafeMutablePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(listener, address, size) == 0 && listen(listener, 64) == 0 && getsockname(listener, address, &size) == 0
            }
        }
        guard bound else { throw TestFailure("no listening socket: \(errno)") }
        self.port = UInt16(bigEndian: name.sin_port)
        DispatchQueue(label: "test.accept").async { [self] in self.acceptAll() }
    }

    func stop() {
        shutdown(self.listener, Int32(SHUT_RDWR))
    }

    private func acceptAll() {
        while true {
            let client = accept(self.listener, nil, nil)
            guard client >= 0 else { break }
            DispatchQueue(label: "test.client").async { [self] in
                self.serve(client)
                close(client)
            }
        }
        close(self.listener)
    }

    private func serve(_ client: Int32) {
        guard let request = Self.read(client) else { return }
        self.requests.withLock { $0.append(request) }
        switch self.handler(request) {
        case .raw(let bytes):
            if Self.send(client, bytes) {
                // Let the client read everything before the connection closes.
                shutdown(client, Int32(SHUT_WR))
                Self.waitForEnd(client)
            }
        case .hang(let onGone):
            Self.waitForEnd(client)
            onGone()
        case .endless(let start, let piece):
            guard Self.send(client, Array(start.utf8)) else { return }
            while Self.send(client, piece) {}
        }
    }

    private static func waitForEnd(_ client: Int32) {
        var piece = [UInt8](repeating: 0, count: 1_024)
        while recv(client, &piece, piece.count, 0) > 0 {}
    }

    private static func read(_ client: Int32) -> Request? {
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 4_096)
        let mark = Array("\r\n\r\n".utf8)
        while true {
            if let end = bytes.indices.first(where: { bytes[$0...].starts(with: mark) }) {
                let head = String(decoding: bytes[..<end], as: UTF8.self)
                let length =
                    head.lowercased().split(separator: "\r\n").first { $0.hasPrefix("content-length:") }
                    .flatMap { Int($0.dropFirst(15).filter(\.isNumber)) } ?? 0
                if bytes.count - end - 4 >= length {
                    let words = head.split(separator: " ", maxSplits: 2).map(String.init)
                    guard words.count == 3 else { return nil }
                    return Request(method: words[0], target: words[1], head: head, body: Array(bytes[(end + 4)...]))
                }
            }
            let count = recv(client, &piece, piece.count, 0)
            guard count > 0 else { return nil }
            bytes.append(contentsOf: piece[..<count])
        }
    }

    private static func send(_ client: Int32, _ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes { Glibc.send(client, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }
}

struct TestFailure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// Runs the body with a server that is stopped afterwards.
func withServer<Result>(
    address: String = "127.0.0.1",
    _ handler: @escaping @Sendable (TestServer.Request) -> TestServer.Reply,
    _ body: (TestServer) async throws -> Result
) async throws -> Result {
    let server = try TestServer(address: address, handler)
    defer { server.stop() }
    return try await body(server)
}
