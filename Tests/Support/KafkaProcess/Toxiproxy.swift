import Foundation
import FoundationNetworking

/// A running Toxiproxy: TCP proxies on this machine whose traffic can be slowed down, held up and cut.
///
/// The program `toxiproxy-server` is looked for in `TOXIPROXY_SERVER` (its path), in `PATH`, and in a folder `tools` beside `KAFKA_HOME`.
final class Toxiproxy: Sendable {
    private let child: ChildProcess
    private let port: LocalPort

    private init(_ child: ChildProcess, _ port: LocalPort) {
        self.child = child
        self.port = port
    }

    /// The path of the program; nil if it is not on this machine.
    static let program: String? = {
        let environment = ProcessInfo.processInfo.environment
        if let path = environment["TOXIPROXY_SERVER"], !path.isEmpty { return Executable.find(path) }
        let beside = environment["KAFKA_HOME"].map { URL(fileURLWithPath: $0).deletingLastPathComponent().path }
        return Executable.find("toxiproxy-server") ?? beside.flatMap { Executable.find("\($0)/tools/toxiproxy-server") }
    }()

    /// Starts the program; returns when it answers.
    ///
    /// - Throws: `unavailable`, `startFailed`, `exited`, `deadlineExceeded`, `CancellationError`.
    static func start(deadline: ContinuousClock.Instant) async throws -> Toxiproxy {
        guard let program = self.program else {
            throw KafkaProcessError(.unavailable, "toxiproxy-server is neither in PATH nor named by TOXIPROXY_SERVER")
        }
        let port = try LocalPort.reserve()
        let child = try ChildProcess.start(program, arguments: ["-host", "127.0.0.1", "-port", "\(port.number)"])
        let proxy = Toxiproxy(child, port)
        try await eventually("an answer of toxiproxy-server", deadline: deadline) {
            if let status = child.exitStatus { throw KafkaProcessError(.exited, "toxiproxy-server ended with \(status)\(child.tail)") }
            return (try? await proxy.call("GET", "/version")) != nil
        }
        return proxy
    }

    /// Ends the program and all connections through it.
    func stop() { self.child.signal(SIGKILL) }

    /// Makes a proxy from a port to another, both of 127.0.0.1.
    func add(_ name: String, from port: Int, to upstream: Int) async throws {
        let body: [String: Any] = ["name": name, "listen": "127.0.0.1:\(port)", "upstream": "127.0.0.1:\(upstream)", "enabled": true]
        try await self.call("POST", "/proxies", body)
    }

    /// Closes a proxy's connections and refuses new ones, or takes them again.
    func setEnabled(_ name: String, _ isEnabled: Bool) async throws {
        try await self.call("POST", "/proxies/\(name)", ["enabled": isEnabled])
    }

    /// Puts a toxic into both directions of a proxy.
    func poison(_ name: String, _ type: String, _ attributes: [String: Int]) async throws {
        for stream in ["upstream", "downstream"] {
            let body: [String: Any] = [
                "name": "\(type)-\(stream)", "type": type, "stream": stream, "toxicity": 1.0, "attributes": attributes,
            ]
            try await self.call("POST", "/proxies/\(name)/toxics", body)
        }
    }

    /// Takes a toxic out of both directions of a proxy.
    func cure(_ name: String, _ type: String) async throws {
        for stream in ["upstream", "downstream"] { try await self.call("DELETE", "/proxies/\(name)/toxics/\(type)-\(stream)") }
    }

    @discardableResult
    private func call(_ method: String, _ path: String, _ body: [String: Any]? = nil) async throws -> Data {
        guard let url = URL(string: "http://127.0.0.1:\(self.port.number)\(path)") else {
            throw KafkaProcessError(.invalidArgument, "\(path) is no path")
        }
        var request = URLRequest(url: url, timeoutInterval: 10)
        request.httpMethod = method
        if let body {
            request.httpBody = try JSONSerialization.data(withJSONObject: body)
            request.setValue("application/json", forHTTPHeaderField: "Content-Type")
        }
        let (data, response) = try await URLSession.shared.data(for: request)
        let status = (response as? HTTPURLResponse)?.statusCode ?? 0
        guard (200..<300).contains(status) else {
            let answer = String(decoding: data, as: UTF8.self)
            throw KafkaProcessError(.startFailed, "toxiproxy-server answered \(method) \(path) with \(status): \(answer)")
        }
        return data
    }
}
