import Foundation
import Glibc
import Testing

@testable import KafkaProcess

@Suite struct ResourcesTests {
    @Test func leaseHasOneHolder() throws {
        let name = "test.\(UUID().uuidString)"
        var lease = Lease.take(name)
        #expect(lease != nil)
        #expect(Lease.take(name) == nil)
        lease = nil
        #expect(Lease.take(name) != nil)
        #expect(Lease.take(String(repeating: "x", count: 200)) == nil)
    }

    @Test func reservedPortsDifferAndAreFree() throws {
        let ports = try (0..<50).map { _ in try LocalPort.reserve() }
        #expect(Set(ports.map(\.number)).count == 50)
        #expect(ports.allSatisfy { Lease.take("port.\($0.number)") == nil })
    }

    @Test func orphanedFolderIsRemovedAndAnOwnedOneKept() throws {
        let owned = try ScratchFolder()
        let orphan = FileManager.default.temporaryDirectory.appending(path: "kafka-process-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: orphan.appending(path: "node-1"), withIntermediateDirectories: true)
        ScratchFolder.removeOrphans()
        #expect(!FileManager.default.fileExists(atPath: orphan.path))
        #expect(FileManager.default.fileExists(atPath: owned.url.path))
        owned.remove()
        #expect(!FileManager.default.fileExists(atPath: owned.url.path))
    }

    @Test func exitRunsCleanupsInReverseAndNotTheCancelled() async throws {
        let result = try #require(
            await #expect(processExitsWith: .success, observing: [\.standardOutputContent]) {
                for name in ["first", "second", "third"] {
                    let token = ExitCleanup.register {
                        print("\(name);")
                        fflush(nil)
                    }
                    if name == "second" { ExitCleanup.cancel(token) }
                }
                exit(EXIT_SUCCESS)
            }
        )
        let text = String(decoding: result.standardOutputContent, as: UTF8.self)
        let third = try #require(text.firstRange(of: "third;"))
        let first = try #require(text.firstRange(of: "first;"))
        #expect(third.upperBound <= first.lowerBound)
        #expect(!text.contains("second;"))
    }
}
