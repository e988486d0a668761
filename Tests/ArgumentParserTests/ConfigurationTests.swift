import ArgumentParser
import Testing

@Suite("Configuration")
struct ConfigurationTests {
    private struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    /// Sources with these variables and one file, `fleet.json`.
    private func sources(_ environment: [String: String] = [:], file: ConfigurationNode? = nil) -> ConfigurationSources {
        ConfigurationSources(
            environment: { environment[$0] },
            readFile: { path in
                guard path == "fleet.json", file != nil else { throw Failure(description: "No such file or directory") }
                return [1, 2, 3]
            },
            parseFile: { bytes in
                guard let file, bytes == [1, 2, 3] else { throw Failure(description: "not JSON") }
                return file
            }
        )
    }

    private func parse(
        _ words: [String] = [],
        _ environment: [String: String] = [:],
        file: ConfigurationNode? = nil
    ) throws -> WorkerOptions {
        try WorkerOptions.parse(words, configuration: self.sources(environment, file: file))
    }

    /// What is wrong, and the exit code.
    private func failure(
        _ words: [String] = [],
        _ environment: [String: String] = [:],
        file: ConfigurationNode? = nil
    ) throws -> (String, ExitCode) {
        let configuration = self.sources(environment, file: file)
        let error = try #require(throws: (any Error).self) { try Worker.parseAsRoot(words, configuration: configuration) }
        return (Worker.message(for: error), Worker.exitCode(for: error))
    }

    private let servers: (name: String, value: ConfigurationNode) = ("bootstrap-servers", .string("file:1"))

    @Test("the command line wins over the environment, that over the file, that over the default")
    func precedence() throws {
        let file = ConfigurationNode.object([self.servers, ("concurrency", .integer(3)), ("enable_probe", .bool(true))])
        let fromFile = try self.parse(["--config", "fleet.json"], file: file)
        #expect(fromFile.bootstrapServers == ["file:1"])
        #expect(fromFile.concurrency == 3)
        #expect(fromFile.enableProbe)
        #expect(fromFile.delivery == .atLeastOnce)

        let environment = ["FLEET_CONFIG": "fleet.json", "FLEET_CONCURRENCY": "4", "FLEET_ENABLE_PROBE": "no", "FLEET_DELIVERY": ""]
        let fromEnvironment = try self.parse([], environment, file: file)
        #expect(fromEnvironment.bootstrapServers == ["file:1"])
        #expect(fromEnvironment.concurrency == 4)
        #expect(!fromEnvironment.enableProbe)
        #expect(fromEnvironment.delivery == .atLeastOnce)

        let flags = ["--concurrency", "5", "--enable-probe", "--bootstrap-servers", "flag:1"]
        let fromFlags = try self.parse(flags, environment, file: file)
        #expect(fromFlags.concurrency == 5)
        #expect(fromFlags.enableProbe)
        #expect(fromFlags.bootstrapServers == ["flag:1"])
        #expect(try self.parse(["--bootstrap-servers", "x:1"]).concurrency == 16)
    }

    @Test("the file that the command line names wins over the one that the environment names")
    func fileName() throws {
        let file = ConfigurationNode.object([self.servers])
        #expect(try self.parse(["--config=fleet.json"], ["FLEET_CONFIG": "other.json"], file: file).bootstrapServers == ["file:1"])
        #expect(try self.failure([], ["FLEET_CONFIG": "other.json"]).0.contains("other.json: cannot be read: No such file or directory"))
    }

    @Test("arrays come from commas, JSON arrays and JSON objects; null and $schema count as nothing")
    func arrays() throws {
        let environment = ["FLEET_BOOTSTRAP_SERVERS": "a:1, b:2,,c:3 ", "FLEET_KAFKA": "x=1\\,2,y=\\n"]
        let file = ConfigurationNode.object([
            ("$schema", .string("s")), ("token", .null), ("header", .array([.string("h"), .integer(1), .number(2), .number(0.5)])),
            ("kafka", .object([("security.protocol", .string("ssl")), ("fetch.min.bytes", .integer(1)), ("flag", .bool(true))])),
            ("create-topics", .bool(false)),
        ])
        let options = try self.parse(["--config", "fleet.json"], environment, file: file)
        #expect(options.bootstrapServers == ["a:1", "b:2", "c:3"])
        #expect(options.kafka == ["x=1,2", "y=\\n"])
        #expect(options.header == ["h", "1", "2", "0.5"])
        #expect(options.token == nil)
        #expect(!options.createTopics)
        let fileOnly = try self.parse(["--config", "fleet.json", "--bootstrap-servers", "z:1"], [:], file: file)
        #expect(fileOnly.kafka == ["security.protocol=ssl", "fetch.min.bytes=1", "flag=true"])
        #expect(fileOnly.bootstrapServers == ["z:1"])
    }

    @Test("a merged option holds the values of all sources, lowest precedence first")
    func merged() throws {
        let file = ConfigurationNode.object([self.servers, ("header", .array([.string("f")]))])
        let options = try self.parse(["--config", "fleet.json", "--header", "c"], ["FLEET_HEADER": "e1,e2"], file: file)
        #expect(options.header == ["f", "e1", "e2", "c"])
    }

