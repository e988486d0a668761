import Glibc

/// The content pipeline of this module: documents are read here, media by the configured commands.
///
/// A source is media when its extension says so, when it lies on a host whose pages are media (and there is a downloader for it), or when
/// the server calls it audio or video.
struct SourcePipeline: ContentPipeline {
    private let configuration: FallbackConfiguration
    private let roots: FileRoots
    private let http: HTTPClient
    private let media: MediaPipeline
    private let lanes: BlockingLanes

    init(
        _ configuration: FallbackConfiguration,
        http: HTTPClient,
        lanes: BlockingLanes,
        commands: any CommandRunner
    ) throws(FallbackConfigurationError) {
        self.configuration = configuration
        self.roots = try FileRoots(configuration.fileRoots)
        self.http = http
        self.media = MediaPipeline(configuration, commands: commands, lanes: lanes)
        self.lanes = lanes
    }

    func content(of source: SourceURL, quality: Quality, timeLeft: Duration?) async throws -> Content {
        let namesMedia = source.fileExtension.flatMap(DocumentKind.byExtension) == .media
        switch source.location {
        case .file(let path):
            return try await self.file(path, source, quality, namesMedia)
        case .http(let host):
            if namesMedia || (self.media.hasDownloader && self.configuration.isMediaHost(host)) {
                try await self.checkAddresses(of: host)
                return try await self.media.content(of: source, localPath: nil, quality: quality)
            }
            return try await self.page(source, host, quality, timeLeft)
        }
    }

    private func file(_ path: String, _ source: SourceURL, _ quality: Quality, _ namesMedia: Bool) async throws -> Content {
        let (roots, limit) = (self.roots, self.configuration.http.maximumBytes)
        let result: (path: String, content: Content?) = try await self.lanes.run { flag in
            let file = try roots.open(path)
            if namesMedia { return (file.path, nil) }
            let bytes = try file.readAll(limit: limit, flag)
            if DocumentKind(mediaType: nil, fileExtension: source.fileExtension, bytes: bytes) == .media { return (file.path, nil) }
            let document = try DocumentReader().read(bytes, Self.source(source, nil), flag)
            return (file.path, Content(document: document, platform: source.platform, byteCount: bytes.count))
        }
        if let content = result.content { return content }
        return try await self.media.content(of: source, localPath: result.path, quality: quality)
    }

    private func page(_ source: SourceURL, _ host: String, _ quality: Quality, _ timeLeft: Duration?) async throws -> Content {
        var request = HTTPRequest(url: source.text)
        request.limits = self.configuration.http
        if let timeLeft { request.limits.totalTime = min(request.limits.totalTime, max(timeLeft, .milliseconds(1))) }
        request.addresses = self.configuration.addresses
        request.userAgent = self.configuration.userAgent
        request.proxy = self.configuration.proxy
        request.wantsBody = { contentType in
            switch DocumentKind.declared(contentType.flatMap(MediaType.init)) {
            case .media, .unsupported: false
            case .plainText, .html, .subRip, .webVTT, .transcriptJSON, nil: true
            }
        }
        let response: HTTPResponse
        do {
            response = try await self.http.send(request)
        } catch let error as HTTPError {
            throw ContentFailure(error, host: host)
        }
        let type = response.contentType.flatMap(MediaType.init)
        // A redirect may lead to the name that says what it is.
        let end = (try? SourceURL(response.url)) ?? source
        let kind = DocumentKind(mediaType: type, fileExtension: end.fileExtension, bytes: response.body)
        if kind == .media { return try await self.media.content(of: source, localPath: nil, quality: quality) }
        let document = try await self.lanes.run { flag in
            try DocumentReader().read(response.body, Self.source(end, type), flag)
        }
        return Content(
            document: document,
            platform: source.platform,
            mediaType: type?.name,
            byteCount: response.body.count,
            finalURL: response.url == source.text ? nil : response.url
        )
    }

    private static func source(_ url: SourceURL, _ type: MediaType?) -> DocumentReader.Source {
        DocumentReader.Source(mediaType: type, fileExtension: url.fileExtension, fallbackTitle: url.lastComponent)
    }

    /// Refuses a host that names a refused address before a command gets to see its URL.
    ///
    /// The command resolves the name again, so this stops mistakes, not a name server that answers differently the second time; where that
    /// matters, let the downloader use a proxy that filters.
    private func checkAddresses(of host: String) async throws {
        let policy = self.configuration.addresses
        guard policy != .any else { return }
        try await self.lanes.run { _ in
            for address in try Self.addresses(of: host) {
                guard let reason = policy.refusal(of: address) else { continue }
                throw ContentFailure(
                    .addressRefused,
                    "\(host): the address \(address) is refused (\(reason)); the worker's address policy must allow it"
                )
            }
        }
    }

    private static func addresses(of host: String) throws(ContentFailure) -> [NetworkAddress] {
        let name = host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(name, nil, &hints, &list)
        guard code == 0 else {
            throw ContentFailure(.httpFailed, "\(host): the host name cannot be resolved: \(String(cString: gai_strerror(code)))")
        }
        defer { freeaddrinfo(list) }
        return sequence(first: list, next: { $0?.pointee.ai_next }).prefix { $0 != nil }.compactMap { entry in
            entry?.pointee.ai_addr.flatMap { NetworkAddress(UnsafePointer($0)) }
        }
    }
}
