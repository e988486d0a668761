import Foundation
import Glibc
import Testing

@testable import KafkaProcess

@Suite(.timeLimit(.minutes(2))) struct ChildProcessTests {
    private func shell(_ script: String, _ arguments: [String] = []) throws -> ChildProcess {
        try ChildProcess.start("sh", arguments: ["-c", script, "sh"] + arguments)
    }

    @Test func outputAndExitCodeAreCaptured() async throws {
        let completion = try await ChildProcess.run("sh", arguments: ["-c", "echo out; echo err >&2; printf 'no newline'; exit 7"])
        #expect(completion.status == .exited(7))
        #expect(completion.outputLines == ["out", "no newline"])
        #expect(completion.standardError == "err")
        #expect(throws: KafkaProcessError.self) { try completion.requireSuccess() }
    }

    @Test func argumentsEnvironmentFolderAndInputArriveUntouched() async throws {
        let script = #"printf '%s|' "$@"; echo "$FLEET_TEST_VALUE"; pwd; cat"#
        let completion = try await ChildProcess.run(
            "sh",
            arguments: ["-c", script, "sh", "a b", "", "--", "$HOME \"'"],
            environment: ["FLEET_TEST_VALUE": "grün"],
            workingDirectory: "/usr/bin",
            standardInput: Array("first\nsecond".utf8)
        ).requireSuccess()
        #expect(completion.outputLines == ["a b||--|$HOME \"'|grün", "/usr/bin", "first", "second"])
    }

    @Test func childInheritsNoDescriptors() async throws {
        // Without close-on-exec, as some libraries open their files.
        let low = open("/dev/null", O_RDONLY)
        // A number that the child does not give to a descriptor of its own.
        let descriptor = fcntl(low, F_DUPFD, 200)
        defer {
            close(low)
            close(descriptor)
        }
        let completion = try await ChildProcess.run("sh", arguments: ["-c", "echo /proc/$$/fd/*"]).requireSuccess()
        let numbers = completion.standardOutput.split(separator: " ").compactMap { $0.split(separator: "/").last.flatMap { Int32($0) } }
        #expect(descriptor > 2 && numbers.contains(1) && !numbers.contains(descriptor), "open in the child: \(numbers)")
    }

    @Test func standardInputIsEmptyByDefault() async throws {
        let completion = try await ChildProcess.run("cat").requireSuccess()
        #expect(completion.lines.isEmpty)
    }

    @Test func linesAreAwaitedFromANumberOn() async throws {
        let child = try self.shell("echo ready; read line; trap 'echo term; exit 0' TERM; echo ready; while :; do sleep 0.01; done")
        let first = try await child.waitForLine(containing: "ready")
        let second = try await child.waitForLine(containing: "ready", from: first.number + 1)
        #expect(second.number > first.number)
        let before = child.lineCount
        child.terminate()
        #expect(try await child.waitForLine(from: before) { $0.stream == .standardOutput }.text == "term")
        #expect(try await child.waitForExit() == .exited(0))
        #expect(child.exitStatus == .exited(0))
        #expect(child.signal(SIGTERM) == false)
    }

    @Test func endWithoutTheLineIsToldWithTheLastLines() async throws {
        let child = try self.shell("echo something else; exit 3")
        let error = try await #require(throws: KafkaProcessError.self) { try await child.waitForLine(containing: "ready") }
        #expect(error.code == .exited)
        #expect(error.message.contains("exit code 3") && error.message.contains("something else"))
    }

    @Test func deadlineLeavesTheProcessRunningAndAKillIsSeen() async throws {
        let child = try self.shell("echo up; exec sleep 1000")
        try await child.waitForLine(containing: "up")
        let past = ContinuousClock.now - .seconds(1)
        await #expect(throws: KafkaProcessError.self) { try await child.waitForExit(deadline: past) }
        await #expect(throws: KafkaProcessError.self) { try await child.waitForLine(containing: "never", deadline: past) }
        #expect(child.exitStatus == nil)
        child.signal(SIGKILL)
        #expect(try await child.waitForExit() == .signaled(SIGKILL))
        // What is so already is told whatever the deadline.
        #expect(try await child.waitForExit(deadline: past) == .signaled(SIGKILL))
        #expect(try await child.waitForLine(containing: "up", deadline: past).number == 0)
    }

    @Test func waitingIsCancellable() async throws {
        let child = try self.shell("exec sleep 1000")
        let waiting = Task { try await child.waitForExit(deadline: .now + .seconds(1_000)) }
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
        child.signal(SIGKILL)
        try await child.waitForExit()
    }

    @Test func runKillsAtTheDeadline() async throws {
        await #expect(throws: KafkaProcessError.self) {
            try await ChildProcess.run("sleep", arguments: ["1000"], deadline: .now + .milliseconds(50))
        }
    }

    @Test func muchOutputNeverBlocksTheChildAndIsBounded() async throws {
        let script = "i=0; while [ $i -lt 100000 ]; do echo $i; i=$((i+1)); done"
        let completion = try await ChildProcess.run("sh", arguments: ["-c", script], captureBytes: 64_000).requireSuccess()
        let numbers = completion.outputLines.compactMap { Int($0) }
        #expect(numbers.last == 99_999)
        #expect(numbers.count + completion.droppedLines == 100_000)
        #expect(numbers == Array((100_000 - numbers.count)..<100_000))
    }

    @Test func everyChildOfACrowdIsReapedWithItsWholeOutput() async throws {
        try await withThrowingTaskGroup(of: [String].self) { group in
            for number in 0..<60 {
                group.addTask { try await ChildProcess.run("sh", arguments: ["-c", "echo \(number); echo end"]).outputLines }
            }
            var numbers: Set<String> = []
            for try await lines in group {
                #expect(lines.count == 2 && lines.last == "end")
                numbers.formUnion(lines.prefix(1))
            }
            #expect(numbers.count == 60)
        }
    }

    @Test func releasedChildIsKilledWithItsGroup() async throws {
        var child: ChildProcess? = try self.shell("sleep 1000 & echo $!; wait")
        let line = try await child?.waitForLine { $0.stream == .standardOutput }
        let grandchild = try #require(line.flatMap { Int32($0.text) })
        let processID = try #require(child?.processID)
        #expect(ProcessTable.isAlive(grandchild))
        child = nil
        try await eventually("the end of both processes") { !ProcessTable.isAlive(processID) && !ProcessTable.isAlive(grandchild) }
    }

    @Test func whatAnEndedChildLeavesBehindIsKilled() async throws {
        let completion = try await ChildProcess.run("sh", arguments: ["-c", "sleep 1000 & echo $!"]).requireSuccess()
        let grandchild = try #require(Int32(completion.standardOutput))
        try await eventually("the end of the grandchild") { !ProcessTable.isAlive(grandchild) }
    }

    @Test func killedParentLeavesNoChild() async throws {
        let result = try #require(
            await #expect(processExitsWith: .signal(SIGKILL), observing: [\.standardOutputContent]) {
                let child = try ChildProcess.start("sleep", arguments: ["1000"])
                print("child=\(child.processID);")
                fflush(nil)
                kill(getpid(), SIGKILL)
                withExtendedLifetime(child) {}
            }
        )
        let processID = try #require(Int32(Report.value("child", in: result.standardOutputContent)))
        try await eventually("the end of the child") { !ProcessTable.isAlive(processID) }
    }

    @Test func missingProgramAndFolderAreNamed() async throws {
        let program = try #require(throws: KafkaProcessError.self) { try ChildProcess.start("no-such-program") }
        #expect(program.code == .unavailable && program.message.contains("no-such-program"))
        let folder = try #require(throws: KafkaProcessError.self) { try ChildProcess.start("true", workingDirectory: "/no/such/folder") }
        #expect(folder.code == .unavailable && folder.message.contains("/no/such/folder"))
        #expect(throws: KafkaProcessError.self) { try ChildProcess.start("/usr") }
    }

    @Test func buildProductsLieBesideTheTestBundle() throws {
        let path = try #require(Executable.ownPath)
        let own = URL(fileURLWithPath: path).lastPathComponent
        #expect(try ChildProcess.buildProduct(own).hasSuffix(own))
        for name in ["no-such-product", "../sh", ""] {
            let error = try #require(throws: KafkaProcessError.self) { try ChildProcess.buildProduct(name) }
            #expect(error.code == .unavailable)
        }
    }
}
