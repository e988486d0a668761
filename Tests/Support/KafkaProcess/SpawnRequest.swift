import Foundation
import Glibc
import Synchronization

/// A process to be started, and the system call that starts it.
struct SpawnRequest: Sendable {
    let executable: String
    let arguments: [String]
    let environment: [String: String]
    let workingDirectory: String?
    let standardInput: [UInt8]?

    /// What `spawn` leaves to its caller: a child to reap and two pipe ends to read and close.
    struct Spawned {
        let processID: pid_t
        let outputDescriptor: Int32
        let errorDescriptor: Int32
    }

    /// Enters the working directory `$1` and becomes the program, unless the parent died before the parent-death signal was set.
    ///
    /// `setpriv` sets the kernel's signal on itself and becomes the shell, the shell compares its parent with the one in `$0` and becomes
    /// the program: one process all along, so its id, its signals and its exit status are the program's.
    private static let guardScript = #"[ "$PPID" = "$0" ] && cd -- "$1" && shift && exec "$@""#

    /// Held while descriptors exist that are not yet marked close-on-exec, so that no other child inherits them.
    private static let descriptorLock = Mutex(())

    /// Starts the process in a process group of its own.
    ///
    /// - Important: The kernel ties the parent-death signal to the *thread* that calls this: it must live as long as the child.
    /// - Throws: `unavailable` if the program or `setpriv` is missing, `startFailed` with the system's reason otherwise.
    func spawn() throws(KafkaProcessError) -> Spawned {
        guard let program = Executable.find(self.executable) else {
            throw KafkaProcessError(.unavailable, "there is no executable file \(self.executable)")
        }
        guard let setpriv = Executable.find("setpriv") else {
            throw KafkaProcessError(.unavailable, "setpriv is not in PATH; install Debian's util-linux")
        }
        let directory = self.workingDirectory ?? "."
        var isDirectory = ObjCBool(false)
        guard FileManager.default.fileExists(atPath: directory, isDirectory: &isDirectory), isDirectory.boolValue else {
            throw KafkaProcessError(.unavailable, "there is no folder \(directory) to run \(self.executable) in")
        }
        return try Self.descriptorLock.withLock { _ throws(KafkaProcessError) in try self.spawn(program, setpriv, in: directory) }
    }

    private func spawn(_ program: String, _ setpriv: String, in directory: String) throws(KafkaProcessError) -> Spawned {
        let input = try self.openInput()
        defer { close(input) }
        let output = try Self.makePipe()
        defer { close(output.write) }
        let error: (read: Int32, write: Int32)
        do {
            error = try Self.makePipe()
        } catch {
            close(output.read)
            throw error
        }
        defer { close(error.write) }

        let guarded = [setpriv, "--pdeathsig", "KILL", "--", "/bin/sh", "-c", Self.guardScript, "\(getpid())", directory, program]
        var processID: pid_t = 0
        let failure = Self.posixSpawn(
            &processID,
            guarded + self.arguments,
            self.environment.map { "\($0.key)=\($0.value)" },
            descriptors: [input, output.write, error.write]
        )
        guard failure == 0 else {
            close(output.read)
            close(error.read)
            throw KafkaProcessError(.startFailed, "starting \(program) failed: \(String(cString: strerror(failure)))")
        }
        return Spawned(processID: processID, outputDescriptor: output.read, errorDescriptor: error.read)
    }

    private static func posixSpawn(
        _ processID: inout pid_t,
        _ commandLine: [String],
        _ environment: [String],
        descriptors: [Int32]
    ) -> Int32 {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (target, source) in descriptors.enumerated() {
            posix_spawn_file_actions_adddup2(&actions, source, Int32(target))
        }
        for inherited in self.openDescriptors() where inherited >= descriptors.count {
            posix_spawn_file_actions_addclose(&actions, inherited)
        }

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var noSignals = sigset_t()
        sigemptyset(&noSignals)
        var allSignals = sigset_t()
        sigfillset(&allSignals)
        posix_spawnattr_setsigmask(&attributes, &noSignals)
        posix_spawnattr_setsigdefault(&attributes, &allSignals)
        posix_spawnattr_setpgroup(&attributes, 0)
        let flags = Int32(POSIX_SPAWN_SETPGROUP) | Int32(POSIX_SPAWN_SETSIGMASK) | Int32(POSIX_SPAWN_SETSIGDEF)
        posix_spawnattr_setflags(&attributes, Int16(flags))

        let argv: [UnsafeMutablePointer<CChar>?] = commandLine.map { strdup($0) } + [nil]
        let envp: [UnsafeMutablePointer<CChar>?] = environment.map { strdup($0) } + [nil]
        defer { (argv + envp).forEach { free($0) } }
        return posix_spawn(&processID, commandLine[0], &actions, &attributes, argv, envp)
    }

    /// What the child would inherit where a library forgot close-on-exec: a child must not hold somebody else's pipe open.
    private static func openDescriptors() -> [Int32] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
        return names.compactMap { Int32($0) }
    }

    /// A descriptor to read the standard input from: a file without a name, so that nobody has to keep writing; `/dev/null` without input.
    private func openInput() throws(KafkaProcessError) -> Int32 {
        guard let standardInput = self.standardInput else {
            return try Self.checked(open("/dev/null", O_RDONLY | O_CLOEXEC), "opening /dev/null")
        }
        var template = Array((NSTemporaryDirectory() + "/kafka-process-input-XXXXXX").utf8CString)
        let descriptor = try Self.checked(mkstemp(&template), "creating a file for the standard input")
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        unlink(template)
        var written = 0
        while written < standardInput.count {
            let count = standardInput[written...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 {
                if errno == EINTR { continue }
                let reason = String(cString: strerror(errno))
                close(descriptor)
                throw KafkaProcessError(.startFailed, "writing the standard input failed: \(reason)")
            }
            written += count
        }
        lseek(descriptor, 0, SEEK_SET)
        return descriptor
    }

    /// A pipe whose reading end does not block.
    private static func makePipe() throws(KafkaProcessError) -> (read: Int32, write: Int32) {
        var ends: [Int32] = [-1, -1]
        _ = try self.checked(pipe(&ends), "creating a pipe")
        ends.forEach { _ = fcntl($0, F_SETFD, FD_CLOEXEC) }
        _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
        return (ends[0], ends[1])
    }

    private static func checked(_ result: Int32, _ action: String) throws(KafkaProcessError) -> Int32 {
        guard result >= 0 else { throw KafkaProcessError(.startFailed, "\(action) failed: \(String(cString: strerror(errno)))") }
        return result
    }
}
