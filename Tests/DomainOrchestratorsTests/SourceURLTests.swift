import Testing

@testable import DomainOrchestrators

@Suite struct SourceURLTests {
    @Test func takesHTTPURLsApart() throws {
        let url = try SourceURL("https://Example.ORG:8443/a%20b/talk.MP3?x=1#y")
        #expect(url.location == .http(host: "example.org"))
        #expect(url.platform == "example.org")
        #expect(url.path == "/a b/talk.MP3")
        #expect(url.lastComponent == "talk.MP3")
        #expect(url.fileExtension == "mp3")
    }

    @Test func takesFileURLsApart() throws {
        let url = try SourceURL("file:///srv/a%20b/notes.txt")
        #expect(url.location == .file(path: "/srv/a b/notes.txt"))
        #expect(url.platform == "file")
        #expect(try SourceURL("file://localhost/srv/x").location == .file(path: "/srv/x"))
        #expect(try SourceURL("file:///srv/.hidden").fileExtension == nil)
        #expect(try SourceURL("https://h/dir/").lastComponent == nil)
    }

    @Test(arguments: [
        "", "article.txt", "/srv/a.txt", "ftp://h/x", "javascript:alert(1)", "data:text/plain,x", "http://", "https://user:pw@h/",
        "http://h h/", "file://other.example/x", "file:///", "http://h/\u{0}x", "file:///a%00b", "://h", "http://[::1",
    ])
    func refuses(_ text: String) throws {
        let error = #expect(throws: ContentFailure.self) { try SourceURL(text) }
        #expect(error?.reason == .invalidURL)
        #expect(error?.isRetryable == false)
    }

    @Test func refusesLongURLs() {
        let error = #expect(throws: ContentFailure.self) { try SourceURL("http://h/" + String(repeating: "x", count: 8_192)) }
        #expect(error?.message == "the URL is longer than 8192 bytes")
    }

    @Test func namesTheScheme() {
        let error = #expect(throws: ContentFailure.self) { try SourceURL("ftp://h/x") }
        #expect(error?.message == "the scheme \"ftp\" is not supported; use file, http or https")
    }
}
