import ArgumentParser
import Testing

@Suite("Parsing")
struct ParsingTests {
    private func message(_ type: any ParsableCommand.Type, _ words: [String]) -> String {
        do {
            return "parsed: \(try type.parseAsRoot(words))"
        } catch {
            return type.message(for: error)
        }
    }

    @Test("defaults are there when only what must be given is given")
    func defaults() throws {
        let command = try Repeat.parse(["hi"])
        #expect(command.count == nil)
        #expect(command.separator == " ")
        #expect(command.prefixes == [])
        #expect(command.delivery == .atLeastOnce)
        #expect(command.even == 0)
        #expect(command.verbose == 0)
        #expect(command.counter)
        #expect(command.phrase == "hi")
        #expect(command.omitted == [])
    }

    @Test("every spelling of a value is taken, and the last one of a single value wins")
    func spellings() throws {
        let command = try Repeat.parse([
            "--count", "1", "--count=2", "-c", "3", "-c=4", "--separator=", "-p", "a", "--prefix", "b", "--prefix=c=d", "-vv", "--verbose",
            "--no-counter", "--counter", "--no-counter", "--delivery=exactly_once", "--even", "-2", "--secretive", "-1.5e3", "hi", "x",
        ])
        #expect(command.count == 4)
        #expect(command.separator == "")
        #expect(command.prefixes == ["a", "b", "c=d"])
        #expect(command.verbose == 3)
        #expect(!command.counter)
        #expect(command.delivery == .exactlyOnce)
        #expect(command.even == -2)
        #expect(command.secretive == -1500)
        #expect(command.phrase == "hi")
        #expect(command.omitted == ["x"])
    }

    @Test("short names join, the last may take a value")
    func cluster() throws {
        let command = try Repeat.parse(["-vvc", "7", "-"])
        #expect(command.verbose == 2)
        #expect(command.count == 7)
        #expect(command.phrase == "-")
        #expect(self.message(Repeat.self, ["-cv", "x"]) == "Missing value for '-c <count>'")
    }

    @Test("after -- nothing is an option")
    func terminator() throws {
        let command = try Repeat.parse(["--", "--count", "--help", "--"])
        #expect(command.phrase == "--count")
        #expect(command.omitted == ["--help", "--"])
    }

    @Test(
        "what is wrong is said exactly",
        arguments: [
            (["--cuont", "3", "x"], "Unknown option '--cuont'. Did you mean '--count'?"),
            (["--zebra", "x"], "Unknown option '--zebra'"),
            (["-x", "x"], "Unknown option '-x'"),
            (["x", "--count"], "Missing value for '--count <count>'"),
            (["x", "--count", "--counter"], "Missing value for '--count <count>'"),
            (["x", "-c", "abc"], "The value 'abc' is invalid for '-c <count>': expected an integer"),
            (["x", "--even", "3"], "The value '3' is invalid for '--even <even>': expected an even number"),
            (
                ["x", "--delivery", "z"],
                "The value 'z' is invalid for '--delivery <delivery>': expected one of 'at_least_once', 'exactly_once'"
            ),
            (["x", "--secretive", "z"], "The value 'z' is invalid for '--secretive <secretive>': expected a number"),
            (["x", "--counter=true"], "The flag '--counter' takes no value"),
            ([], "Missing expected argument '<phrase>'"),
            (["x", "--count", "0"], "Please give a count of at least 1."),
            (
                ["--count", "x", "--even", "3"],
                """
                3 mistakes:
                  - The value 'x' is invalid for '--count <count>': expected an integer
                  - The value '3' is invalid for '--even <even>': expected an even number
                  - Missing expected argument '<phrase>'
                """
            ),
        ]
    )
    func mistakes(words: [String], expected: String) throws {
        let error = try #require(throws: (any Error).self) { try Repeat.parse(words) }
        #expect(Repeat.message(for: error) == expected)
        #expect(Repeat.exitCode(for: error) == .validationFailure)
    }

