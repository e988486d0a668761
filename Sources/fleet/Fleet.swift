import ArgumentParser

@main
struct Fleet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fleet",
        abstract: "Submit orchestration requests, watch topics, run a development fleet, measure.",
        discussion: """
            Examples:
              fleet dev
              fleet submit echo --tenant acme --arg text=hello --wait
              fleet cancel article-7 --reason "no longer wanted" --wait
              fleet tail results --layer domain
              fleet deadletters list --since 2h
              fleet feedback watch model
              fleet bench worker --in requests --out results --group bench --records 1000000 --json

            Every command takes --help. Completion: fleet --generate-completion-script bash (or zsh, fish).
            Exit codes: 0 done, 1 failed (with submit --wait: the reply is a failure), 2 no reply in time, 64 usage, 78 configuration.
            """,
        subcommands: [
            Submit.self, Cancel.self, Tail.self, Topics.self, DeadLetters.self, FeedbackCommand.self, Dev.self, Demo.self, Bench.self,
        ]
    )
}

extension ExitCode {
    /// What was waited for did not come in time.
    static let timedOut = ExitCode(2)
}
