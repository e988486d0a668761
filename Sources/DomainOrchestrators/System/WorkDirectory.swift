import Glibc

/// A fresh directory that only this process's user can enter.
struct WorkDirectory: Sendable {
    let path: String

    /// Makes it below `TMPDIR`, or below `/tmp` where that is not set.
    init() throws(ContentFailure) {
        let parent = getenv("TMPDIR").map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp"
        guard
            let made = "\(parent)/fleet-media-XXXXXX".withCString({ template -> String? in
                guard let copy = strdup(template) else { return nil }
                defer { free(copy) }
                return mkdtemp(copy).map { String(cString: $0) }
            })
        else {
            throw ContentFailure(.commandFailed, "no temporary directory can be made in \(parent): \(String(cString: strerror(errno)))")
        }
        self.path = made
    }

    /// Removes it with all it holds; symbolic links are removed, not followed.
    func remove() {
        Self.remove(self.path)
    }

    private static func remove(_ directory: String) {
        for entry in Self.entries(of: directory) {
            if entry.type == S_IFDIR { Self.remove(entry.path) } else { unlink(entry.path) }
        }
        rmdir(directory)
    }

    /// The regular files directly in a directory.
    static func files(in directory: String) -> [(path: String, size: Int)] {
        Self.entries(of: directory).filter { $0.type == S_IFREG }.map { ($0.path, $0.size) }
    }

    private static func entries(of directory: String) -> [(path: String, type: mode_t, size: Int)] {
        guard let stream = opendir(directory) else { return [] }
        defer { closedir(stream) }
        var entries: [(path: String, type: mode_t, size: Int)] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            guard name != ".", name != ".." else { continue }
            var status = stat()
            let path = "\(directory)/\(name)"
            guard lstat(path, &status) == 0 else { continue }
            entries.append((path, status.st_mode & S_IFMT, Int(status.st_size)))
        }
        return entries.sorted { $0.path < $1.path }
    }
}