    @Test("a usage mistake is shown with the usage")
    func fullMessage() throws {
        let error = try #require(throws: (any Error).self) { try Fleet.parseAsRoot(["dlq", "--limit", "3", "domain", "x", "y"]) }
        #expect(
            Fleet.fullMessage(for: error) == """
                Error: 2 unexpected arguments: 'x', 'y'
                Usage: fleet deadletters list [--log-level <log-level>] [--limit <limit>] [<layer>]
                  See 'fleet deadletters list --help' for more information.
                """
        )
    }

    @Test("subcommands are found by name, alias and default, with their own and shared options")
    func subcommands() throws {
        let submit = try #require(try Fleet.parseAsRoot(["submit", "-l", "debug", "--orchestrator", "echo", "--wait"]) as? Fleet.Submit)
        #expect(submit.common.logLevel == "debug")
        #expect(submit.orchestrator == "echo")
        #expect(submit.wait)
        #expect(try Fleet.parseAsRoot([]) is Fleet)
        #expect(try Fleet.parseAsRoot(["deadletters"]) is Fleet.DeadLetters.List)
        let list = try #require(try Fleet.parseAsRoot(["dlq", "--limit", "3", "domain"]) as? Fleet.DeadLetters.List)
        #expect(list.limit == 3)
        #expect(list.layer == "domain")
        let implicit = try #require(try Fleet.parseAsRoot(["dlq", "application"]) as? Fleet.DeadLetters.List)
        #expect(implicit.layer == "application")
        let replay = try #require(try Fleet.parseAsRoot(["dlq", "replay", "a", "b"]) as? Fleet.DeadLetters.Replay)
        #expect(replay.identifiers == ["a", "b"])
        #expect(throws: (any Error).self) { try Fleet.parse(["submit", "--orchestrator", "echo"]) }
        #expect(self.message(Fleet.self, ["sumbit"]) == "Unknown command 'sumbit'. Did you mean 'submit'?")
        #expect(self.message(Fleet.self, ["xyz"]) == "Unknown command 'xyz'")
        #expect(self.message(Fleet.self, ["dlq", "replay"]) == "Missing expected argument '<identifiers>'")
    }

    @Test("other parsing strategies and unusual declarations")
    func strategies() throws {
        struct Odd: ParsableArguments {
            @Option(parsing: .unconditional) var raw: String
            @Option(parsing: .upToNextOption) var many: [Int] = [9]
            @Option(parsing: .unconditionalSingleValue) var each: [String]
            @Option var nothing: Int? = nil
            @Flag(inversion: .prefixedEnableDisable) var cache: Bool?
            @Flag(inversion: .prefixedNo) var must: Bool
            @Option(name: .customShort("5")) var five: Bool = false
            @Argument(transform: { $0.uppercased() }) var rest: [String]
            var plain = 3
        }
        let odd = try Odd.parse([
            "--raw", "--many", "--many", "1", "-2", "--each", "-x", "--each=y", "--disable-cache", "--no-must", "-5", "true", "a", "b",
        ])
        #expect(odd.raw == "--many")
        #expect(odd.many == [1, -2])
        #expect(odd.each == ["-x", "y"])
        #expect(odd.nothing == nil)
        #expect(odd.cache == false)
        #expect(!odd.must)
        #expect(odd.five)
        #expect(odd.rest == ["A", "B"])
        #expect(odd.plain == 3)
        let error = try #require(throws: (any Error).self) { try Odd.parse(["--many", "--raw"]) }
        #expect(Odd.message(for: error) == "2 mistakes:\n  - Missing value for '--many <many>'\n  - Missing value for '--raw <raw>'")
        let usage = "odd --raw <raw> [--many <many> ...] --each <each> ... [--nothing <nothing>] [--enable-cache] [--disable-cache] "
        #expect(Odd.usageString() == usage + "(--must | --no-must) [-5 <five>] <rest> ...")
    }

    @Test("integers are bounded by their type", arguments: [("256", false), ("255", true), ("-1", false), ("1.0", false)])
    func integers(text: String, isValid: Bool) {
        #expect((UInt8(argument: text) != nil) == isValid)
    }

    @Test("assigning to a property leaves copies alone")
    func valueSemantics() throws {
        let original = try Repeat.parse(["-c", "3", "x"])
        var copy = original
        copy.count = 4
        copy.counter = false
        copy.phrase = "y"
        #expect(original.count == 3)
        #expect(original.counter)
        #expect(original.phrase == "x")
        #expect(copy.count == 4)
        #expect(!copy.counter)
        #expect(copy.phrase == "y")
    }
}