    @Test("all mistakes of all sources are reported at once, each with its source")
    func allAtOnce() throws {
        let file = ConfigurationNode.object([
            ("concurency", .integer(3)), ("zebra", .null), ("delivery", .string("twice")), ("enable-probe", .string("yes")),
            ("header", .array([.string("a"), .array([])])), ("config", .string("x")), ("bootstrap_servers", .string("nowhere")),
            ("bootstrap-servers", .string("b:1")), ("kafka", .object([("a", .object([]))])),
        ])
        let environment = ["FLEET_CONCURRENCY": "abc", "FLEET_CREATE_TOPICS": "perhaps", "FLEET_TOKEN": "hunter2"]
        let (message, code) = try self.failure(["--config", "fleet.json"], environment, file: file)
        #expect(
            message == """
                12 mistakes:
                  - fleet.json: unknown member 'concurency'. Did you mean 'concurrency'?
                  - fleet.json: unknown member 'zebra'
                  - fleet.json: enable-probe: expected true or false, found a string
                  - fleet.json: header[1]: expected a string, number or boolean, found an array
                  - fleet.json: unknown member 'config'
                  - fleet.json: bootstrap-servers: given more than once
                  - fleet.json: kafka.a: expected a string, number or boolean, found an object
                  - fleet.json: bootstrap_servers=nowhere: expected host:port
                  - FLEET_CONCURRENCY=abc: expected a positive integer
                  - fleet.json: delivery=twice: expected one of 'at_least_once', 'exactly_once'
                  - FLEET_TOKEN=(hidden): expected an integer from 0 to 65535
                  - FLEET_CREATE_TOPICS=perhaps: expected true or false
                """
        )
        #expect(code == .configurationFailure)
        let (_, mixed) = try self.failure(["--config", "fleet.json", "--drill", "x"], environment, file: file)
        #expect(mixed == .validationFailure)
    }

    @Test("a value that cannot be parsed is reported even where another source wins")
    func overridden() throws {
        let (message, code) = try self.failure(["--concurrency", "3", "--bootstrap-servers", "a:1"], ["FLEET_CONCURRENCY": "-1"])
        #expect(message == "FLEET_CONCURRENCY=-1: expected a positive integer")
        #expect(code == .configurationFailure)
    }

    @Test("failed validations are collected; they are the configuration's when it has any of the values")
    func validation() throws {
        let words = ["--concurrency", "2000", "--enable-probe", "--bootstrap-servers", "a:1"]
        let expected = "2 mistakes:\n  - concurrency: at most 1000\n  - enable-probe: not with such a concurrency"
        #expect(try self.failure(words) == (expected, .validationFailure))
        #expect(try self.failure(words, ["FLEET_DELIVERY": "exactly_once"]) == (expected, .configurationFailure))
    }

    @Test("a missing option says how else it can be given")
    func missing() throws {
        let expected = "Missing expected argument '--bootstrap-servers <bootstrap-servers>' (or FLEET_BOOTSTRAP_SERVERS)"
        #expect(try self.failure() == (expected, .validationFailure))
    }

    @Test("a secret's value is not shown, wherever it comes from")
    func secrets() throws {
        let words = ["--token", "hunter2", "--bootstrap-servers", "a:1", "--config", "fleet.json"]
        let (message, _) = try self.failure(words, ["FLEET_TOKEN": "hunter2"], file: .object([("token", .string("hunter2"))]))
        #expect(message.contains("FLEET_TOKEN=(hidden): "))
        #expect(message.contains("fleet.json: token=(hidden): "))
        #expect(message.contains("The value '(hidden)' is invalid for '--token <token>': "))
        #expect(!message.contains("hunter2"))
    }

    @Test("a file that is no object, or cannot be parsed, is a mistake of the configuration")
    func badFile() throws {
        let words = ["--config", "fleet.json", "--bootstrap-servers", "a:1"]
        #expect(try self.failure(words, file: .array([])) == ("fleet.json: expected an object, found an array", .configurationFailure))
        var sources = self.sources([:], file: .null)
        sources.parseFile = { _ in throw Failure(description: "unexpected end at byte 3") }
        let error = try #require(throws: (any Error).self) { try Worker.parseAsRoot(words, configuration: sources) }
        #expect(
            Worker.fullMessage(for: error) == """
                Error: fleet.json: cannot be parsed: unexpected end at byte 3
                  See 'worker --help' for more information.
                """
        )
    }

    @Test("files are read from the file system by default, of bounded size")
    func fileSystem() throws {
        let sources = ConfigurationSources { _ in .null }
        #expect(try sources.readFile("/dev/null") == [])
        let missing = try #require(throws: (any Error).self) { try sources.readFile("/nonexistent/fleet.json") }
        #expect(String(describing: missing) == "No such file or directory")
        let endless = try #require(throws: (any Error).self) { try sources.readFile("/dev/zero") }
        #expect(String(describing: endless) == "the file is larger than 1048576 bytes")
        #expect(sources.environment("PATH") != nil)
    }
}
