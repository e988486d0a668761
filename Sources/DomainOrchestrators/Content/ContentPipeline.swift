import JSON

/// How much of a medium an attempt asks for, in the order the attempts are made (spec §3.3).
enum Quality: String, Sendable, Hashable, CaseIterable {
    case video = "720p"
    case audio
    case worst
}

/// The text behind a URL and what is known about its source.
struct Content: Sendable, Hashable {
    var document: Document
    /// Host, or `file`.
    var platform: String
    /// The media type the source was read as, if it named one.
    var mediaType: String?
    /// Bytes of the document read; nil for media.
    var byteCount: Int?
    /// Where redirects led, when they led elsewhere.
    var finalURL: String?
}

/// Turns a URL into text, at a quality.
protocol ContentPipeline: Sendable {
    /// One attempt.
    ///
    /// Throws `ContentFailure`, or `CancellationError` once the task is cancelled.
    func content(of source: SourceURL, quality: Quality, timeLeft: Duration?) async throws -> Content
}

extension ContentFailure {
    /// Whether no other quality can change it: bad URLs, refusals, missing or broken documents.
    var isFinal: Bool {
        switch self.reason {
        case .noPipeline, .invalidURL, .fileRefused, .fileNotFound, .addressRefused, .httpRefused, .unsupportedDocument, .brokenDocument,
            .noText:
            true
        case .tooLarge, .fileUnreadable, .httpFailed, .noCommand, .commandFailed, .unexpected: false
        }
    }
}
