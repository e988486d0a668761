import Foundation
import FoundationNetworking
import JSON
import KafkaProcess
import Testing

/// A binary of the fleet as a process of its own.
struct WorkerProcess: Sendable {
    let id: String
    let child: ChildProcess

    /// Starts a binary; its worker id is what is given.
    init(_ binary: String, id: String, of topics: TestTopics, _ arguments: [String] = [], environment: [String: String] = [:]) throws {
        self.id = id
        self.child = try ChildProcess.start(
            ChildProcess.buildProduct(binary),
            arguments: ["--bootstrap-servers", topics.bootstrapServers, "--topic-prefix", topics.prefix, "--worker-id", id] + arguments,
            environment: environment
        )
    }

    /// Starts a binary and waits until it says that it is ready.
    static func ready(_ binary: String, id: String, of topics: TestTopics, _ arguments: [String] = []) async throws -> WorkerProcess {
        let process = try WorkerProcess(binary, id: id, of: topics, arguments)
        try await process.waitUntilReady()
        return process
    }

    /// Waits for the line on standard output that says ready.
    func waitUntilReady(deadline: ContinuousClock.Instant = .now + .seconds(60)) async throws {
        let id = self.id
        try await self.child.waitForLine(deadline: deadline) { $0.stream == .standardOutput && $0.text == "ready \(id)" }
    }

    /// Sends SIGTERM and waits for the end.
    func drain(deadline: ContinuousClock.Instant = .now + .seconds(60)) async throws -> KafkaProcess.ExitStatus {
        self.child.terminate()
        return try await self.child.waitForExit(deadline: deadline)
    }

    /// What the admin endpoint answers; its address is read from the log.
    func get(_ path: String) async throws -> (status: Int, body: String) {
        let line = try await self.child.waitForLine(containing: "admin endpoint")
        let address = try #require(try JSONValue(parsing: line.text).strings.first { $0.hasPrefix("127.0.0.1:") })
        let url = try #require(URL(string: "http://\(address)\(path)"))
        let (data, response) = try await URLSession.shared.data(from: url)
        return ((response as? HTTPURLResponse)?.statusCode ?? 0, String(decoding: data, as: UTF8.self))
    }
}

extension JSONValue {
    /// Every string inside, at any depth.
    var strings: [String] {
        switch self {
        case .string(let text): [text]
        case .array(let values): values.flatMap(\.strings)
        case .object(let members): members.flatMap { $0.value.strings }
        default: []
        }
    }
}
