import Foundation

/// The Kafka and the Java found on this machine.
struct KafkaInstallation: Sendable {
    /// The oldest Java that Kafka 4's broker runs on.
    private static let oldestJava = 17

    let java: String
    let classPath: String

    /// Looked for once per process, from `KAFKA_HOME`, `JAVA_HOME` and `PATH`.
    static let found: Result<KafkaInstallation, KafkaProcessError> = Self.find(ProcessInfo.processInfo.environment)

    /// The installation that an environment describes, or what is missing.
    static func find(_ environment: [String: String]) -> Result<KafkaInstallation, KafkaProcessError> {
        do throws(KafkaProcessError) {
            let classPath = try self.findClassPath(environment)
            return .success(KafkaInstallation(java: try self.findJava(environment), classPath: classPath))
        } catch {
            return .failure(error)
        }
    }

    private static func findClassPath(_ environment: [String: String]) throws(KafkaProcessError) -> String {
        guard let home = environment["KAFKA_HOME"], !home.isEmpty else {
            throw KafkaProcessError(.unavailable, "KAFKA_HOME is not set; set it to the folder of an unpacked Apache Kafka 3.9 or 4")
        }
        let libraries = URL(fileURLWithPath: home).appending(path: "libs")
        let names = (try? FileManager.default.contentsOfDirectory(atPath: libraries.path)) ?? []
        guard names.contains(where: { $0.hasPrefix("kafka") && $0.hasSuffix(".jar") }) else {
            throw KafkaProcessError(.unavailable, "there is no Kafka jar in the folder libs of KAFKA_HOME (\(home))")
        }
        return libraries.path + "/*"
    }

    private static func findJava(_ environment: [String: String]) throws(KafkaProcessError) -> String {
        let ofHome = environment["JAVA_HOME"].flatMap { Executable.find("\($0)/bin/java") }
        guard let java = ofHome ?? Executable.find("java") else {
            throw KafkaProcessError(
                .unavailable,
                "there is no java in JAVA_HOME or PATH; install Java \(self.oldestJava) or newer (Debian: openjdk-17-jre-headless)"
            )
        }
        let completion = try ChildProcess.runBlocking(java, arguments: ["-version"])
        guard let version = self.majorVersion(completion.lines.map(\.text)), version >= self.oldestJava else {
            let text = completion.lines.first?.text ?? "no answer"
            throw KafkaProcessError(.unavailable, "\(java) is not Java \(self.oldestJava) or newer (-version says: \(text))")
        }
        return java
    }

    /// The major version in the output of `java -version`, whose first line looks like `openjdk version "17.0.15" 2025-04-15`.
    static func majorVersion(_ lines: [String]) -> Int? {
        for line in lines where line.contains("version \"") {
            let quoted = line.split(separator: "\"", omittingEmptySubsequences: false).dropFirst().first ?? ""
            return Int(quoted.prefix { $0.isNumber })
        }
        return nil
    }

    /// Starts a Java main class of Kafka's class path; `temporaryFolder` takes the native libraries that Java unpacks.
    func start(
        _ mainClass: String,
        _ arguments: [String],
        options: [String],
        temporaryFolder: URL
    ) throws(KafkaProcessError) -> ChildProcess {
        try ChildProcess.start(self.java, arguments: self.arguments(mainClass, arguments, options, temporaryFolder))
    }

    /// Runs a Java main class of Kafka's class path to its end.
    func run(
        _ mainClass: String,
        _ arguments: [String],
        standardInput: [UInt8]? = nil,
        deadline: ContinuousClock.Instant
    ) async throws -> ChildProcess.Completion {
        let options = ["-Xmx256m", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"]
        return try await ChildProcess.run(
            self.java,
            arguments: self.arguments(mainClass, arguments, options, nil),
            standardInput: standardInput,
            deadline: deadline
        )
    }

    /// One-thread collector and the quick compiler only, for a quick start; no performance data files in the system's temporary folder.
    private func arguments(_ mainClass: String, _ arguments: [String], _ options: [String], _ temporaryFolder: URL?) -> [String] {
        let common = ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData"]
        let temporary = temporaryFolder.map { ["-Djava.io.tmpdir=\($0.path)"] } ?? []
        return common + temporary + options + ["-cp", self.classPath, mainClass] + arguments
    }
}
