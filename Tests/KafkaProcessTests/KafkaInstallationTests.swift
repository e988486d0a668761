import Foundation
import Testing

@testable import KafkaProcess

@Suite struct KafkaInstallationTests {
    private func reason(_ environment: [String: String]) -> String {
        switch KafkaInstallation.find(environment) {
        case .success: "nothing is missing"
        case .failure(let error): error.message
        }
    }

    @Test func whatIsMissingIsNamed() throws {
        #expect(self.reason([:]).contains("KAFKA_HOME is not set"))
        #expect(self.reason(["KAFKA_HOME": ""]).contains("KAFKA_HOME is not set"))
        #expect(self.reason(["KAFKA_HOME": "/usr"]).contains("no Kafka jar in the folder libs of KAFKA_HOME (/usr)"))

        let folder = try ScratchFolder()
        defer { folder.remove() }
        for path in ["libs", "bin"] {
            try FileManager.default.createDirectory(at: folder.url.appending(path: path), withIntermediateDirectories: true)
        }
        try Data().write(to: folder.url.appending(path: "libs/kafka-clients-4.0.0.jar"))
        let java = folder.url.appending(path: "bin/java")
        let environment = ["KAFKA_HOME": folder.url.path, "JAVA_HOME": folder.url.path]
        for (version, isNewEnough) in [("11.0.2", false), ("1.8.0_402", false), ("17", true), ("21.0.1", true), ("25-ea", true)] {
            try "#!/bin/sh\necho 'openjdk version \"\(version)\" 2025-04-15' >&2\n".write(to: java, atomically: false, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: java.path)
            #expect((self.reason(environment) == "nothing is missing") == isNewEnough, "\(version): \(self.reason(environment))")
        }
    }

    @Test func javaVersionIsFoundAfterOtherLines() {
        #expect(KafkaInstallation.majorVersion(["Picked up _JAVA_OPTIONS: -Xmx1g", "java version \"21.0.3\" LTS"]) == 21)
        #expect(KafkaInstallation.majorVersion(["Error: could not find libjava.so"]) == nil)
        #expect(KafkaInstallation.majorVersion(["version \"\""]) == nil)
        #expect(KafkaInstallation.majorVersion([]) == nil)
    }

    @Test func propertiesFollowTheNumberOfNodes() {
        let nodes = (1...3).map { ServerProperties.Node(id: $0, brokerPort: 100 + $0, controllerPort: 200 + $0) }
        let extra = ["num.io.threads": "2", "log.dirs": "/other"]
        let three = ServerProperties(node: nodes[1], nodes: nodes, dataFolder: "/data", extra: extra)
        let lines = Set(three.text.split(separator: "\n").map(String.init))
        #expect(
            lines.isSuperset(of: [
                "node.id=2", "controller.quorum.voters=1@127.0.0.1:201,2@127.0.0.1:202,3@127.0.0.1:203", "default.replication.factor=3",
                "min.insync.replicas=2", "transaction.state.log.min.isr=2", "auto.create.topics.enable=false",
                "num.io.threads=2", "log.dirs=/other",
                "listeners=PLAINTEXT://127.0.0.1:102,CONTROLLER://127.0.0.1:202",
            ])
        )
        let one = ServerProperties(node: nodes[0], nodes: [nodes[0]], dataFolder: "/data", extra: [:])
        #expect(one.text.contains("\nmin.insync.replicas=1\n") && one.text.contains("\nlog.dirs=/data\n"))
    }
}
