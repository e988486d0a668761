import Testing

@testable import Orchestration

@Suite("Stable hash")
struct StableHashTests {
    /// The test vectors of SipHash-2-4's authors: key 00 01 … 0f, messages of so many bytes 00 01 02 ….
    @Test(
        arguments: [
            (0, 0x726f_db47_dd0e_0e31), (1, 0x74f8_39c5_93dc_67fd), (7, 0xab02_00f5_8b01_d137), (8, 0x93f5_f579_9a93_2462),
            (15, 0xa129_ca61_49be_45e5),
        ] as [(Int, UInt64)]
    )
    func vectors(length: Int, expected: UInt64) {
        var hash = StableHash(key: (0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908))
        for byte in 0..<length { hash.combine(UInt8(byte)) }
        #expect(hash.value == expected)
        #expect(hash.value == expected, "asking changes nothing")
    }

    @Test("Where one text ends and the next begins makes a difference")
    func borders() {
        func value(_ texts: [String]) -> UInt64 {
            var hash = StableHash(key: (1, 2))
            for text in texts { hash.combine(text) }
            return hash.value
        }
        let values = [["ab", "c"], ["a", "bc"], ["abc"], ["abc", ""], ["", "abc"], ["ab", "c", ""]].map(value)
        #expect(Set(values).count == values.count)
    }

    @Test("A decision's id never changes, and everything that names the decision is in it")
    func ids() {
        func id(
            _ tenant: String = "acme",
            _ scope: DecisionScope = .request,
            _ scopeID: String = "r-1",
            _ type: ComponentType = .model,
            _ name: String = ""
        ) -> String {
            DecisionIdentity(tenantID: tenant, scope: scope, scopeID: scopeID, type: type, name: name).id
        }
        #expect(id() == "1011dd5a8f908e424ee825057fa91f4d")
        let others = [
            id("b"), id("acme", .tree), id("acme", .request, "r-2"), id("acme", .request, "r-1", .tool),
            id("acme", .request, "r-1", .model, "n"),
        ]
        #expect(Set(others + [id()]).count == 6)
        #expect(others.allSatisfy { $0.utf8.count == 32 })
    }
}
