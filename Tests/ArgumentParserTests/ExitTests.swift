import ArgumentParser
import Testing

/// Ends as its argument says.
private struct Ending: AsyncParsableCommand {
    @Argument var how: String

    mutating func run() async throws {
        switch self.how {
        case "clean": throw CleanExit.message("Bye.")
        case "help": throw CleanExit.helpRequest()
        case "code": throw ExitCode(3)
        case "invalid": throw ValidationError("Not like this.")
        case "failure": throw Failure()
        default: print("ran \(self.how)")
        }
    }

    struct Failure: Error, CustomStringConvertible {
        var description: String { "It broke." }
    }
}

@Suite("Exit")
struct ExitTests {
    private func text(_ bytes: [UInt8]?) -> String { String(decoding: bytes ?? [], as: UTF8.self) }

    @Test("mistakes go to standard error with 64")
    func usage() async throws {
        let result = try await #require(processExitsWith: .exitCode(64), observing: [\.standardOutputContent, \.standardErrorContent]) {
            Repeat.main([])
        }
        #expect(self.text(result.standardErrorContent).contains("Error: Missing expected argument '<phrase>'\nUsage: repeat "))
        #expect(!self.text(result.standardOutputContent).contains("Missing"))
    }

    @Test("help goes to standard output with 0")
    func help() async throws {
        let result = try await #require(processExitsWith: .exitCode(0), observing: [\.standardOutputContent, \.standardErrorContent]) {
            Repeat.main(["--help"])
        }
        #expect(self.text(result.standardOutputContent).contains("OVERVIEW: Repeats a phrase.\n"))
        #expect(!self.text(result.standardErrorContent).contains("OVERVIEW"))
    }

    @Test("mistakes of the configuration end with 78")
    func configuration() async {
        await #expect(processExitsWith: .exitCode(78)) {
            await Worker.main(["--bootstrap-servers", "a:1", "--config", "/nonexistent/fleet.json"])
        }
    }

    @Test("what run() throws decides how the process ends")
    func thrown() async throws {
        await #expect(processExitsWith: .exitCode(3)) { await Ending.main(["code"]) }
        await #expect(processExitsWith: .exitCode(64)) { await Ending.main(["invalid"]) }
        let clean = try await #require(processExitsWith: .exitCode(0), observing: [\.standardOutputContent]) {
            await Ending.main(["clean"])
        }
        #expect(self.text(clean.standardOutputContent).contains("Bye.\n"))
        let help = try await #require(processExitsWith: .exitCode(0), observing: [\.standardOutputContent]) { await Ending.main(["help"]) }
        #expect(self.text(help.standardOutputContent).contains("USAGE: ending <how>\n"))
        let failed = try await #require(processExitsWith: .exitCode(1), observing: [\.standardErrorContent]) {
            await Ending.main(["failure"])
        }
        #expect(self.text(failed.standardErrorContent).contains("Error: It broke.\n"))
    }

    @Test("a command with subcommands and no work shows its help")
    func noWork() async throws {
        let result = try await #require(processExitsWith: .exitCode(0), observing: [\.standardOutputContent]) { Fleet.main([]) }
        #expect(self.text(result.standardOutputContent).contains("USAGE: fleet <subcommand>\n"))
    }

    @Test("exit codes have the numbers of sysexits.h")
    func codes() {
        #expect(ExitCode.success.rawValue == 0)
        #expect(ExitCode.failure.rawValue == 1)
        #expect(ExitCode.validationFailure.rawValue == 64)
        #expect(ExitCode.configurationFailure.rawValue == 78)
        #expect(Repeat.exitCode(for: ExitCode(9)) == ExitCode(9))
        #expect(Repeat.fullMessage(for: ExitCode(9)) == "")
    }
}
