import Foundation

extension ChildProcess {
    /// The path of an executable of the same build as the running tests, such as `domain-worker`.
    ///
    /// It lies beside the test bundle in the build folder; name the executable target among the test target's dependencies, so that it is
    /// built with the tests.
    /// - Throws: `unavailable` if there is no such executable.
    public static func buildProduct(_ name: String) throws(KafkaProcessError) -> String {
        guard let folder = self.buildFolder else {
            throw KafkaProcessError(.unavailable, "the path of the running test bundle is unknown; is /proc mounted?")
        }
        guard !name.contains("/"), let path = Executable.find("\(folder.path)/\(name)") else {
            throw KafkaProcessError(
                .unavailable,
                "there is no build product \(name) beside the test bundle in \(folder.path); add it to the test target's dependencies"
            )
        }
        return path
    }

    /// The folder of the running test bundle, such as `.build/x86_64-unknown-linux-gnu/debug`.
    static var buildFolder: URL? {
        Executable.ownPath.map { URL(fileURLWithPath: $0).deletingLastPathComponent() }
    }
}
