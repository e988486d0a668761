import Glibc
import Testing

@testable import DomainOrchestrators

@Suite struct FileRootsTests {
    private func read(_ roots: FileRoots, _ path: String, limit: Int = 1_000) throws -> [UInt8] {
        let file = try roots.open(path)
        return try file.readAll(limit: limit, CancellationFlag())
    }

    private func failure(_ roots: FileRoots, _ path: String, limit: Int = 1_000) throws -> ContentFailure {
        do {
            _ = try self.read(roots, path, limit: limit)
            throw TestFailure("\(path) was read")
        } catch let error as ContentFailure {
            return error
        }
    }

    @Test func readsFilesBelowARoot() async throws {
        try await withDirectory { directory in
            _ = try directory.makeDirectory("sub")
            let path = try directory.write("sub/a.txt", "hello")
            let roots = try FileRoots([directory.path])
            #expect(try self.read(roots, path) == Array("hello".utf8))
            #expect(try self.read(roots, "\(directory.path)/./sub//a.txt") == Array("hello".utf8))
        }
    }

    @Test func refusesEverythingWithoutARoot() throws {
        let error = try self.failure(FileRoots([]), "/etc/hostname")
        #expect(error.reason == .fileRefused)
        #expect(error.message == "file URLs are refused: no file root is configured for this worker")
    }

    @Test func refusesWhatIsOutside() async throws {
        try await withDirectory { directory in
            let inside = try directory.makeDirectory("inside")
            let secret = try directory.write("secret.txt", "secret")
            _ = try directory.makeDirectory("inside-not")
            try directory.write("inside-not/a.txt", "secret")
            let roots = try FileRoots([inside])
            for path in [secret, "\(inside)/../secret.txt", "\(directory.path)/inside-not/a.txt", "/etc/hostname", inside, "/"] {
                #expect(try self.failure(roots, path).reason == .fileRefused, "\(path)")
            }
        }
    }

    @Test func followsNoSymbolicLink() async throws {
        try await withDirectory { directory in
            let inside = try directory.makeDirectory("inside")
            let secret = try directory.write("secret.txt", "secret")
            try directory.link("inside/link.txt", to: secret)
            try directory.link("inside/up", to: directory.path)
            let roots = try FileRoots([inside])
            #expect(try self.failure(roots, "\(inside)/link.txt").message.contains("symbolic link"))
            #expect(try self.failure(roots, "\(inside)/up/secret.txt").message.contains("symbolic link"))
        }
    }

    @Test func aRootMayBeNamedThroughALink() async throws {
        try await withDirectory { directory in
            _ = try directory.makeDirectory("real")
            try directory.write("real/a.txt", "x")
            try directory.link("alias", to: "\(directory.path)/real")
            let roots = try FileRoots(["\(directory.path)/alias"])
            #expect(try self.read(roots, "\(directory.path)/alias/a.txt") == [0x78])
            #expect(try self.read(roots, "\(directory.path)/real/a.txt") == [0x78])
        }
    }

    @Test func refusesWhatIsNotARegularFile() async throws {
        try await withDirectory { directory in
            _ = try directory.makeDirectory("sub")
            #expect(mkfifo("\(directory.path)/fifo", 0o644) == 0)
            let roots = try FileRoots([directory.path])
            for name in ["sub", "fifo"] {
                #expect(try self.failure(roots, "\(directory.path)/\(name)").message.hasSuffix("is not a regular file"))
            }
        }
    }

    @Test func saysWhatIsMissingOrTooLarge() async throws {
        try await withDirectory { directory in
            let path = try directory.write("a.txt", String(repeating: "x", count: 11))
            let roots = try FileRoots([directory.path])
            #expect(try self.failure(roots, "\(directory.path)/b.txt").reason == .fileNotFound)
            let error = try self.failure(roots, path, limit: 10)
            #expect(error.reason == .tooLarge)
            #expect(error.message == "\(path) is larger than the limit of 10 bytes")
            #expect(try self.read(roots, path, limit: 11).count == 11)
        }
    }

    @Test func aRootMustExist() {
        #expect(throws: FallbackConfigurationError.self) { try FileRoots(["/does/not/exist"]) }
        #expect(throws: FallbackConfigurationError.self) { try FileRoots(["/etc/hostname"]) }
        #expect(throws: FallbackConfigurationError.self) { try FileRoots([""]) }
    }
}
