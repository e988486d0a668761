import CCurl
import Glibc

/// One exchange on a libcurl handle.
///
/// After `init` only the driver's queue touches it.
final class CurlTransfer: @unchecked Sendable /* handed to the driver's queue once and touched nowhere else; `promise` locks itself */ {
    let promise = Promise<HTTPResponse>()
    let request: HTTPRequest
    private(set) var handle: UnsafeMutableRawPointer?
    private var headers: UnsafeMutablePointer<curl_slist>?
    private let errorText = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))
    private var body: [UInt8] = []
    private var stop: Stop?
    private var refusal: (address: NetworkAddress?, reason: String)?

    private enum Stop {
        case tooLarge
        case unwanted
        case notADocument
    }

    init(_ request: HTTPRequest) {
        self.request = request
        self.errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    }

    deinit {
        self.close()
        self.errorText.deallocate()
    }

    /// Frees the libcurl handle; the driver has taken it off its multi handle before.
    func close() {
        if let handle = self.handle { curl_easy_cleanup(handle) }
        self.handle = nil
        curl_slist_free_all(self.headers)
        self.headers = nil
    }

    /// Makes the handle; throws when libcurl refuses an option.
    func prepare() throws(HTTPError) -> UnsafeMutableRawPointer {
        guard let handle = curl_easy_init() else {
            throw HTTPError(code: .interrupted, message: "libcurl has no memory for a transfer")
        }
        self.handle = handle
        let limits = self.request.limits
        let own = Unmanaged.passUnretained(self).toOpaque()  // The driver keeps the transfer until the handle is off the multi handle.
        var codes = [
            ccurl_set_pointer(handle, CURLOPT_ERRORBUFFER, self.errorText),
            ccurl_set_long(handle, CURLOPT_NOSIGNAL, 1),
            ccurl_set_string(handle, CURLOPT_PROTOCOLS_STR, "http,https"),
            ccurl_set_string(handle, CURLOPT_REDIR_PROTOCOLS_STR, "http,https"),
            ccurl_set_string(handle, CURLOPT_URL, self.request.url),
            ccurl_set_long(handle, CURLOPT_DISALLOW_USERNAME_IN_URL, 1),
            ccurl_set_string(handle, CURLOPT_USERAGENT, self.request.userAgent),
            ccurl_set_string(handle, CURLOPT_PROXY, self.request.proxy ?? ""),
            ccurl_set_string(handle, CURLOPT_NOPROXY, ""),
            ccurl_set_long(handle, CURLOPT_FOLLOWLOCATION, limits.maximumRedirects > 0 ? 1 : 0),
            ccurl_set_long(handle, CURLOPT_MAXREDIRS, max(0, limits.maximumRedirects)),
            ccurl_set_long(handle, CURLOPT_FAILONERROR, 1),
            ccurl_set_long(handle, CURLOPT_TIMEOUT_MS, limits.totalTime.clampedMilliseconds),
            ccurl_set_long(handle, CURLOPT_CONNECTTIMEOUT_MS, limits.connectTime.clampedMilliseconds),
            ccurl_set_size(handle, CURLOPT_MAXFILESIZE_LARGE, Int64(max(1, limits.maximumBytes))),
            // Every encoding libcurl can undo; the limit counts the bytes that come out.
            ccurl_set_string(handle, CURLOPT_ACCEPT_ENCODING, ""),
            // One connection per exchange: each one passes the address check of its own request.
            ccurl_set_long(handle, CURLOPT_FRESH_CONNECT, 1),
            ccurl_set_long(handle, CURLOPT_FORBID_REUSE, 1),
            ccurl_set_write(handle, receiveBody, own),
            ccurl_set_open_socket(handle, openCheckedSocket, own),
        ]
        if let body = self.request.body {
            codes.append(body.withUnsafeBytes { ccurl_set_post_body(handle, $0.baseAddress ?? UnsafeRawPointer(self.errorText), $0.count) })
        }
        for header in self.request.headers {
            let list = curl_slist_append(self.headers, "\(header.name): \(header.value)")
            if list == nil { codes.append(CURLE_OUT_OF_MEMORY) } else { self.headers = list }
        }
        codes.append(ccurl_set_pointer(handle, CURLOPT_HTTPHEADER, self.headers))
        if let failed = codes.first(where: { $0 != CURLE_OK }) {
            throw HTTPError(code: .invalidRequest, message: "libcurl refused the request: \(String(cString: curl_easy_strerror(failed)))")
        }
        return handle
    }

    /// Takes a piece of the body; false ends the transfer.
    fileprivate func receive(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard (200..<300).contains(self.status) else {
            self.stop = .notADocument
            return false
        }
        if self.body.isEmpty, !self.request.wantsBody(self.contentType) {
            self.stop = .unwanted
            return false
        }
        guard bytes.count <= self.request.limits.maximumBytes - self.body.count else {
            self.stop = .tooLarge
            self.body = []
            return false
        }
        self.body.append(contentsOf: bytes)
        return true
    }

    /// A socket for the address if the policy lets it through.
    fileprivate func openSocket(_ address: UnsafePointer<curl_sockaddr>) -> curl_socket_t {
        // A configured proxy is the operator's choice; the far end is the proxy's to judge.
        if self.request.proxy == nil {
            guard let parsed = ccurl_socket_address(address).flatMap({ NetworkAddress($0) }) else {
                self.refusal = (nil, "not an internet address")
                return curl_socket_t(-1)
            }
            if let reason = self.request.addresses.refusal(of: parsed) {
                self.refusal = (parsed, reason)
                return curl_socket_t(-1)
            }
        }
        return ccurl_open_socket(address)
    }

    private var contentType: String? { self.string(CURLINFO_CONTENT_TYPE) }

    private var status: Int {
        var status = 0
        guard let handle = self.handle, ccurl_get_long(handle, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK else { return 0 }
        return status
    }

    private func string(_ info: CURLINFO) -> String? {
        var text: UnsafePointer<CChar>?
        guard let handle = self.handle, ccurl_get_string(handle, info, &text) == CURLE_OK, let text else { return nil }
        return String(cString: text)
    }
}

