import Foundation
import Glibc
import Testing

@testable import KafkaProcess

@Suite(.serialized, .timeLimit(.minutes(5)), .enabled(if: RealKafka.isAvailable, "\(RealKafka.unavailableReason ?? "")"))
struct RealKafkaTests {
    private func topics(_ kafka: RealKafka, _ arguments: String...) async throws -> [String] {
        try await KafkaTools.run(.topics, ["--bootstrap-server", kafka.bootstrapServers] + arguments).requireSuccess().outputLines
    }

    private func produce(_ records: [String], to topic: String, of kafka: RealKafka) async throws {
        let arguments = ["--bootstrap-server", kafka.bootstrapServers, "--topic", topic, "--command-property", "acks=all"]
        let input = Array(records.map { "\($0)\n" }.joined().utf8)
        try await KafkaTools.run(.consoleProducer, arguments, standardInput: input).requireSuccess()
    }

    private func consume(_ count: Int, from topic: String, of kafka: RealKafka) async throws -> [String] {
        let arguments = ["--bootstrap-server", kafka.bootstrapServers, "--topic", topic, "--from-beginning", "--max-messages", "\(count)"]
        return try await KafkaTools.run(.consoleConsumer, arguments).requireSuccess().outputLines
    }

    @Test func sharedBrokerIsOneForAllAndHoldsTopics() async throws {
        async let first = RealKafka.shared()
        async let second = RealKafka.shared()
        let (kafka, same) = try await (first, second)
        #expect(kafka === same)
        let topic = "listed-\(UUID().uuidString)"
        _ = try await self.topics(kafka, "--create", "--topic", topic, "--partitions", "3")
        #expect(try await self.topics(kafka, "--list").contains(topic))
        #expect(try await self.topics(kafka, "--describe", "--topic", topic).contains { $0.contains("PartitionCount: 3") })
        let missing = try await KafkaTools.run(.topics, ["--bootstrap-server", kafka.bootstrapServers, "--describe", "--topic", "missing"])
        #expect(missing.status == .exited(1))
        #expect(throws: KafkaProcessError.self) { try missing.requireSuccess() }
    }

    @Test func stoppedAndKilledBrokerKeepsPortsAndData() async throws {
        try await RealKafka.withCluster(extraProperties: ["num.partitions": "2"]) { kafka in
            let broker = kafka.brokers[0]
            let (address, firstProcess) = (broker.address, broker.processID)
            _ = try await self.topics(kafka, "--create", "--topic", "kept")
            #expect(try await self.topics(kafka, "--describe", "--topic", "kept").contains { $0.contains("PartitionCount: 2") })
            try await self.produce(["one"], to: "kept", of: kafka)

            try await broker.stop()
            #expect(!broker.isRunning && broker.processID == nil)
            #expect(await MetadataProbe.liveBrokers(port: broker.port) == nil)
            try await broker.restart()
            #expect(broker.isRunning && broker.processID != firstProcess)
            try await self.produce(["two"], to: "kept", of: kafka)

            try await broker.kill()
            #expect(!broker.isRunning)
            try await broker.restart()
            #expect(kafka.bootstrapServers == address)
            #expect(try await self.consume(2, from: "kept", of: kafka).sorted() == ["one", "two"])
        }
    }

    @Test func threeBrokersSurviveTheKillOfOne() async throws {
        try await RealKafka.withCluster(brokers: 3) { kafka in
            #expect(kafka.bootstrapServers.split(separator: ",").count == 3)
            _ = try await self.topics(kafka, "--create", "--topic", "survivor", "--partitions", "3")
            #expect(try await self.topics(kafka, "--describe", "--topic", "survivor").contains { $0.contains("ReplicationFactor: 3") })
            try await self.produce(["before"], to: "survivor", of: kafka)

            try await kafka.brokers[0].kill()
            try await kafka.waitUntilAlive([2, 3])
            try await self.produce(["during"], to: "survivor", of: kafka)
            #expect(try await self.consume(2, from: "survivor", of: kafka).sorted() == ["before", "during"])

            try await kafka.brokers[0].restart()
            try await kafka.waitUntilAlive([1, 2, 3])
            #expect(try await self.consume(2, from: "survivor", of: kafka).sorted() == ["before", "during"])
        }
    }

    @Test func stoppedClusterLeavesNothingAndStaysStopped() async throws {
        let kafka = try await RealKafka.start()
        let broker = kafka.brokers[0]
        let processID = try #require(broker.processID)
        let folder = broker.propertiesFile.deletingLastPathComponent().deletingLastPathComponent()
        #expect(FileManager.default.fileExists(atPath: folder.path))
        await kafka.stop()
        #expect(!ProcessTable.isAlive(processID))
        #expect(!FileManager.default.fileExists(atPath: folder.path))
        await kafka.stop()
        let error = try await #require(throws: KafkaProcessError.self) { try await broker.restart() }
        #expect(error.code == .startFailed && error.message.contains("was stopped"))
        #expect(!broker.isRunning)
    }

    @Test func brokerThatCannotStartIsToldWithItsLastLines() async throws {
        let error = try await #require(throws: KafkaProcessError.self) {
            // Loaded by the broker, not by the tool that formats the data folder.
            try await RealKafka.start(extraProperties: ["metric.reporters": "no.such.Reporter"])
        }
        #expect(error.code == .exited)
        #expect(error.message.contains("broker 1 ended") && error.message.contains("no.such.Reporter"))
        let unformatted = try await #require(throws: KafkaProcessError.self) {
            try await RealKafka.start(extraProperties: ["node.id": "many"])
        }
        #expect(unformatted.code == .exited && unformatted.message.contains("exit code 1"))
        await #expect(throws: KafkaProcessError.self) { try await RealKafka.start(brokers: 2) }
    }

    @Test func killedParentLeavesNoBroker() async throws {
        let result = try #require(
            await #expect(processExitsWith: .signal(SIGKILL), observing: [\.standardOutputContent]) {
                let broker = try await RealKafka.start().brokers[0]
                print("port=\(broker.port);process=\(broker.processID ?? 0);folder=\(broker.propertiesFile.path);")
                fflush(nil)
                kill(getpid(), SIGKILL)
            }
        )
        let output = result.standardOutputContent
        let port = try #require(Int(Report.value("port", in: output)))
        let processID = try #require(Int32(Report.value("process", in: output)))
        try await eventually("the end of the broker") {
            guard !ProcessTable.isAlive(processID) else { return false }
            return await MetadataProbe.liveBrokers(port: port) == nil
        }
        // The folder outlives a killed owner until the next test process looks for orphans.
        ScratchFolder.removeOrphans()
        #expect(!FileManager.default.fileExists(atPath: Report.value("folder", in: output)))
    }

    @Test func orderlyExitLeavesNeitherBrokerNorFolder() async throws {
        let result = try #require(
            await #expect(processExitsWith: .success, observing: [\.standardOutputContent]) {
                let broker = try await RealKafka.shared().brokers[0]
                print("process=\(broker.processID ?? 0);folder=\(broker.propertiesFile.path);")
                fflush(nil)
                exit(EXIT_SUCCESS)
            }
        )
        let output = result.standardOutputContent
        let processID = try #require(Int32(Report.value("process", in: output)))
        #expect(processID > 0 && !ProcessTable.isAlive(processID))
        #expect(!FileManager.default.fileExists(atPath: Report.value("folder", in: output)))
    }
}
