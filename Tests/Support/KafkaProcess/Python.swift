import Foundation

/// A Python with packages of its own, for clients in another language than ours (confluent-kafka, jsonschema).
public struct Python: Sendable {
    /// The interpreter of the virtual environment.
    public let executable: String

    private static let found: Result<String, KafkaProcessError> = Self.find()

    /// Whether a virtual environment can be created here; asked once per process.
    ///
    /// Packages are fetched later, by ``environment(packages:deadline:)``.
    public static var isAvailable: Bool { self.unavailableReason == nil }

    /// What is missing and what to do about it; nil if nothing is.
    public static var unavailableReason: String? {
        switch self.found {
        case .success: nil
        case .failure(let error): error.message
        }
    }

    /// The virtual environment with these packages: created by the first test process that asks for it, then kept in the build folder.
    ///
    /// Kept per set of requirements and Python version in `python-environments` of the scratch folder (`.build`); processes that ask at the
    /// same time wait for each other.
    /// - Parameters:
    ///   - packages: pip requirements, best with versions: `["confluent-kafka==2.6.1", "jsonschema"]`.
    ///   - deadline: When to give up. Default: 5 minutes from now.
    /// - Throws: `unavailable` without a usable Python, `exited` with pip's last lines, `deadlineExceeded`, `CancellationError`.
    public static func environment(
        packages: [String],
        deadline: ContinuousClock.Instant = .now + .seconds(300)
    ) async throws -> Python {
        let interpreter = try self.found.get()
        let version = try await ChildProcess.run(interpreter, arguments: ["--version"], deadline: deadline).requireSuccess().standardOutput
        let key = Self.digest(([interpreter, version] + packages.sorted()).joined(separator: "\n"))
        let folder = try self.cacheFolder().appending(path: key)
        let python = Python(executable: folder.appending(path: "bin/python").path)

        // Leased by its whole path, so that two checkouts do not wait for each other.
        let lease = "python.\(Self.digest(folder.path))"
        var held: Lease?
        try await eventually("the creation of a Python environment by another process", deadline: deadline) {
            held = Lease.take(lease)
            return held != nil
        }
        defer { withExtendedLifetime(held) {} }
        // Written last: a folder without it was left by a process that was killed meanwhile.
        let complete = folder.appending(path: "complete")
        if FileManager.default.fileExists(atPath: complete.path) { return python }
        try? FileManager.default.removeItem(at: folder)
        try await ChildProcess.run(interpreter, arguments: ["-m", "venv", folder.path], deadline: deadline).requireSuccess()
        if !packages.isEmpty {
            let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", "--"] + packages
            try await ChildProcess.run(python.executable, arguments: install, deadline: deadline).requireSuccess()
        }
        try Data(packages.joined(separator: "\n").utf8).write(to: complete)
        return python
    }

    /// Runs a script file to its end; parameters, outcome and errors as in ``ChildProcess``'s `run`.
    public func run(
        script path: String,
        arguments: [String] = [],
        environment: [String: String] = [:],
        standardInput: [UInt8]? = nil,
        deadline: ContinuousClock.Instant = .now + .seconds(60)
    ) async throws -> ChildProcess.Completion {
        try await self.run([path] + arguments, environment, standardInput, deadline)
    }

    /// Runs a piece of Python to its end; its arguments are in `sys.argv[1:]`.
    public func run(
        code: String,
        arguments: [String] = [],
        environment: [String: String] = [:],
        standardInput: [UInt8]? = nil,
        deadline: ContinuousClock.Instant = .now + .seconds(60)
    ) async throws -> ChildProcess.Completion {
        try await self.run(["-c", code] + arguments, environment, standardInput, deadline)
    }

    private func run(
        _ arguments: [String],
        _ environment: [String: String],
        _ standardInput: [UInt8]?,
        _ deadline: ContinuousClock.Instant
    ) async throws -> ChildProcess.Completion {
        try await ChildProcess.run(
            self.executable,
            arguments: ["-u"] + arguments,
            environment: environment,
            standardInput: standardInput,
            deadline: deadline
        )
    }

    private static func find() -> Result<String, KafkaProcessError> {
        guard let python = Executable.find("python3") else {
            return .failure(KafkaProcessError(.unavailable, "python3 is not in PATH; install Debian's python3 and python3-venv"))
        }
        do throws(KafkaProcessError) {
            let completion = try ChildProcess.runBlocking(python, arguments: ["-c", "import venv, ensurepip"])
            guard completion.status.isSuccess else {
                throw KafkaProcessError(.unavailable, "\(python) cannot create virtual environments; install Debian's python3-venv")
            }
            return .success(python)
        } catch {
            return .failure(error)
        }
    }

    /// `python-environments` in the scratch folder, two levels above the build folder (`.build/<platform>/debug`).
    private static func cacheFolder() throws(KafkaProcessError) -> URL {
        guard let build = ChildProcess.buildFolder else {
            throw KafkaProcessError(.unavailable, "the path of the running test bundle is unknown; is /proc mounted?")
        }
        return build.deletingLastPathComponent().deletingLastPathComponent().appending(path: "python-environments")
    }

    /// A short name for a text: 64-bit FNV-1a in hexadecimal, the same in every process.
    private static func digest(_ text: String) -> String {
        let hash = text.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
        return String(hash, radix: 16)
    }
}
