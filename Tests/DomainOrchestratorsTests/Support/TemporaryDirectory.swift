import Glibc

/// Runs the body with a fresh directory that is gone afterwards.
func withDirectory<Result>(_ body: (TemporaryDirectory) async throws -> Result) async throws -> Result {
    let directory = try TemporaryDirectory()
    defer { directory.remove() }
    return try await body(directory)
}

struct TemporaryDirectory: Sendable {
    let path: String

    init() throws {
        let template = strdup("/tmp/fleet-tests-XXXXXX")
        defer { free(template) }
        guard let made = template.flatMap({ mkdtemp($0) }), let real = realpath(made, nil) else { throw TestFailure("mkdtemp: \(errno)") }
        self.path = String(cString: real)
        free(real)
    }

    @discardableResult
    func write(_ name: String, _ bytes: [UInt8], mode: mode_t = 0o644) throws -> String {
        let path = "\(self.path)/\(name)"
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw TestFailure("open \(path): \(errno)") }
        defer { close(descriptor) }
        guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count else { throw TestFailure("write: \(errno)") }
        return path
    }

    @discardableResult
    func write(_ name: String, _ text: String) throws -> String { try self.write(name, Array(text.utf8)) }

    /// A shell script; to be run as `/bin/sh path`, so that no descriptor of a parallel test's child keeps the file busy.
    func script(_ name: String, _ body: String) throws -> String { try self.write(name, "set -eu\n\(body)\n") }

    func makeDirectory(_ name: String) throws -> String {
        let path = "\(self.path)/\(name)"
        guard mkdir(path, 0o755) == 0 else { throw TestFailure("mkdir: \(errno)") }
        return path
    }

    func link(_ name: String, to target: String) throws {
        guard symlink(target, "\(self.path)/\(name)") == 0 else { throw TestFailure("symlink: \(errno)") }
    }

    func remove() { Self.remove(self.path) }

    private static func remove(_ path: String) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFDIR, let stream = opendir(path) else {
            unlink(path)
            return
        }
        var names: [String] = []
        while let entry = readdir(stream) {
            names.append(withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) })
        }
        closedir(stream)
        for name in names where name != "." && name != ".." { Self.remove("\(path)/\(name)") }
        rmdir(path)
    }
}
