import ArgumentParser
import Testing

@Suite("Help")
struct HelpTests {
    private func message(_ type: any ParsableCommand.Type, _ words: [String]) throws -> String {
        let error = try #require(throws: (any Error).self) { try type.parseAsRoot(words) }
        #expect(type.exitCode(for: error) == .success)
        return type.fullMessage(for: error, columns: 80)
    }

    @Test("a command's help has all its parts")
    func command() {
        #expect(
            Repeat.helpMessage(columns: 80) == """
                OVERVIEW: Repeats a phrase.

                Examples:
                  repeat --count 2 hello
                  repeat -v hello

                USAGE: repeat [--count <count>] [--separator <separator>] [--prefix <text> ...]
                  [--delivery <delivery>] [--even <even>] [--verbose] [--counter] [--no-counter]
                  <phrase> [<omitted> ...]

                ARGUMENTS:
                  <phrase>                The phrase to repeat.
                  <omitted>               Words to leave out.

                OPTIONS:
                  -c, --count <count>     How often to repeat the phrase.
                  --separator <separator> What stands between two phrases. (default: ' ')
                  -p, --prefix <text>     Text in front.
                  --delivery <delivery>   How often a phrase counts. (values: at_least_once,
                                          exactly_once; default: at_least_once)
                  --even <even>           A number that is even. (default: 0)
                                          Zero is even, too.
                  -v, --verbose           Say more; may be given several times.
                  --counter/--no-counter  Count the phrases. (default: on)
                  --version               Show the version.
                  -h, --help              Show help information.
                """
        )
        #expect(!Repeat.helpMessage().contains("secretive"))
        #expect(Repeat.helpMessage(includeHidden: true).contains("  --secretive <secretive>\n"))
    }

    @Test("a command with subcommands lists them, but not hidden ones")
    func subcommands() throws {
        let help = """
            OVERVIEW: Looks after a fleet.

            USAGE: fleet <subcommand>

            OPTIONS:
              --version               Show the version.
              -h, --help              Show help information.

            SUBCOMMANDS:
              submit                  Submits a job.
              deadletters, dlq        Works with dead letters.

              See 'fleet help <subcommand>' for detailed help.
            """
        #expect(try self.message(Fleet.self, ["--help"]) == help)
        #expect(try self.message(Fleet.self, ["help"]) == help)
        #expect(Fleet.helpMessage(columns: 80) == help)
    }

    @Test("help is found at every level, also among mistakes")
    func levels() throws {
        let submit = """
            OVERVIEW: Submits a job.

            USAGE: fleet submit [--log-level <log-level>] --orchestrator <orchestrator>
              [--arguments <arguments>] [--wait]

            COMMON OPTIONS:
              -l, --log-level <log-level>
                                      How much to log. (default: info)

            OPTIONS:
              --orchestrator <orchestrator>
                                      What to run.
              --arguments <arguments> A file with arguments.
              --wait                  Wait for the reply.
              -h, --help              Show help information.
            """
        #expect(try self.message(Fleet.self, ["submit", "-h"]) == submit)
        #expect(try self.message(Fleet.self, ["help", "submit"]) == submit)
        #expect(try self.message(Fleet.self, ["submit", "--unknown", "--log-level", "--help"]) == submit)
        #expect(Fleet.helpMessage(for: Fleet.Submit.self, columns: 80) == submit)
        let deadLetters = try self.message(Fleet.self, ["dlq", "--help"])
        #expect(deadLetters.contains("\nUSAGE: fleet deadletters <subcommand>\n"))
        #expect(deadLetters.contains("\n  list (default)          Lists dead letters.\n"))
        #expect(deadLetters.hasSuffix("\n\n  See 'fleet help deadletters <subcommand>' for detailed help."))
        #expect(try self.message(Fleet.self, ["help", "dlq", "list"]) == self.message(Fleet.self, ["dlq", "list", "--help"]))
        #expect(try self.message(Repeat.self, ["--help-hidden"]).contains("--secretive"))
    }

    @Test("version is shown where there is one")
    func version() throws {
        #expect(try self.message(Fleet.self, ["--version"]) == "9")
        let error = try #require(throws: (any Error).self) { try Fleet.parseAsRoot(["dlq", "replay", "--version"]) }
        #expect(Fleet.message(for: error) == "Unknown option '--version'")
    }

    @Test("many options are abbreviated in the usage, required ones are not")
    func abbreviation() {
        struct Wide: ParsableArguments {
            @Option var a = 0
            @Option var b = 0
            @Option var c = 0
            @Option var d = 0
            @Option var e = 0
            @Option var f = 0
            @Option var g = 0
            @Option var h = 0
            @Option var i = 0
            @Option var j = 0
            @Option var k = 0
            @Option var l = 0
            @Option var servers: String
            @Argument var file: String
        }
        #expect(Wide.usageString() == "wide [<options>] --servers <servers> <file>")
    }

    @Test("a configurable type's help names the environment variables and the rule")
    func configurable() {
        #expect(
            Worker.helpMessage(columns: 80) == """
                USAGE: worker [--config <config>] --bootstrap-servers <bootstrap-servers> ...
                  [--concurrency <concurrency>] [--delivery <delivery>] [--kafka <kafka> ...]
                  [--header <header> ...] [--token <token>] [--enable-probe] [--create-topics]
                  [--no-create-topics] [--drill <drill>]

                FLEET OPTIONS:
                  --config <config>       A JSON file with options. (env: FLEET_CONFIG)
                  --bootstrap-servers <bootstrap-servers>
                                          Kafka brokers. (env: FLEET_BOOTSTRAP_SERVERS)
                  --concurrency <concurrency>
                                          How many records at a time. (default: 16; env:
                                          FLEET_CONCURRENCY)
                  --delivery <delivery>   How often a record counts. (values: at_least_once,
                                          exactly_once; default: at_least_once; env:
                                          FLEET_DELIVERY)
                  --kafka <kafka>         A librdkafka property. (env: FLEET_KAFKA)
                  --header <header>       A header. (env: FLEET_HEADER)
                  --token <token>         A secret. (env: FLEET_TOKEN)
                  --enable-probe          Offer the probe. (env: FLEET_ENABLE_PROBE)
                  --create-topics/--no-create-topics
                                          Create topics. (default: on; env: FLEET_CREATE_TOPICS)

                OPTIONS:
                  --drill <drill>         Not configurable.
                  -h, --help              Show help information.

                CONFIGURATION:
                  Options marked (env: NAME) can also be set by that environment variable, or by
                  their long name in the JSON file that --config names. The command line wins
                  over the environment, the environment over the file.
                """
        )
    }
}
