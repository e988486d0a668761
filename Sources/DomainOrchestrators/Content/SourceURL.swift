import CCurl

/// The URL a job names, taken apart by the parser that will also fetch it.
struct SourceURL: Sendable, Hashable {
    enum Location: Sendable, Hashable {
        /// An absolute path, percent-decoded.
        case file(path: String)
        case http(host: String)
    }

    /// The URL as it was given.
    let text: String
    let location: Location
    /// The percent-decoded path.
    let path: String

    /// Longest URL accepted, in bytes.
    static let maximumLength = 8_192

    /// Parses an absolute `file:`, `http:` or `https:` URL without credentials; throws `ContentFailure` with reason `invalid_url`.
    init(_ text: String) throws(ContentFailure) {
        guard text.utf8.count <= Self.maximumLength else {
            throw Self.invalid("the URL is longer than \(Self.maximumLength) bytes")
        }
        guard !text.utf8.contains(0) else { throw Self.invalid("the URL contains a NUL") }
        let handle = curl_url()
        defer { curl_url_cleanup(handle) }
        guard let handle else { throw Self.invalid("the URL cannot be parsed: no memory") }
        let code = curl_url_set(handle, CURLUPART_URL, text, UInt32(CURLU_NON_SUPPORT_SCHEME | CURLU_DISALLOW_USER))
        guard code == CURLUE_OK else {
            throw Self.invalid("the URL cannot be parsed: \(String(cString: curl_url_strerror(code)))")
        }
        switch Self.part(CURLUPART_SCHEME, of: handle) {
        case "file":
            guard let path = Self.part(CURLUPART_PATH, of: handle, UInt32(CURLU_URLDECODE)), path.hasPrefix("/"), path != "/" else {
                throw Self.invalid("a file URL needs an absolute path, as in file:///directory/name.txt")
            }
            self.location = .file(path: path)
            self.path = path
        case "http", "https":
            guard let host = Self.part(CURLUPART_HOST, of: handle), !host.isEmpty else { throw Self.invalid("the URL names no host") }
            self.location = .http(host: host.lowercased())
            self.path = Self.part(CURLUPART_PATH, of: handle, UInt32(CURLU_URLDECODE)) ?? "/"
        case let scheme:
            throw Self.invalid("the scheme \"\(scheme ?? "")\" is not supported; use file, http or https")
        }
        self.text = text
    }

    /// The host, or `file`.
    var platform: String {
        switch self.location {
        case .file: "file"
        case .http(let host): host
        }
    }

    /// The last component of the path; nil when the path ends with a slash.
    var lastComponent: String? {
        guard let last = self.path.split(separator: "/", omittingEmptySubsequences: false).last, !last.isEmpty else { return nil }
        return String(last)
    }

    /// What follows the last dot of the last component, in lower case.
    var fileExtension: String? {
        guard let name = self.lastComponent, let dot = name.lastIndex(of: "."), dot != name.startIndex else { return nil }
        let suffix = name[name.index(after: dot)...]
        return suffix.isEmpty || suffix.utf8.count > 16 ? nil : suffix.lowercased()
    }

    /// The host of a URL that libcurl knows; nil when there is none.
    static func host(of url: String) -> String? {
        let handle = curl_url()
        defer { curl_url_cleanup(handle) }
        guard let handle, curl_url_set(handle, CURLUPART_URL, url, 0) == CURLUE_OK else { return nil }
        return Self.part(CURLUPART_HOST, of: handle)
    }

    private static func part(_ part: CURLUPart, of handle: OpaquePointer, _ flags: UInt32 = 0) -> String? {
        var text: UnsafeMutablePointer<CChar>?
        guard curl_url_get(handle, part, &text, flags) == CURLUE_OK, let text else { return nil }
        defer { curl_free(text) }
        return String(cString: text)
    }

    private static func invalid(_ message: String) -> ContentFailure {
        ContentFailure(.invalidURL, message)
    }
}
