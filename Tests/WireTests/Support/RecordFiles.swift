import Foundation
import JSON
import Wire

/// Folders of this test target and of the repository around it.
enum Place {
    static let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    static let golden = Self.tests.appending(path: "Golden")
    static let corpus = Self.tests.appending(path: "Corpus")
    static let contracts = Self.tests.deletingLastPathComponent().deletingLastPathComponent().appending(path: "deploy/contracts")

    /// A file's bytes.
    ///
    /// By a handle, because `Data(contentsOf:)` of Swift 6.3.1 leaks a page for an empty file.
    static func bytes(of file: URL) throws -> [UInt8] {
        let handle = try FileHandle(forReadingFrom: file)
        defer { try? handle.close() }
        return Array(try handle.readToEnd() ?? Data())
    }
}

extension RecordHeaders {
    /// One JSON object, name to text or to `{"base64": …}`, as `deploy/contracts/validate.py` reads it.
    ///
    /// Of a name that occurs twice it has the last value.
    var file: [UInt8] {
        var object = JSONObject()
        for (name, value) in self.values {
            switch value {
            case .text(let text): object[name] = .string(text)
            case .bytes(let bytes): object[name] = ["base64": .string(Data(bytes).base64EncodedString())]
            case .null: object[name] = .null
            }
        }
        return Array("\(JSONValue.object(object).serialized(pretty: true))\n".utf8)
    }

    /// Reads what ``file`` writes; an array as value stands for a header that occurs several times.
    init(file: [UInt8]) throws {
        self.init()
        let object = try JSONValue(parsing: file).objectValue ?? [:]
        for (name, value) in object {
            for value in value.arrayValue ?? [value] { self.add(name, try HeaderValue(json: value)) }
        }
    }
}

extension HeaderValue {
    fileprivate init(json: JSONValue) throws {
        if let text = json.stringValue {
            self = .text(text)
        } else if let bytes = json["base64"]?.stringValue.flatMap({ Data(base64Encoded: $0) }) {
            self = .bytes(Array(bytes))
        } else if json.isNull {
            self = .null
        } else {
            throw CocoaError(.fileReadCorruptFile)
        }
    }
}
