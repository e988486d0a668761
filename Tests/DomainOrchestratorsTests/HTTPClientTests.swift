import Synchronization
import Testing

@testable import DomainOrchestrators

@Suite(.timeLimit(.minutes(2))) struct HTTPClientTests {
    private let client = HTTPClient()

    private func request(
        _ url: String,
        _ addresses: AddressPolicy = .any,
        bytes: Int = 10_000,
        redirects: Int = 5,
        total: Duration = .seconds(30)
    ) -> HTTPRequest {
        var request = HTTPRequest(url: url)
        request.addresses = addresses
        request.limits = HTTPLimits(maximumBytes: bytes, totalTime: total, connectTime: .seconds(10), maximumRedirects: redirects)
        return request
    }

    private func failure(_ request: HTTPRequest) async throws -> HTTPError {
        do {
            let response = try await self.client.send(request)
            throw TestFailure("expected a failure, got \(response.status)")
        } catch let error as HTTPError {
            return error
        }
    }

    @Test func readsADocument() async throws {
        try await withServer({ _ in .ok("hello", type: "text/html; charset=utf-8") }) { (server) async throws in
            var request = self.request("\(server.base)/page?x=1")
            request.userAgent = "tester/1"
            let response = try await self.client.send(request)
            #expect(response.status == 200)
            #expect(response.body == Array("hello".utf8))
            #expect(response.contentType == "text/html; charset=utf-8")
            #expect(server.received.map(\.target) == ["/page?x=1"])
            #expect(server.received[0].head.contains("User-Agent: tester/1"))
        }
    }

    @Test func readsChunkedBodies() async throws {
        let reply = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"
        try await withServer({ _ in .raw(Array(reply.utf8)) }) { (server) async throws in
            #expect(try await self.client.send(self.request(server.base)).body == Array("hello world".utf8))
        }
    }

    @Test func followsRedirectsAndSaysWhereTheyEnd() async throws {
        try await withServer({ $0.target == "/end" ? .ok("done") : .redirect("/end") }) { (server) async throws in
            let response = try await self.client.send(self.request("\(server.base)/start"))
            #expect(response.body == Array("done".utf8))
            #expect(response.url == "\(server.base)/end")
        }
    }

    @Test func endsRedirectLoops() async throws {
        try await withServer({ _ in .redirect("/again") }) { (server) async throws in
            let error = try await self.failure(self.request(server.base, redirects: 3))
            #expect(error.code == .tooManyRedirects)
            #expect(error.message == "more than 3 redirects")
            #expect(!error.isTransient)
            #expect(server.received.count == 4)
        }
    }

    @Test func followsNoRedirectWhenNoneIsAllowed() async throws {
        try await withServer({ _ in .status("302 Found", "moved", headers: ["Location: /end"]) }) { (server) async throws in
            let error = try await self.failure(self.request(server.base, redirects: 0))
            #expect(error.code == .status(302))
            #expect(server.received.count == 1)
        }
    }

    @Test(arguments: ["ftp://127.0.0.1/x", "file:///etc/passwd", "gopher://127.0.0.1/"])
    func refusesRedirectsToOtherSchemes(_ location: String) async throws {
        try await withServer({ _ in .redirect(location) }) { (server) async throws in
            #expect(try await self.failure(self.request(server.base)).code == .schemeRefused)
        }
    }

    @Test func refusesLoopbackByDefault() async throws {
        try await withServer({ _ in .ok("secret") }) { (server) async throws in
            let error = try await self.failure(self.request(server.base, .publicOnly))
            #expect(error.code == .addressRefused)
            #expect(error.message.contains("127.0.0.1 of host 127.0.0.1 is refused (loopback)"))
            #expect(!error.isTransient)
            #expect(server.received.isEmpty)
        }
    }

    @Test func checksTheAddressBehindAName() async throws {
        try await withServer({ _ in .ok("secret") }) { (server) async throws in
            let error = try await self.failure(self.request("http://localhost:\(server.port)/", .publicOnly))
            #expect(error.code == .addressRefused)
            #expect(error.message.contains("of host localhost is refused (loopback)"))
            #expect(server.received.isEmpty)
        }
    }

    @Test(arguments: [
        "http://127.0.0.2:1/", "http://10.0.0.1/", "http://169.254.169.254/latest/meta-data", "http://[::1]:1/", "http://0x7f000002:1/",
    ])
    func checksTheAddressBehindARedirect(_ location: String) async throws {
        let loopback = try #require(AddressRange("127.0.0.1/32"))
        try await withServer({ _ in .redirect(location) }) { (server) async throws in
            let error = try await self.failure(self.request(server.base, .publicAnd([loopback])))
            #expect(error.code == .addressRefused)
            #expect(server.received.count == 1)
        }
    }

    @Test(arguments: [(404, false), (403, false), (410, false), (408, true), (429, true), (500, true), (501, false), (503, true)])
    func reportsTheStatus(_ status: Int, _ isTransient: Bool) async throws {
        try await withServer({ _ in .status("\(status) X", "body") }) { (server) async throws in
            let error = try await self.failure(self.request(server.base))
            #expect(error.code == .status(status))
            #expect(error.message == "HTTP status \(status)")
            #expect(error.isTransient == isTransient)
        }
    }

    @Test func refusesALargeContentLength() async throws {
        try await withServer({ _ in .ok(String(repeating: "x", count: 200)) }) { (server) async throws in
            let error = try await self.failure(self.request(server.base, bytes: 100))
            #expect(error.code == .tooLarge)
            #expect(error.message == "the response is larger than the limit of 100 bytes")
        }
    }

    @Test func readsABodyOfExactlyTheLimit() async throws {
        try await withServer({ _ in .ok(String(repeating: "x", count: 100)) }) { (server) async throws in
            #expect(try await self.client.send(self.request(server.base, bytes: 100)).body.count == 100)
        }
    }

    @Test func stopsAnEndlessBody() async throws {
        let reply = TestServer.Reply.endless(start: "HTTP/1.1 200 OK\r\n\r\n", piece: [UInt8](repeating: 0x78, count: 4_096))
        try await withServer({ _ in reply }) { (server) async throws in
            #expect(try await self.failure(self.request(server.base, bytes: 100_000)).code == .tooLarge)
        }
    }

    @Test func countsDecompressedBytes() async throws {
        // 100,000 zeros, gzipped to a fraction of the limit.
        let bomb: [UInt8] = Array("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n".utf8) + Self.gzippedZeros
        try await withServer({ _ in .raw(bomb) }) { (server) async throws in
            #expect(Self.gzippedZeros.count < 1_000)
            #expect(try await self.failure(self.request(server.base, bytes: 10_000)).code == .tooLarge)
            #expect(try await self.client.send(self.request(server.base, bytes: 100_000)).body.count == 100_000)
        }
    }

    @Test func givesUpASlowServer() async throws {
        try await withServer({ _ in .hang() }) { (server) async throws in
            let error = try await self.failure(self.request(server.base, total: .milliseconds(50)))
            #expect(error.code == .timedOut)
            #expect(error.isTransient)
        }
    }

    @Test func reportsABrokenTransfer() async throws {
        try await withServer({ _ in .raw(Array("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort".utf8)) }) { (server) async throws in
            #expect(try await self.failure(self.request(server.base)).code == .interrupted)
        }
    }

    @Test func reportsWhatIsNotHTTP() async throws {
        try await withServer({ _ in .raw(Array("220 mail.example ESMTP\r\n".utf8)) }) { (server) async throws in
            let error = try await self.failure(self.request(server.base))
            #expect(!error.message.isEmpty)
        }
    }

    @Test func reportsARefusedConnection() async throws {
        let server = try TestServer { _ in .ok("") }
        server.stop()
        let error = try await self.failure(self.request("http://127.0.0.1:1/"))
        #expect(error.code == .connectFailed)
        #expect(error.isTransient)
    }

    @Test func doesNotReadWhatIsNotWanted() async throws {
        let reply = TestServer.Reply.endless(
            start: "HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\n\r\n",
            piece: [UInt8](repeating: 0, count: 4_096)
        )
        try await withServer({ _ in reply }) { (server) async throws in
            var request = self.request(server.base)
            request.wantsBody = { $0 != "video/mp4" }
            let response = try await self.client.send(request)
            #expect(!response.bodyWasWanted)
            #expect(response.contentType == "video/mp4")
            #expect(response.body.isEmpty)
        }
    }

    @Test func refusesCredentialsInURLs() async throws {
        try await withServer({ _ in .ok("") }) { (server) async throws in
            let error = try await self.failure(self.request("http://user:pass@127.0.0.1:\(server.port)/"))
            #expect(error.code == .invalidRequest)
            #expect(!error.message.contains("pass@"))
            #expect(server.received.isEmpty)
        }
    }

    @Test func postsABody() async throws {
        try await withServer({ .ok("\($0.method) \(String(decoding: $0.body, as: UTF8.self))") }) { (server) async throws in
            var request = self.request(server.base)
            request.body = Array("{\"a\":1}".utf8)
            request.headers = [("Content-Type", "application/json"), ("X-Key", "k")]
            #expect(try await self.client.send(request).body == Array("POST {\"a\":1}".utf8))
            #expect(server.received[0].head.contains("X-Key: k"))
            #expect(server.received[0].head.contains("Content-Type: application/json"))
        }
    }

    @Test func cancellationEndsTheTransfer() async throws {
        let arrived = Signal()
        let gone = Signal()
        try await withServer({ _ in
            arrived.fire()
            return .hang(onGone: { gone.fire() })
        }) { (server) async throws in
            let task = Task { try await self.client.send(self.request(server.base)) }
            await arrived.wait()
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            await gone.wait()
        }
    }

    @Test func aCancelledTaskStartsNothing() async throws {
        try await withServer({ _ in .ok("") }) { (server) async throws in
            let task = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                return try await self.client.send(self.request(server.base))
            }
            await #expect(throws: CancellationError.self) { try await task.value }
            #expect(server.received.isEmpty)
        }
    }

    @Test func servesManyTransfersAtOnce() async throws {
        try await withServer({ .ok($0.target) }) { (server) async throws in
            try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<40 {
                    group.addTask { try await self.client.send(self.request("\(server.base)/\(number)")).body == Array("/\(number)".utf8) }
                }
                for try await isRight in group { #expect(isRight) }
            }
            #expect(server.received.count == 40)
        }
    }

    private static let gzippedZeros: [UInt8] = [
        0x1F, 0x8B, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xED, 0xC1, 0x31, 0x01, 0x00, 0x00, 0x00, 0xC2,
        0xA0, 0xF5, 0x4F, 0x6D, 0x0D, 0x0F, 0xA0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x80, 0x57, 0x03, 0x7D, 0x95,
        0x11, 0xD4, 0xA0, 0x86, 0x01, 0x00,
    ]
}
