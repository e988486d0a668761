import Glibc
import Testing

@testable import DomainOrchestrators

@Suite(.timeLimit(.minutes(2))) struct ProcessCommandRunnerTests {
    private let runner = ProcessCommandRunner()

    private func shell(
        _ script: String,
        _ arguments: [String] = [],
        environment: [String: String] = [:],
        directory: String? = nil,
        limit: Duration = .seconds(60),
        output: Int = 100_000,
        fileSize: Int? = nil
    ) -> Command {
        Command(
            ["/bin/sh", "-c", script, "sh"] + arguments,
            environment: environment,
            workingDirectory: directory,
            timeLimit: limit,
            outputLimit: output,
            fileSizeLimit: fileSize
        )
    }

    @Test func gathersOutputAndStatus() async throws {
        let output = try await self.runner.run(self.shell("printf out; printf err >&2; exit 3"))
        #expect(output == CommandOutput(ending: .exited(3), standardOutput: Array("out".utf8), standardError: "err"))
    }

    @Test func passesArgumentsAsTheyAre() async throws {
        let hostile = "a b; touch /x $(id) `id` \"'*"
        let output = try await self.runner.run(self.shell("printf %s \"$1\"", [hostile]))
        #expect(output.standardOutput == Array(hostile.utf8))
    }

    @Test func givesNothingButTheNamedEnvironmentAndAnEmptyInput() async throws {
        let output = try await self.runner.run(
            Command(["/usr/bin/env"], environment: ["A": "1"], timeLimit: .seconds(60), outputLimit: 1_000)
        )
        #expect(output.standardOutput == Array("A=1\n".utf8))
        #expect(try await self.runner.run(self.shell("read x || printf eof")).standardOutput == Array("eof".utf8))
    }

    @Test func inheritsNoDescriptor() async throws {
        // 0, 1, 2 and the one that lists the directory.
        let output = try await self.runner.run(self.shell("ls /proc/self/fd | tr '\\n' ' '", environment: ["PATH": "/usr/bin:/bin"]))
        #expect(String(decoding: output.standardOutput, as: UTF8.self) == "0 1 2 3 ")
    }

    @Test func runsInADirectory() async throws {
        let output = try await self.runner.run(self.shell("pwd", directory: "/usr"))
        #expect(output.standardOutput == Array("/usr\n".utf8))
    }

    @Test func reportsSignals() async throws {
        #expect(try await self.runner.run(self.shell("kill -TERM $$")).ending == .signalled(SIGTERM))
    }

    @Test func readsLargeOutputsWhole() async throws {
        let output = try await self.runner.run(
            self.shell("head -c 90000 /dev/zero; head -c 90000 /dev/zero >&2", environment: ["PATH": "/usr/bin:/bin"])
        )
        #expect(output.standardOutput.count == 90_000)
        #expect(output.standardError.utf8.count == 8_192)
    }

    @Test func endsWhatRunsTooLong() async throws {
        await #expect(throws: CommandError.timedOut(program: "/bin/sh", limit: .milliseconds(50))) {
            try await self.runner.run(
                self.shell("exec tail -f /dev/null", environment: ["PATH": "/usr/bin:/bin"], limit: .milliseconds(50))
            )
        }
    }

    @Test func endsWhatWritesTooMuch() async throws {
        await #expect(throws: CommandError.outputTooLarge(program: "/bin/sh", limit: 1_000)) {
            try await self.runner.run(self.shell("exec cat /dev/zero", environment: ["PATH": "/usr/bin:/bin"], output: 1_000))
        }
    }

    @Test func boundsTheFilesItWrites() async throws {
        try await withDirectory { directory in
            let script = "head -c 100000 /dev/zero > big"
            let output = try await self.runner.run(
                self.shell(script, environment: ["PATH": "/usr/bin:/bin"], directory: directory.path, fileSize: 4_096)
            )
            #expect(output.ending != .exited(0))
            var status = stat()
            #expect(stat("\(directory.path)/big", &status) == 0)
            #expect(status.st_size <= 4_096)
        }
    }

    @Test func cancellationKillsTheWholeGroup() async throws {
        try await withDirectory { directory in
            // A grandchild holds the FIFO open; reading its end proves that the group is gone.
            let fifo = "\(directory.path)/alive"
            try #require(mkfifo(fifo, 0o600) == 0)
            let script = "(exec 3> \(fifo); exec tail -f /dev/null >&3) & exec tail -f /dev/null"
            let command = self.shell(script, environment: ["PATH": "/usr/bin:/bin"])
            let task = Task { try await self.runner.run(command) }
            let isGone = Signal()
            let hasStarted = Signal()
            Thread.detach {
                let reader = open(fifo, O_RDONLY | O_CLOEXEC)
                hasStarted.fire()
                var byte: UInt8 = 0
                _ = read(reader, &byte, 1)
                close(reader)
                isGone.fire()
            }
            await hasStarted.wait()
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            await isGone.wait()
        }
    }

    @Test func killsWhatAFinishedCommandLeftBehind() async throws {
        try await withDirectory { directory in
            let fifo = "\(directory.path)/alive"
            try #require(mkfifo(fifo, 0o600) == 0)
            let isGone = Signal()
            Thread.detach {
                let reader = open(fifo, O_RDONLY | O_CLOEXEC)
                var byte: UInt8 = 0
                _ = read(reader, &byte, 1)
                close(reader)
                isGone.fire()
            }
            let script = "exec 3> \(fifo); tail -f /dev/null >/dev/null 2>&1 & exit 0"
            #expect(try await self.runner.run(self.shell(script, environment: ["PATH": "/usr/bin:/bin"])).ending == .exited(0))
            await isGone.wait()
        }
    }

    @Test func reportsWhatCannotStart() async throws {
        await #expect(throws: CommandError.notStarted(program: "/no/such/program", reason: "No such file or directory")) {
            try await self.runner.run(Command(["/no/such/program"], timeLimit: .seconds(1), outputLimit: 1))
        }
        await #expect(throws: CommandError.self) { try await self.runner.run(Command([], timeLimit: .seconds(1), outputLimit: 1)) }
        await #expect(throws: CommandError.self) {
            try await self.runner.run(Command(["/bin/echo", "a\u{0}b"], timeLimit: .seconds(1), outputLimit: 1))
        }
    }

    @Test func runsMoreCommandsThanItHasLanes() async throws {
        let runner = ProcessCommandRunner(maximumProcesses: 2)
        let command = self.shell("printf x")
        try await withThrowingTaskGroup(of: CommandOutput.self) { group in
            for _ in 0..<12 { group.addTask { try await runner.run(command) } }
            for try await output in group { #expect(output.standardOutput == [0x78]) }
        }
    }
}
