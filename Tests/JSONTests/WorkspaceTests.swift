import CSIMDJSON
import Testing

@Suite("Parser memory")
struct WorkspaceTests {
    private static func flatten(_ text: String, in workspace: OpaquePointer) -> csimdjson_status {
        var tokens: UnsafePointer<csimdjson_token>?
        var count = 0
        let bytes = Array(text.utf8)
        return bytes.withUnsafeBufferPointer {
            csimdjson_flatten(workspace, $0.baseAddress, $0.count, $0.count, 64, &tokens, &count)
        }
    }

    @Test("A workspace that a huge document has made large is given back small")
    func shrinks() throws {
        let workspace = try #require(csimdjson_acquire())
        #expect(Self.flatten("[" + String(repeating: "0,", count: 1_000_000) + "0]", in: workspace) == CSIMDJSON_OK)
        #expect(csimdjson_footprint(workspace) > 32 << 20)
        csimdjson_release(workspace)
        let again = try #require(csimdjson_acquire())
        defer { csimdjson_release(again) }
        #expect(csimdjson_footprint(again) <= 4 << 20)
        #expect(Self.flatten("[1]", in: again) == CSIMDJSON_OK)
    }

    @Test("A workspace of ordinary documents keeps its buffers")
    func keeps() throws {
        let workspace = try #require(csimdjson_acquire())
        #expect(Self.flatten("[" + String(repeating: "0,", count: 10_000) + "0]", in: workspace) == CSIMDJSON_OK)
        let grown = csimdjson_footprint(workspace)
        csimdjson_release(workspace)
        let again = try #require(csimdjson_acquire())
        defer { csimdjson_release(again) }
        #expect(again == workspace && csimdjson_footprint(again) == grown)
    }

    @Test("A thread may hold more workspaces than its pool keeps")
    func many() throws {
        let workspaces = try (0..<5).map { _ in try #require(csimdjson_acquire()) }
        #expect(Set(workspaces).count == 5)
        for workspace in workspaces {
            #expect(Self.flatten("{}", in: workspace) == CSIMDJSON_OK)
            csimdjson_release(workspace)
        }
    }
}
