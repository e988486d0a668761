import ArgumentParser
import FleetProcess
import WorkerRuntime

struct DeadLettersList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List dead letters, oldest first.",
        discussion: """
            AT is partition:offset, as show takes it. Text from outside is escaped. A list of any length needs little memory.

            Examples:
              fleet deadletters list --since 2h
              fleet deadletters list --layer domain --reason undecodable --reason invalid --max 20
              fleet deadletters list --filter order-4711 --json | jq -r .error_message

            Exit codes: 0 done, 1 failed, 64 usage.
            """
    )

    @OptionGroup var options: DeadLetterOptions

    @Flag(help: "One JSON object a line instead of the table; fleet deadletters show --json has the value too.")
    var json = false

    func run() async throws {
        try await deadLetterReporting {
            var count = 0
            try self.options.forEach { letter in
                if count == 0, !self.json { Console.line(Console.styled(DeadLetterText.header, .bold)) }
                count += 1
                Console.line(self.json ? DeadLetterText.json(letter) : DeadLetterText.row(letter))
            }
            if count == 0 { FleetProcess.complain("no dead letters match") }
        }
    }
}

/// Runs a command's body on a thread that may wait, and turns its errors into one line on stderr and exit code 1.
func deadLetterReporting(_ body: @escaping @Sendable () throws -> Void) async throws {
    try await reporting {
        do {
            try await onOwnThread(body)
        } catch let failure as DeadLetterFailure {
            FleetProcess.complain("fleet: \(failure)")
            throw ExitCode.failure
        }
    }
}
