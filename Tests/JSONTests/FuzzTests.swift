import Testing

@testable import JSON

@Suite("Mutated documents")
struct FuzzTests {
    private static let seeds = [
        #"{"orchestrator":"echo","context":{"tenant_id":"acme","trace_id":null,"depth":0,"m":{}},"kwargs":{"u":["a",1.5e3,true]}}"#,
        #"{"a":{"a":[[],{}],"b":"\u00e9\ud83d\ude00\n"},"b":-12.5E-3,"c":[false,null,18446744073709551615],"a":"漢字👩‍👩‍👧"}"#,
        #"[{"x":1},{"y":[2,3,{"z":"\\\"\/"}]}, "tail" , -0.0, 1e-7 ]"#,
        #"  {"k" : "v" , "kwargs" : { "n" : [ 1 , 2 ] } , "context" : "text" }  "#,
    ]

    private static func mutated(_ bytes: [UInt8], using generator: inout SeededGenerator) -> [UInt8] {
        var bytes = bytes
        let interesting = Array("{}[]\",:\\0123456789.eE+-truefalsn \n".utf8) + [0x00, 0x1F, 0x7F, 0x80, 0xC3, 0xED, 0xF4, 0xFF]
        for _ in 0..<Int.random(in: 1...3, using: &generator) where !bytes.isEmpty {
            let position = Int.random(in: bytes.indices, using: &generator)
            switch Int.random(in: 0..<6, using: &generator) {
            case 0: bytes.remove(at: position)
            case 1: bytes[position] = interesting.randomElement(using: &generator) ?? 0
            case 2: bytes.insert(interesting.randomElement(using: &generator) ?? 0, at: position)
            case 3: bytes[position] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
            case 4: bytes.removeSubrange(position...)
            default:
                let end = Int.random(in: position..<bytes.count, using: &generator)
                bytes.insert(contentsOf: bytes[position...end], at: Int.random(in: 0...bytes.count, using: &generator))
            }
        }
        return bytes
    }

    @Test("Parser, selector and fault finder agree on every mutation", arguments: 0..<4)
    func agreement(seed: Int) throws {
        var generator = SeededGenerator(seed: UInt64(seed) + 1000)
        let original = Array(Self.seeds[seed].utf8)
        let selector = JSONSelector([
            ["orchestrator"], ["context"], ["context", "tenant_id"], ["kwargs"], ["a"], ["a", "b"], ["b"], ["c"],
        ])
        let limits = JSONLimits(maximumDepth: 5)
        var accepted = 0
        for _ in 0..<5000 {
            let bytes = Self.mutated(original, using: &generator)
            let parsed = Result { () throws(JSONError) in try JSONValue(parsing: bytes, limits: limits) }
            let fault = Self.fault(in: bytes, limits)
            do {
                try selector.select(from: bytes, limits: limits) { selection in
                    let value = try parsed.get()
                    accepted += 1
                    try Self.compare(selection, value, selector)
                }
                #expect(fault == nil, "accepted, but the fault finder says \(fault.map(\.message) ?? "")")
            } catch let error as JSONError {
                #expect(parsed == .failure(error))
                #expect(error.byteOffset != nil && error == fault, "\(String(decoding: bytes, as: UTF8.self)): \(error)")
            }
        }
        #expect(accepted > 100 && accepted < 4900)
    }

    private static func fault(in bytes: [UInt8], _ limits: JSONLimits) -> JSONError? {
        bytes.withUnsafeBytes { buffer in
            var finder = FaultFinder(buffer, limits: limits)
            do throws(JSONError) {
                try finder.document()
                return nil
            } catch {
                return error
            }
        }
    }

    private static func compare(_ selection: borrowing JSONSelection, _ value: JSONValue, _ selector: JSONSelector) throws {
        #expect(selection.rootKind == value.kind)
        for (index, path) in selector.paths.enumerated() {
            let expected = path.reduce(JSONValue?.some(value)) { $0?[$1] }
            #expect(selection.value(index) == expected)
            #expect(selection.kind(index) == expected?.kind)
            if let raw = selection.raw(index) { #expect(try JSONValue(parsing: raw) == expected) }
        }
    }

    @Test("Random bytes never get through as anything but JSON")
    func noise() throws {
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<3000 {
            let bytes = (0..<Int.random(in: 0...80, using: &generator)).map { _ in UInt8.random(in: 0...255, using: &generator) }
            let parsed = try? JSONValue(parsing: bytes)
            #expect((parsed != nil) == (Self.fault(in: bytes, .default) == nil))
        }
    }
}
