import Foundation
import KafkaClient
import KafkaProcess
import Orchestration
import Testing
import Wire

extension RealKafkaSuite {
    /// The README's commands for a real Kafka, with the broker's address put in.
    @Suite struct ReadmeCommandsTests {
        @Test func topicsAreMadeAndAWorkerServesThem() async throws {
            let topics = try await TestTopics.unused()
            let file = URL(fileURLWithPath: #filePath)
                .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
                .appending(path: "README.md")
            let readme = try String(contentsOf: file, encoding: .utf8)
            let start = try #require(readme.range(of: "<!-- run: real Kafka -->\n```sh\n"))
            let end = try #require(readme[start.upperBound...].range(of: "```"))
            let commands = readme[start.upperBound..<end.lowerBound]
                .replacingOccurrences(of: "localhost:9092", with: topics.bootstrapServers)
                .replacingOccurrences(of: "127.0.0.1:8080", with: "127.0.0.1:0")
                .replacingOccurrences(of: "\ndomain-worker", with: "\nexec domain-worker")
            let folder = URL(fileURLWithPath: try ChildProcess.buildProduct("fleet")).deletingLastPathComponent().path
            let worker = try ChildProcess.start(
                "/bin/bash",
                arguments: ["-euc", commands],
                environment: [
                    "PATH": "\(folder):\(ProcessInfo.processInfo.environment["PATH"] ?? "")", "FLEET_TOPIC_PREFIX": topics.prefix,
                ]
            )
            _ = try await worker.waitForLine(containing: "ready ", deadline: .now + .seconds(60))
            let requests = try await topics.admin { [names = topics.names] in try $0.describeTopics(names.requests(.domain)) }
            #expect(requests.first?.partitions.count == 16)
            worker.terminate()
            #expect(try await worker.waitForExit(deadline: .now + .seconds(60)) == .exited(0))
        }
    }
}
