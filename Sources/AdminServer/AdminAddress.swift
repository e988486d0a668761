import Glibc

/// A host and a port to listen on.
public struct AdminAddress: Sendable, Hashable, CustomStringConvertible {
    /// A host name or an address, without brackets.
    public var host: String
    /// The port; 0 lets the system choose one.
    public var port: UInt16

    /// Creates an address.
    ///
    /// The host is this machine's loopback interface by default: nobody else reaches it.
    public init(host: String = "127.0.0.1", port: UInt16 = 0) {
        self.host = host
        self.port = port
    }

    /// Parses `host:port`, `[IPv6 address]:port`, `:port` or `port`.
    public init(parsing text: String) throws(AdminServerError) {
        func invalid() -> AdminServerError {
            AdminServerError(
                "'\(text)' is no address to listen on: expected host:port, [IPv6 address]:port or port, with a port of 0 to 65535"
            )
        }
        let colon = text.lastIndex(of: ":")
        let portText = colon.map { text[text.index(after: $0)...] } ?? text[...]
        guard portText.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }), let port = UInt16(portText) else {
            throw invalid()
        }
        var host = colon.map { text[..<$0] } ?? ""
        if host.hasPrefix("[") {
            guard host.hasSuffix("]"), host.contains(":") else { throw invalid() }
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            throw invalid()
        }
        self.init(host: host.isEmpty ? "127.0.0.1" : String(host), port: port)
    }

    /// `host:port`, an IPv6 address in brackets.
    public var description: String {
        self.host.contains(":") ? "[\(self.host)]:\(self.port)" : "\(self.host):\(self.port)"
    }

    /// Calls `body` with the first socket address that the host name stands for.
    func withSocketAddress<Result>(_ body: (UnsafePointer<sockaddr>) throws -> Result) throws -> Result {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_PASSIVE
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(self.host, String(self.port), &hints, &list)
        defer { if let list { freeaddrinfo(list) } }
        guard code == 0, let address = list?.pointee.ai_addr else {
            throw AdminServerError("cannot listen on \(self): \(String(cString: gai_strerror(code)))")
        }
        return try body(address)
    }
}

/// Why the server cannot listen.
public struct AdminServerError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What happened, and with which address.
    public let message: String

    init(_ message: String) { self.message = message }

    /// The message.
    public var description: String { self.message }
}
