/// Why a source gave no text.
struct ContentFailure: Error, Sendable, Hashable, CustomStringConvertible {
    /// What went wrong; the raw value is the `reason` on the wire.
    enum Reason: String, Sendable, Hashable, CaseIterable {
        case noPipeline = "no_pipeline"
        case invalidURL = "invalid_url"
        case fileRefused = "file_refused"
        case fileNotFound = "file_not_found"
        case fileUnreadable = "file_unreadable"
        case tooLarge = "too_large"
        case addressRefused = "address_refused"
        case httpRefused = "http_refused"
        case httpFailed = "http_failed"
        case unsupportedDocument = "unsupported_document"
        case brokenDocument = "broken_document"
        case noText = "no_text"
        case noCommand = "no_command"
        case commandFailed = "command_failed"
        case unexpected = "unexpected"
    }

    let reason: Reason
    let message: String

    init(_ reason: Reason, _ message: String) {
        self.reason = reason
        self.message = message
    }

    /// Whether the same job may succeed later.
    ///
    /// Stricter than spec §3.3, where every failure is retryable: a refused address, a missing file or a broken document stays
    /// what it is, so those are not.
    var isRetryable: Bool {
        switch self.reason {
        case .fileUnreadable, .httpFailed, .commandFailed, .unexpected: true
        case .noPipeline, .invalidURL, .fileRefused, .fileNotFound, .tooLarge, .addressRefused, .httpRefused, .unsupportedDocument,
            .brokenDocument, .noText, .noCommand:
            false
        }
    }

    var description: String { self.message }
}

extension ContentFailure {
    /// The failure that an HTTP exchange with `host` amounts to.
    init(_ error: HTTPError, host: String) {
        let reason: Reason =
            switch error.code {
            case .addressRefused: .addressRefused
            case .tooLarge: .tooLarge
            case .status, .timedOut, .nameNotResolved, .connectFailed, .tooManyRedirects, .schemeRefused, .untrustedPeer, .interrupted,
                .invalidRequest:
                error.isTransient ? .httpFailed : .httpRefused
            }
        self.init(reason, "\(host): \(error.message)")
    }
}
