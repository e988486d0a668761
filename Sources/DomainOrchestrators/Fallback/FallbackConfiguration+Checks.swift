import Glibc

extension FallbackConfiguration {
    /// Throws for what would fail every job later.
    func validate() throws(FallbackConfigurationError) {
        for (name, limits) in [("http", self.http), ("factCheck", self.factCheck?.limits ?? HTTPLimits())] {
            guard limits.maximumBytes > 0, limits.totalTime > .zero, limits.connectTime > .zero, limits.maximumRedirects >= 0 else {
                throw FallbackConfigurationError("the \(name) limits must be positive")
            }
        }
        guard self.maximumMediaBytes > 0, self.maximumClaims >= 0, self.maximumTranscriptBytesInResult >= 0, self.blockingThreads > 0 else {
            throw FallbackConfigurationError("limits must be positive")
        }
        try Self.check(self.downloader, "downloader", needs: ["{url}", "{output}"])
        try Self.check(self.transcriber, "transcriber", needs: ["{input}"])
        guard Self.isHeaderText(self.userAgent) else { throw FallbackConfigurationError("the user agent holds control characters") }
        if let service = self.factCheck {
            guard case .http = (try? SourceURL(service.endpoint))?.location else {
                throw FallbackConfigurationError("the fact check endpoint must be an http or https URL without credentials")
            }
            let isName = { (byte: UInt8) in (0x21...0x7E).contains(byte) && byte != UInt8(ascii: ":") }
            guard !service.secretHeader.isEmpty, service.secretHeader.utf8.allSatisfy(isName),
                Self.isHeaderText(service.secret?.value ?? "")
            else { throw FallbackConfigurationError("the fact check header holds characters that no header may hold") }
        }
    }

    private static func check(_ command: MediaCommand?, _ name: String, needs: [String]) throws(FallbackConfigurationError) {
        guard let command else { return }
        guard let program = command.arguments.first, !program.isEmpty else {
            throw FallbackConfigurationError("the \(name) names no program")
        }
        guard command.timeLimit > .zero else { throw FallbackConfigurationError("the \(name)'s time limit must be positive") }
        for placeholder in needs where !command.arguments.dropFirst().contains(where: { $0.contains(placeholder) }) {
            throw FallbackConfigurationError("the \(name)'s arguments lack \(placeholder)")
        }
    }

    private static func isHeaderText(_ text: String) -> Bool {
        text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
    }

    /// Whether the host or a domain above it is one of `mediaHosts`.
    func isMediaHost(_ host: String) -> Bool {
        self.mediaHosts.contains { host == $0 || host.hasSuffix(".\($0)") }
    }

    /// What the commands find in their environment.
    func childEnvironment() -> [String: String] {
        var environment: [String: String] = [:]
        for name in ["PATH", "HOME", "LANG", "TMPDIR"] {
            environment[name] = getenv(name).map { String(cString: $0) }
        }
        return environment.merging(self.commandEnvironment) { _, own in own }
    }
}
