import ArgumentParser
import Delivery
import FleetProcess
import JSON
import Testing
import WorkerRuntime

@Suite("Worker options")
struct WorkerOptionsTests {
    /// A command as the workers are.
    private struct Command: ParsableCommand {
        @OptionGroup var options: WorkerOptions
    }

    private struct NoSuchFile: Error, CustomStringConvertible {
        let description = "No such file or directory"
    }

    private func sources(_ environment: [String: String], _ file: String?) -> ConfigurationSources {
        var sources = WorkerOptions.configurationSources
        sources.environment = { environment[$0] }
        sources.readFile = { path in
            guard path == "fleet.json", let file else { throw NoSuchFile() }
            return Array(file.utf8)
        }
        return sources
    }

    private func parse(_ words: [String] = [], _ environment: [String: String] = [:], file: String? = nil) throws -> WorkerOptions {
        try WorkerOptions.parse(words, configuration: self.sources(environment, file))
    }

    /// The text and the exit code of what is wrong.
    private func failure(_ words: [String] = [], _ environment: [String: String] = [:], file: String? = nil) throws -> (String, ExitCode) {
        let error = try #require(throws: (any Error).self) {
            try Command.parseAsRoot(words, configuration: self.sources(environment, file))
        }
        return (Command.fullMessage(for: error), Command.exitCode(for: error))
    }

    @Test("need none to be given")
    func defaults() throws {
        let configuration = try self.parse().configuration()
        let plain = WorkerConfiguration()
        #expect(configuration.bootstrapServers == plain.bootstrapServers && configuration.concurrency == plain.concurrency)
        #expect(configuration.idempotencyWindow == 3_600_000 && plain.idempotencyWindow == 3_600_000)
        #expect(configuration.ordering == plain.ordering && configuration.signals == .all && configuration.delivery == .atLeastOnce)
        #expect(configuration.createsTopicsWithPartitions == nil && configuration.probeEventsTopic == nil && configuration.kafka.isEmpty)
        #expect(configuration.group("domain") == "fleet.domain" && !configuration.workerID.isEmpty)
    }

    @Test("all reach the configuration")
    func everyOption() throws {
        let configuration = try self.parse([
            "--bootstrap-servers", "a:1,b:2", "--topic-prefix", "p.", "--group-id", "g", "--worker-id", "w", "--static-membership",
            "--concurrency", "5000", "--ordering", "partition", "--signals", "0.25", "--create-topics", "--partitions", "12",
            "--drain-timeout", "1234", "--probe-events", "events", "--kafka", "acks=1", "--kafka", "sasl.password=a=b",
            "--delivery", "at_least_once", "--idempotency-window", "604800",
        ]).configuration()
        #expect(configuration.idempotencyWindow == WorkerConfiguration.longestIdempotencyWindow)
        #expect(configuration.bootstrapServers == "a:1,b:2" && configuration.topicPrefix == "p.")
        #expect(configuration.groupID == "g" && configuration.workerID == "w" && configuration.usesStaticMembership)
        #expect(configuration.concurrency == 5_000 && configuration.inFlight.records >= 10_000, "there is room for as many")
        #expect(configuration.ordering == .partition && configuration.signals == .sampled(0.25))
        #expect(configuration.createsTopicsWithPartitions == 12 && configuration.drainTimeout == 1_234)
        #expect(configuration.probeEventsTopic == "events")
        #expect(configuration.kafka == ["acks": "1", "sasl.password": "a=b"])
    }

    @Test("policies are on or off")
    func policies() throws {
        #expect(try self.parse().configuration().policies == .on && WorkerConfiguration().policies == .on)
        #expect(try self.parse(["--policies", "off"]).configuration().policies == .off)
        #expect(try self.parse([], ["FLEET_POLICIES": "off"]).configuration().policies == .off)
        #expect(try self.failure(["--policies", "maybe"]).1 != .success)
    }

    @Test("signals are all, off, or a share")
    func signals() throws {
        #expect(try self.parse(["--signals", "all"]).signals == .all)
        #expect(try self.parse(["--signals", "off"]).signals == .off)
        #expect(try self.parse(["--signals", "0"]).signals == .sampled(0))
        for text in ["some", "1.01", "-0.1", "nan", ""] { #expect(throws: (any Error).self) { try self.parse(["--signals=\(text)"]) } }
    }

    @Test("of the command line win over those of the environment, those over the file's")
    func precedence() throws {
        let file =
            #"{"concurrency": 1, "topic-prefix": "file.", "worker_id": "file", "create-topics": true, "kafka": {"acks": "1", "linger.ms": 7}}"#
        let environment = ["FLEET_CONFIG": "fleet.json", "FLEET_CONCURRENCY": "2", "FLEET_TOPIC_PREFIX": "env.", "FLEET_KAFKA": "acks=all"]
        let options = try self.parse(["--concurrency", "3"], environment, file: file)
        let configuration = try options.configuration()
        #expect(configuration.concurrency == 3 && configuration.topicPrefix == "env." && configuration.workerID == "file")
        #expect(configuration.createsTopicsWithPartitions == 8)
        #expect(configuration.kafka == ["acks": "all", "linger.ms": "7"], "properties of all sources come together")
        #expect(
            try self.parse(["--config", "fleet.json", "--no-create-topics"], file: file).configuration().createsTopicsWithPartitions == nil
        )
    }

    @Test("tell every mistake of every source at once, with 78 when all are the configuration's")
    func allMistakes() throws {
        let file = #"{"concurency": 1, "drain-timeout": "soon", "kafka": {"no.such.property": "hunter2"}}"#
        let environment = ["FLEET_CONFIG": "fleet.json", "FLEET_CONCURRENCY": "many", "FLEET_LOG_LEVEL": "loud"]
        let (text, code) = try self.failure([], environment, file: file)
        #expect(code == .configurationFailure)
        for word in ["concurency", "Did you mean 'concurrency'", "drain-timeout", "FLEET_CONCURRENCY=many", "FLEET_LOG_LEVEL=loud"] {
            #expect(text.contains(word), "\(word): \(text)")
        }
        #expect(!text.contains("hunter2"))
    }

    @Test("tell every value that cannot be used at once")
    func allValues() throws {
        let environment = [
            "FLEET_CONCURRENCY": "0", "FLEET_DRAIN_TIMEOUT": "-5", "FLEET_MAX_ATTEMPTS": "0", "FLEET_ADMIN_ADDRESS": "nowhere",
            "FLEET_KAFKA": "session.timeout.ms=soon,sasl.passwrd=hunter2,=x",
        ]
        let (text, code) = try self.failure([], environment)
        #expect(code == .configurationFailure)
        for word in [
            "concurrency", "drain-timeout", "max-attempts", "--admin-address nowhere", "session.timeout.ms", "sasl.passwrd", "name=value",
        ] {
            #expect(text.contains(word), "\(word): \(text)")
        }
        #expect(!text.contains("hunter2"))
    }

    @Test("that are wrong on the command line end with 64")
    func usage() throws {
        for words in [["--concurency", "3"], ["--concurrency", "many"], ["--ordering", "random"], ["extra"]] {
            #expect(try self.failure(words).1 == .validationFailure, "\(words)")
        }
        let (text, code) = try self.failure(["--concurrency", "many"], ["FLEET_LOG_LEVEL": "loud"])
        #expect(code == .validationFailure && text.contains("many") && text.contains("loud"), "the command line's mistake decides")
    }

    @Test("say that their file is not there, or no JSON")
    func file() throws {
        let missing = try self.failure(["--config", "other.json"])
        #expect(missing.0.contains("other.json") && missing.0.contains("No such file"))
        let broken = try self.failure([], ["FLEET_CONFIG": "fleet.json"], file: "{")
        #expect(broken.0.contains("fleet.json") && broken.1 == .configurationFailure)
    }

    @Test("keep the values of Kafka's properties out of messages")
    func secrets() throws {
        for words in [["--kafka", "hunter2"], ["--kafka", "sasl.passwrd=hunter2"]] {
            let text = try self.failure(words).0
            #expect(words[1] == "hunter2" || !text.contains("hunter2"), "\(text)")
            #expect(text.contains("kafka"))
        }
        let (text, _) = try self.failure([], ["FLEET_KAFKA": "sasl.password=hunter2", "FLEET_CONCURRENCY": "0"])
        #expect(!text.contains("hunter2") && text.contains("concurrency"))
    }
}
