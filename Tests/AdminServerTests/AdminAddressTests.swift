import AdminServer
import Testing

@Suite("Admin addresses")
struct AdminAddressTests {
    @Test(
        "host and port are parsed",
        arguments: [
            ("0.0.0.0:9090", "0.0.0.0", 9090), ("localhost:0", "localhost", 0), (":65535", "127.0.0.1", 65535), ("80", "127.0.0.1", 80),
            ("[::1]:9090", "::1", 9090), ("[fe80::1%eth0]:1", "fe80::1%eth0", 1),
        ]
    )
    func valid(text: String, host: String, port: UInt16) throws {
        let address = try AdminAddress(parsing: text)
        #expect(address == AdminAddress(host: host, port: port))
        #expect(try AdminAddress(parsing: address.description) == address)
    }

    @Test(
        "what is no address is refused",
        arguments: [
            "", "host", "host:", "host:65536", "host:-1", "host:+1", "::1:80", "[::1]", "[]:1", "[host:1", "host]:1:2", "a:b", "1 ",
        ]
    )
    func invalid(text: String) throws {
        let error = try #require(throws: AdminServerError.self) { try AdminAddress(parsing: text) }
        let expected = "expected host:port, [IPv6 address]:port or port, with a port of 0 to 65535"
        #expect(error.message == "'\(text)' is no address to listen on: \(expected)")
    }
}
