import KafkaProcess
import Testing

@Suite(.timeLimit(.minutes(6))) struct OtherClientsTests {
    @Test(.enabled(if: Python.isAvailable, "\(Python.unavailableReason ?? "")"))
    func pythonEnvironmentHasItsPackagesAndIsMadeOnce() async throws {
        async let first = Python.environment(packages: ["jsonschema"])
        async let second = Python.environment(packages: ["jsonschema"])
        let (python, same) = try await (first, second)
        #expect(python.executable == same.executable)
        let code = """
            import sys, jsonschema
            jsonschema.validate(int(sys.stdin.read()), {'type': 'integer'})
            print(sys.prefix != sys.base_prefix, sys.argv[1:])
            """
        let completion = try await python.run(code: code, arguments: ["a"], standardInput: Array("42".utf8)).requireSuccess()
        #expect(completion.outputLines == ["True ['a']"])
    }

    @Test(.enabled(if: Python.isAvailable, "\(Python.unavailableReason ?? "")"))
    func unknownPackageIsToldWithPipsWords() async throws {
        let error = try await #require(throws: KafkaProcessError.self) {
            try await Python.environment(packages: ["not a requirement"])
        }
        #expect(error.code == .exited && error.message.contains("not a requirement"))
    }

    @Test(.enabled(if: Python.isAvailable && RealKafka.isAvailable, "\(Python.unavailableReason ?? RealKafka.unavailableReason ?? "")"))
    func pythonClientTalksToTheSharedBroker() async throws {
        let kafka = try await RealKafka.shared()
        let python = try await Python.environment(packages: ["confluent-kafka>=2.6.1"])
        let code = """
            import sys
            from confluent_kafka.admin import AdminClient
            print(sorted(AdminClient({'bootstrap.servers': sys.argv[1]}).list_topics(timeout=20).brokers))
            """
        let completion = try await python.run(code: code, arguments: [kafka.bootstrapServers]).requireSuccess()
        #expect(completion.outputLines == ["[1]"])
    }

    @Test(.enabled(if: Kcat.isAvailable && RealKafka.isAvailable, "\(Kcat.unavailableReason ?? RealKafka.unavailableReason ?? "")"))
    func kcatTalksToTheSharedBroker() async throws {
        let kafka = try await RealKafka.shared()
        let kcat = try #require(Kcat.path)
        let completion = try await ChildProcess.run(kcat, arguments: ["-b", kafka.bootstrapServers, "-L"]).requireSuccess()
        #expect(completion.standardOutput.contains("broker 1 at \(kafka.bootstrapServers)"))
    }
}
