import CSpawn
import Glibc

/// Runs commands as child processes: no shell, a process group of their own, no descriptor but the standard three, stdin empty.
///
/// Time limit, output limit and cancellation kill the whole group; whatever a finished command left running in its group ends with it.
public struct ProcessCommandRunner: CommandRunner {
    private let lanes: BlockingLanes

    /// At most `maximumProcesses` commands run at once (4); more wait.
    public init(maximumProcesses: Int = 4) {
        self.lanes = BlockingLanes(label: "fleet.commands", count: maximumProcesses)
    }

    /// Runs the command on a thread of its own; see `CommandRunner.run(_:)`.
    public func run(_ command: Command) async throws -> CommandOutput {
        let alarm = try Alarm()
        return try await withTaskCancellationHandler {
            try await self.lanes.run { flag in
                try flag.check()
                let child = try ChildProcess(command)
                return try child.run(alarm)
            }
        } onCancel: {
            alarm.ring()
        }
    }
}

/// Wakes a thread that waits in poll(2).
private final class Alarm: Sendable {
    let descriptor: Int32

    init() throws(CommandError) {
        self.descriptor = cspawn_event()
        guard self.descriptor >= 0 else {
            throw .notStarted(program: "the command", reason: String(cString: strerror(errno)))
        }
    }

    deinit { close(self.descriptor) }

    func ring() {
        var one: UInt64 = 1
        _ = write(self.descriptor, &one, MemoryLayout<UInt64>.size)
    }
}

/// A running child.
///
/// It is killed and reaped at the latest when it goes out of scope.
private struct ChildProcess: ~Copyable {
    private static let errorTail = 8 * 1_024

    private let command: Command
    private var child: cspawn_child

    private var program: String { self.command.arguments.first ?? "" }

    init(_ command: Command) throws(CommandError) {
        let program = command.arguments.first ?? ""
        let environment = command.environment.map { "\($0.key)=\($0.value)" }
        guard !program.isEmpty, (command.arguments + environment).allSatisfy({ !$0.utf8.contains(0) }) else {
            throw .notStarted(program: program, reason: "the program is empty or an argument contains a NUL")
        }
        var child = cspawn_child()
        let code = Self.withCStrings(command.arguments) { arguments in
            Self.withCStrings(environment) { environment in
                let start = { (directory: UnsafePointer<CChar>?) in
                    var request = cspawn_request(
                        arguments: arguments,
                        environment: environment,
                        directory: directory,
                        file_limit: UInt64(max(0, command.fileSizeLimit ?? 0))
                    )
                    return cspawn_start(&request, &child)
                }
                return command.workingDirectory.map { $0.withCString(start) } ?? start(nil)
            }
        }
        guard code == 0 else { throw .notStarted(program: program, reason: String(cString: strerror(code))) }
        self.command = command
        self.child = child
    }

    deinit {
        // The group first: until it is reaped the leader's id, and so the group's, cannot be anyone else's.
        kill(-self.child.process, SIGKILL)
        while waitpid(self.child.process, nil, 0) < 0, errno == EINTR {}
        close(self.child.standard_output)
        close(self.child.standard_error)
        close(self.child.process_descriptor)
    }

    /// Gathers the output until the child has ended.
    consuming func run(_ alarm: Alarm) throws -> CommandOutput {
        var output: [UInt8] = []
        var errors: [UInt8] = []
        let deadline = SteadyTime.now + self.command.timeLimit
        var watched = [
            pollfd(fd: self.child.process_descriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: alarm.descriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: self.child.standard_output, events: Int16(POLLIN), revents: 0),
            pollfd(fd: self.child.standard_error, events: Int16(POLLIN), revents: 0),
        ]
        while true {
            let left = deadline - SteadyTime.now
            guard left > .zero else { throw CommandError.timedOut(program: self.program, limit: self.command.timeLimit) }
            let count = poll(&watched, nfds_t(watched.count), Int32(left.clampedMilliseconds))
            guard count >= 0 || errno == EINTR else {
                throw CommandError.notStarted(program: self.program, reason: String(cString: strerror(errno)))
            }
            guard count > 0 else { continue }
            if watched[1].revents != 0 { throw CancellationError() }
            let isReadable = watched[2].revents != 0 || watched[3].revents != 0
            if watched[2].revents != 0, !Self.read(&watched[2], into: &output) { watched[2].fd = -1 }
            if watched[3].revents != 0, !Self.read(&watched[3], into: &errors) { watched[3].fd = -1 }
            if errors.count > Self.errorTail * 2 { errors.removeFirst(errors.count - Self.errorTail) }
            guard output.count <= self.command.outputLimit else {
                throw CommandError.outputTooLarge(program: self.program, limit: self.command.outputLimit)
            }
            // The end counts once everything the child wrote before it has been read.
            if watched[0].revents != 0, !isReadable { break }
        }
        return CommandOutput(
            ending: try self.ending(),
            standardOutput: output,
            standardError: String(decoding: errors.suffix(Self.errorTail), as: UTF8.self)
        )
    }

    /// How the child ended; it stays a zombie, for `deinit` to reap.
    private func ending() throws(CommandError) -> CommandOutput.Ending {
        var information = siginfo_t()
        var result: Int32
        repeat {
            result = waitid(P_PID, id_t(self.child.process), &information, WEXITED | WNOWAIT)
        } while result < 0 && errno == EINTR
        guard result == 0 else { throw .notStarted(program: self.program, reason: String(cString: strerror(errno))) }
        let status = information._sifields._sigchld.si_status
        return information.si_code == Int32(CLD_EXITED) ? .exited(status) : .signalled(status)
    }

    /// Reads what is there; false at the end of the pipe.
    private static func read(_ watched: inout pollfd, into bytes: inout [UInt8]) -> Bool {
        withUnsafeTemporaryAllocation(byteCount: 65_536, alignment: 1) { piece in
            let count = Glibc.read(watched.fd, piece.baseAddress, piece.count)
            if count < 0 { return errno == EINTR }
            bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(piece)[..<count]))
            return count > 0
        }
    }

    /// The strings as a NULL-terminated array of C strings, for the time of the call.
    private static func withCStrings<Result>(
        _ strings: [String],
        _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>?) -> Result
    ) -> Result {
        var pointers: [UnsafeMutablePointer<CChar>?] = strings.map { strdup($0) }
        pointers.append(nil)
        defer { for pointer in pointers { free(pointer) } }
        return pointers.withUnsafeBufferPointer { body($0.baseAddress) }
    }
}
