import CMicroHTTPD

/// What the server's thread needs to answer requests.
final class RequestHandler: Sendable {
    private let routes: [String: AdminRoute]
    private let notFound: AdminResponse

    init(routes: [AdminRoute]) {
        self.routes = Dictionary(routes.map { ($0.path, $0) }) { $1 }
        let paths = self.routes.keys.sorted().map { $0 + "\n" }.joined()
        self.notFound = .text("Not found. Paths:\n\(paths)", status: 404)
    }

    func response(method: String, path: String, hasBody: Bool) -> AdminResponse {
        guard method == "GET" || method == "HEAD" else { return .text("Only GET and HEAD are allowed.\n", status: 405) }
        guard !hasBody else { return .text("Requests must not have a body.\n", status: 413) }
        return self.routes[path]?.respond() ?? self.notFound
    }
}

/// Called by libmicrohttpd on its thread: once when the headers of a request are there, and again when the request is complete.
///
/// A request that is refused is answered at the first call, before any of its body is read; libmicrohttpd then closes the connection.
func handleRequest(
    argument: UnsafeMutableRawPointer?,
    connection: OpaquePointer?,
    url: UnsafePointer<CChar>?,
    method: UnsafePointer<CChar>?,
    version: UnsafePointer<CChar>?,
    uploadData: UnsafePointer<CChar>?,
    uploadSize: UnsafeMutablePointer<Int>?,
    requestState: UnsafeMutablePointer<UnsafeMutableRawPointer?>?
) -> MHD_Result {
    guard let argument, let connection, let url, let method, let requestState else { return .NO }
    let handler = Unmanaged<RequestHandler>.fromOpaque(argument).takeUnretainedValue()
    let methodText = String(cString: method)
    let hasBody = hasHeader("Transfer-Encoding", connection) || hasHeader("Content-Length", connection)
    if requestState.pointee == nil, !hasBody, methodText == "GET" || methodText == "HEAD" {
        requestState.pointee = argument
        return .YES
    }
    return send(handler.response(method: methodText, path: String(cString: url), hasBody: hasBody), on: connection)
}

/// Whether a request has a header, other than with the value 0.
private func hasHeader(_ name: String, _ connection: OpaquePointer) -> Bool {
    guard let value = MHD_lookup_connection_value(connection, .HEADER_KIND, name) else { return false }
    return String(cString: value) != "0"
}

private func send(_ response: AdminResponse, on connection: OpaquePointer) -> MHD_Result {
    var body = response.body
    let made = body.withUnsafeMutableBytes { bytes in
        MHD_create_response_from_buffer(bytes.count, bytes.baseAddress, .RESPMEM_MUST_COPY)
    }
    guard let made else { return .NO }
    defer { MHD_destroy_response(made) }
    _ = MHD_add_response_header(made, "Content-Type", response.contentType)
    _ = MHD_add_response_header(made, "Cache-Control", "no-store")
    _ = MHD_add_response_header(made, "X-Content-Type-Options", "nosniff")
    if response.status == 405 { _ = MHD_add_response_header(made, "Allow", "GET, HEAD") }
    return MHD_queue_response(connection, UInt32(clamping: response.status), made)
}