extension CurlTransfer {
    /// The outcome once libcurl has finished with `code`.
    func outcome(_ code: CURLcode) -> Result<HTTPResponse, any Error> {
        let response = HTTPResponse(
            status: self.status,
            url: self.string(CURLINFO_EFFECTIVE_URL) ?? self.request.url,
            contentType: self.contentType,
            body: self.body,
            bodyWasWanted: true
        )
        switch self.stop {
        case .unwanted:
            var unread = response
            unread.bodyWasWanted = false
            return .success(unread)
        case .tooLarge:
            return .failure(self.tooLarge)
        case .notADocument:
            return .failure(self.notADocument(response.status))
        case nil:
            guard code == CURLE_OK else { return .failure(self.error(code, status: response.status)) }
            guard (200..<300).contains(response.status) else { return .failure(self.notADocument(response.status)) }
            return .success(response)
        }
    }

    private func notADocument(_ status: Int) -> HTTPError {
        HTTPError(code: .status(status), message: "HTTP status \(status) without a document")
    }

    private var tooLarge: HTTPError {
        HTTPError(code: .tooLarge, message: "the response is larger than the limit of \(self.request.limits.maximumBytes) bytes")
    }

    private func error(_ code: CURLcode, status: Int) -> HTTPError {
        let detail = self.detail(code)
        switch code {
        case CURLE_HTTP_RETURNED_ERROR:
            return HTTPError(code: .status(status), message: "HTTP status \(status)")
        case CURLE_FILESIZE_EXCEEDED:
            return self.tooLarge
        case CURLE_TOO_MANY_REDIRECTS:
            return HTTPError(code: .tooManyRedirects, message: "more than \(self.request.limits.maximumRedirects) redirects")
        case CURLE_UNSUPPORTED_PROTOCOL:
            return HTTPError(code: .schemeRefused, message: "a redirect leaves http and https: \(detail)")
        case CURLE_URL_MALFORMAT, CURLE_LOGIN_DENIED:
            return HTTPError(code: .invalidRequest, message: "the URL, or one it redirects to, is not acceptable: \(detail)")
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CACERT_BADFILE:
            return HTTPError(code: .untrustedPeer, message: "the server's certificate is not trusted: \(detail)")
        case _ where self.refusal != nil && (code == CURLE_COULDNT_CONNECT || code == CURLE_ABORTED_BY_CALLBACK):
            return self.refused
        case CURLE_OPERATION_TIMEDOUT:
            return HTTPError(code: .timedOut, message: "timed out: \(detail)")
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY:
            return HTTPError(code: .nameNotResolved, message: "the host name cannot be resolved: \(detail)")
        case CURLE_COULDNT_CONNECT:
            return HTTPError(code: .connectFailed, message: "cannot connect: \(detail)")
        default:
            return HTTPError(code: .interrupted, message: "the transfer broke off: \(detail)")
        }
    }

    private var refused: HTTPError {
        let address = self.refusal?.address.map(\.description) ?? "unknown"
        let reason = self.refusal?.reason ?? "refused"
        let host = SourceURL.host(of: self.string(CURLINFO_EFFECTIVE_URL) ?? self.request.url) ?? "?"
        return HTTPError(
            code: .addressRefused,
            message: "the address \(address) of host \(host) is refused (\(reason)); the worker's address policy must allow it"
        )
    }

    private func detail(_ code: CURLcode) -> String {
        let text = String(cString: self.errorText)
        return text.isEmpty ? String(cString: curl_easy_strerror(code)) : text
    }
}

private func receiveBody(
    _ bytes: UnsafeMutablePointer<CChar>?,
    _ size: Int,
    _ count: Int,
    _ user: UnsafeMutableRawPointer?
) -> Int {
    guard let user, let bytes else { return 0 }
    let transfer = Unmanaged<CurlTransfer>.fromOpaque(user).takeUnretainedValue()
    return transfer.receive(UnsafeRawBufferPointer(start: bytes, count: size * count)) ? size * count : 0
}

private func openCheckedSocket(
    _ user: UnsafeMutableRawPointer?,
    _ purpose: curlsocktype,
    _ address: UnsafeMutablePointer<curl_sockaddr>?
) -> curl_socket_t {
    guard let user, let address else { return curl_socket_t(-1) }
    return Unmanaged<CurlTransfer>.fromOpaque(user).takeUnretainedValue().openSocket(UnsafePointer(address))
}
