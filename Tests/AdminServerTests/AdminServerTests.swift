import AdminServer
import Glibc
import Observability
import Synchronization
import Testing

@Suite("Admin server", .serialized, .timeLimit(.minutes(2)))
struct AdminServerTests {
    /// A server with all routes, whose readiness can be switched.
    private final class Fixture: Sendable {
        let isReady = Atomic<Bool>(true)
        let registry = MetricsRegistry()

        func makeServer(address: AdminAddress = AdminAddress(), limits: AdminServer.Limits = .init()) -> AdminServer {
            AdminServer(
                address: address,
                routes: [
                    .metrics(self.registry),
                    .live { HealthReport() },
                    .ready { [self] in
                        let isReady = self.isReady.load(ordering: .relaxed)
                        return HealthReport(checks: [
                            "kafka": .init(isOK: isReady, detail: isReady ? "connected" : "no broker for \"30\" s"),
                            "assignment": .init(isOK: true, detail: "3 partitions"),
                        ])
                    },
                    .startup { HealthReport(checks: ["configuration": .init(isOK: true, detail: "read")]) },
                ],
                limits: limits
            )
        }
    }

    private let fixture = Fixture()

    /// Runs `body` against a running server.
    private func withServer(limits: AdminServer.Limits = .init(), _ body: (UInt16) throws -> Void) throws {
        let server = self.fixture.makeServer(limits: limits)
        try server.start()
        defer { server.stop() }
        try body(try #require(server.address).port)
    }

    @Test("metrics are the registry's text")
    func metrics() throws {
        self.fixture.registry.counter(.recordsReceived, "domain").increment(by: 7)
        try self.withServer { port in
            let response = try SocketClient.request("GET", "/metrics", port: port)
            #expect(response.status == 200)
            #expect(response.head.contains("Content-Type: text/plain; version=0.0.4; charset=utf-8"))
            #expect(Array(response.body.utf8) == self.fixture.registry.prometheusText())
            #expect(response.body.contains("fleet_worker_records_received_total{layer=\"domain\"} 7\n"))
        }
    }

    @Test("health is JSON with its checks: 200 when all are well, else 503")
    func health() throws {
        try self.withServer { port in
            let live = try SocketClient.request("GET", "/livez", port: port)
            #expect(live.status == 200)
            #expect(live.head.contains("Content-Type: application/json"))
            #expect(live.body == "{\"status\":\"ok\",\"checks\":{}}\n")
            let startup = try SocketClient.request("GET", "/startupz?verbose=1", port: port)
            #expect(startup.body == "{\"status\":\"ok\",\"checks\":{\"configuration\":{\"ok\":true,\"detail\":\"read\"}}}\n")
            #expect(try SocketClient.request("GET", "/readyz", port: port).status == 200)
            self.fixture.isReady.store(false, ordering: .relaxed)
            let ready = try SocketClient.request("GET", "/readyz", port: port)
            #expect(ready.status == 503)
            let kafka = #""kafka":{"ok":false,"detail":"no broker for \"30\" s"}"#
            #expect(ready.body == #"{"status":"failing","checks":{"assignment":{"ok":true,"detail":"3 partitions"},\#(kafka)}}"# + "\n")
        }
    }

    @Test("HEAD answers as GET does, without the body")
    func head() throws {
        try self.withServer { port in
            let response = try SocketClient.request("HEAD", "/livez", port: port)
            #expect(response.status == 200)
            #expect(response.head.contains("Content-Length: 28"))
            #expect(response.body.isEmpty)
        }
    }

    @Test("unknown paths get 404 and the list of paths", arguments: ["/", "/metric", "/metrics/", "/%2e%2e/etc", "//livez"])
    func notFound(path: String) throws {
        try self.withServer { port in
            let response = try SocketClient.request("GET", path, port: port)
            #expect(response.status == 404)
            #expect(response.body == "Not found. Paths:\n/livez\n/metrics\n/readyz\n/startupz\n")
        }
    }

    @Test("other methods get 405, bodies 413, before the body is read")
    func refused() throws {
        try self.withServer { port in
            for method in ["POST", "PUT", "DELETE", "OPTIONS", "BREW"] {
                let response = try SocketClient.request(method, "/livez", port: port)
                #expect(response.status == 405)
                #expect(response.head.contains("Allow: GET, HEAD"))
            }
            let announced = "Content-Length: 1000000000000\r\n"
            #expect(try SocketClient.request("POST", "/livez", port: port, headers: announced).status == 405)
            #expect(try SocketClient.request("GET", "/livez", port: port, headers: announced).status == 413)
            let chunked = "Transfer-Encoding: chunked\r\n"
            #expect(try SocketClient.request("GET", "/livez", port: port, headers: chunked, body: "1\r\nx\r\n0\r\n\r\n").status == 413)
            #expect(try SocketClient.request("GET", "/livez", port: port, headers: "Content-Length: 0\r\n").status == 200)
        }
    }

    @Test("requests that are too large or no HTTP are refused, and the server goes on")
    func hostile() throws {
        try self.withServer(limits: .init(timeoutSeconds: 1, connectionBytes: 4_096)) { port in
            for text in [
                "GET /\(String(repeating: "a", count: 100_000)) HTTP/1.1\r\n\r\n",
                "GET /livez HTTP/1.1\r\nX: \(String(repeating: "a", count: 100_000))\r\n\r\n",
                "\u{0}\u{1}\u{2}\r\n\r\n", "GET\r\n\r\n", "GET /livez HTTP/9.9\r\n\r\n",
            ] {
                let client = try SocketClient(port: port)
                // The server may close before it has read everything.
                _ = try? client.send(text)
                let answer = (try? client.receiveToEnd()) ?? ""
                #expect(!answer.hasPrefix("HTTP/1.1 200"))
            }
            #expect(try SocketClient.request("GET", "/livez", port: port).status == 200)
        }
    }

    @Test("connections beyond the limit wait until one ends")
    func connectionLimit() throws {
        try self.withServer(limits: .init(connections: 2, timeoutSeconds: 60)) { port in
            let head = "GET /livez HTTP/1.1\r\nHost: localhost\r\n"
            var idle = [try SocketClient(port: port), try SocketClient(port: port)]
            for client in idle { try client.send(head) }
            let waiting = try SocketClient(port: port)
            try waiting.send(head + "Connection: close\r\n\r\n")
            idle.removeFirst()
            #expect(try waiting.receiveToEnd().hasPrefix("HTTP/1.1 200"))
        }
    }

    @Test("a connection without traffic is closed")
    func idleTimeout() throws {
        try self.withServer(limits: .init(timeoutSeconds: 1)) { port in
            let client = try SocketClient(port: port)
            try client.send("GET /livez HTTP/1.1\r\nHost")
            #expect(try client.receiveToEnd().hasPrefix("HTTP/1.1 200") == false)
        }
    }

    @Test("start and stop may be called any number of times")
    func lifecycle() throws {
        let server = self.fixture.makeServer()
        #expect(server.address == nil)
        server.stop()
        try server.start()
        let first = try #require(server.address)
        try server.start()
        #expect(server.address == first)
        #expect(first.host == "127.0.0.1")
        #expect(first.port != 0)
        #expect(try SocketClient.request("GET", "/livez", port: first.port).status == 200)
        server.stop()
        server.stop()
        #expect(server.address == nil)
        #expect(throws: SocketClient.Failure.self) { try SocketClient.request("GET", "/livez", port: first.port) }
        try server.start()
        #expect(try SocketClient.request("GET", "/livez", port: try #require(server.address).port).status == 200)
        server.stop()
    }

    @Test("a port that is taken and a host that does not exist are errors that say so")
    func startFailures() throws {
        try self.withServer { port in
            let error = try #require(throws: AdminServerError.self) {
                try self.fixture.makeServer(address: AdminAddress(port: port)).start()
            }
            #expect(error.message == "cannot listen on 127.0.0.1:\(port): Address already in use")
        }
        let unknown = try #require(throws: AdminServerError.self) {
            try self.fixture.makeServer(address: AdminAddress(host: "does not exist", port: 1)).start()
        }
        #expect(unknown.message.hasPrefix("cannot listen on does not exist:1: "))
    }

    @Test("IPv6 works where the machine has it")
    func ipv6() throws {
        let server = self.fixture.makeServer(address: try AdminAddress(parsing: "[::1]:0"))
        do {
            try server.start()
        } catch let error as AdminServerError
            where error.message.contains("Cannot assign requested address")
            || error.message.contains("not supported")
        {
            return
        }
        defer { server.stop() }
        let address = try #require(server.address)
        #expect(address.description == "[::1]:\(address.port)")
        #expect(try SocketClient.request("GET", "/livez", port: address.port, isIPv6: true).status == 200)
    }

    @Test("stopping under load ends cleanly, again and again")
    func stopUnderLoad() async throws {
        for _ in 0..<5 {
            let server = self.fixture.makeServer()
            try server.start()
            let port = try #require(server.address).port
            let (answered, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(100))
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<4 {
                    group.addTask {
                        // Ends at the first request that the stopping server does not answer.
                        while let response = try? SocketClient.request("GET", "/metrics", port: port), response.status == 200 {
                            continuation.yield()
                            await Task.yield()
                        }
                    }
                }
                var count = 0
                for await _ in answered {
                    count += 1
                    if count == 20 { break }
                }
                server.stop()
            }
            #expect(server.address == nil)
        }
    }

    @Test("a server that is let go stops")
    func deinitialization() throws {
        var server: AdminServer? = self.fixture.makeServer()
        try server?.start()
        let port = try #require(server?.address).port
        server = nil
        #expect(throws: SocketClient.Failure.self) { try SocketClient.request("GET", "/livez", port: port) }
    }
}
