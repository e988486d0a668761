import Foundation

/// Finds programs the way a shell does.
enum Executable {
    /// The absolute path of a program given by path or by a name to be found in `PATH`; nil if there is no such executable file.
    static func find(_ nameOrPath: String) -> String? {
        guard !nameOrPath.contains("/") else { return self.executableFile(nameOrPath) }
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":")
        return folders.lazy.compactMap { self.executableFile("\($0)/\(nameOrPath)") }.first
    }

    private static func executableFile(_ path: String) -> String? {
        let absolute = URL(fileURLWithPath: path).path
        var isFolder = ObjCBool(false)
        guard FileManager.default.fileExists(atPath: absolute, isDirectory: &isFolder), !isFolder.boolValue else { return nil }
        return FileManager.default.isExecutableFile(atPath: absolute) ? absolute : nil
    }

    /// The path of this process's own executable file (for a test: the test bundle in the build folder).
    static var ownPath: String? {
        try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    }
}
