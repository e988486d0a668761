import Glibc

/// The directories that `file:` URLs may read from.
///
/// A path is walked from its root component by component without following any symbolic link, so neither a link nor a rename under way can
/// lead outside. Only regular files are read.
struct FileRoots: Sendable {
    /// One root: the spellings a URL may use for it and the real path behind them.
    private struct Root: Sendable {
        var spellings: [[Substring]]
        var realPath: String
    }

    /// A regular file below a root, opened for reading.
    struct OpenFile: ~Copyable {
        let descriptor: Int32
        let size: Int
        /// The real path, free of symbolic links at the moment of opening.
        let path: String

        deinit { Glibc.close(self.descriptor) }
    }

    private let roots: [Root]

    /// Resolves the roots, which must be existing directories; a relative one counts from the process's working directory.
    init(_ paths: [String]) throws(FallbackConfigurationError) {
        var roots: [Root] = []
        for path in paths {
            guard let real = Self.realPath(path), Self.isDirectory(real) else {
                throw FallbackConfigurationError("file root \"\(path)\" is not an existing directory")
            }
            var spellings = [Self.components(real)]
            if path.hasPrefix("/"), !Self.components(path).contains("..") { spellings.append(Self.components(path)) }
            roots.append(Root(spellings: spellings, realPath: real))
        }
        self.roots = roots
    }

    /// Opens the file at an absolute path.
    ///
    /// Throws `ContentFailure`: `file_refused` outside of the roots, through a symbolic link, or for anything but a regular file;
    /// `file_not_found`; `file_unreadable`.
    func open(_ path: String) throws(ContentFailure) -> OpenFile {
        guard !self.roots.isEmpty else {
            throw ContentFailure(.fileRefused, "file URLs are refused: no file root is configured for this worker")
        }
        let components = Self.components(path)
        guard !components.contains(".."), !path.utf8.contains(0) else {
            throw ContentFailure(.fileRefused, "the path \(path) must not contain \"..\"")
        }
        for root in self.roots {
            for spelling in root.spellings where components.count > spelling.count && components.starts(with: spelling) {
                return try Self.open(components[spelling.count...], below: root.realPath, path)
            }
        }
        throw ContentFailure(.fileRefused, "the path \(path) is outside of the configured file roots")
    }

    private static func open(
        _ components: ArraySlice<Substring>,
        below root: String,
        _ path: String
    ) throws(ContentFailure) -> OpenFile {
        var descriptor = Glibc.open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        for (index, component) in zip(components.indices, components) where descriptor >= 0 {
            let isLast = index == components.indices.last
            // O_NONBLOCK: opening a FIFO must not wait for its writer.
            let flags = O_RDONLY | O_NOFOLLOW | O_CLOEXEC | (isLast ? O_NONBLOCK : O_DIRECTORY)
            let next = Glibc.openat(descriptor, String(component), flags)
            let code = errno
            Glibc.close(descriptor)
            errno = code
            descriptor = next
        }
        guard descriptor >= 0 else { throw Self.failure(errno, path) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            Glibc.close(descriptor)
            throw ContentFailure(.fileRefused, "\(path) is not a regular file")
        }
        let real = ([root == "/" ? "" : root] + components.map(String.init)).joined(separator: "/")
        return OpenFile(descriptor: descriptor, size: Int(status.st_size), path: real)
    }

    private static func failure(_ code: Int32, _ path: String) -> ContentFailure {
        switch code {
        case ENOENT: ContentFailure(.fileNotFound, "\(path) does not exist")
        case ELOOP: ContentFailure(.fileRefused, "\(path) is or passes through a symbolic link; name the file itself")
        // A link in the middle of the path is not a directory when links are not followed.
        case ENOTDIR: ContentFailure(.fileRefused, "\(path) passes through a symbolic link or something that is not a directory")
        case ENXIO, EISDIR: ContentFailure(.fileRefused, "\(path) is not a regular file")
        case EACCES, EPERM: ContentFailure(.fileRefused, "\(path) is not readable for this worker")
        case ENAMETOOLONG: ContentFailure(.fileNotFound, "\(path) is too long a path")
        default: ContentFailure(.fileUnreadable, "\(path) cannot be opened: \(String(cString: strerror(code)))")
        }
    }

    private static func components(_ path: String) -> [Substring] {
        path.split(separator: "/").filter { $0 != "." }
    }

    private static func realPath(_ path: String) -> String? {
        guard !path.isEmpty, !path.utf8.contains(0), let real = realpath(path, nil) else { return nil }
        defer { free(real) }
        return String(cString: real)
    }

    private static func isDirectory(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }
}

extension FileRoots.OpenFile {
    /// Reads the whole file; throws `too_large` above `limit` bytes, also when the file grows while it is read.
    borrowing func readAll(limit: Int, _ cancellation: CancellationFlag) throws -> [UInt8] {
        let tooLarge = ContentFailure(.tooLarge, "\(self.path) is larger than the limit of \(limit) bytes")
        guard self.size <= limit else { throw tooLarge }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(self.size)
        let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 1)
        defer { piece.deallocate() }
        while true {
            try cancellation.check()
            let count = Glibc.read(self.descriptor, piece.baseAddress, piece.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else {
                throw ContentFailure(.fileUnreadable, "\(self.path) cannot be read: \(String(cString: strerror(errno)))")
            }
            if count == 0 { return bytes }
            guard bytes.count + count <= limit else { throw tooLarge }
            bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: piece[..<count]))
        }
    }
}
