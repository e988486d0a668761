import Glibc

/// A parsed configuration file, whatever parsed it.
public enum ConfigurationNode: Sendable {
    /// Not set.
    case null
    /// A truth value.
    case bool(Bool)
    /// A number without fraction.
    case integer(Int64)
    /// A number.
    case number(Double)
    /// Text.
    case string(String)
    /// A list.
    case array([ConfigurationNode])
    /// Members in the order of the file.
    case object([(name: String, value: ConfigurationNode)])

    /// The text that stands for a string, a number or a truth value on the command line; nil for the others.
    var text: String? {
        switch self {
        case .bool(let value): String(value)
        case .integer(let value): String(value)
        case .number(let value): Int64(exactly: value).map { String($0) } ?? String(value)
        case .string(let value): value
        case .null, .array, .object: nil
        }
    }

    var kindName: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .integer, .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}

/// Where configuration is read: environment variables, files, and the parser of the files' format.
public struct ConfigurationSources: Sendable {
    /// The value of an environment variable, or nil.
    public var environment: @Sendable (String) -> String?
    /// The bytes of the file at a path.
    public var readFile: @Sendable (String) throws -> [UInt8]
    /// Parses a file's bytes; its error's description is shown.
    public var parseFile: @Sendable ([UInt8]) throws -> ConfigurationNode

    /// Creates sources.
    ///
    /// - Parameters:
    ///   - environment: reads an environment variable; the process's own by default.
    ///   - readFile: reads a file; by default from the file system, of 1 MiB at most.
    ///   - parseFile: parses a file's bytes.
    public init(
        environment: @escaping @Sendable (String) -> String? = { name in ConfigurationSources.environmentValue(name) },
        readFile: @escaping @Sendable (String) throws -> [UInt8] = { path in try ConfigurationSources.readSmallFile(path) },
        parseFile: @escaping @Sendable ([UInt8]) throws -> ConfigurationNode
    ) {
        self.environment = environment
        self.readFile = readFile
        self.parseFile = parseFile
    }

    /// A variable of the process's environment.
    @usableFromInline
    static func environmentValue(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

    /// Reads a whole file of 1 MiB at most.
    ///
    /// - Throws: an error that describes itself as what went wrong, without the path.
    @usableFromInline
    package static func readSmallFile(_ path: String) throws -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError(description: String(cString: strerror(errno))) }
        defer { close(descriptor) }
        let limit = 1 << 20
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(descriptor, &chunk, chunk.count)
            if count == 0 { return bytes }
            guard count > 0 || errno == EINTR else { throw FileError(description: String(cString: strerror(errno))) }
            bytes += chunk[..<max(0, count)]
            guard bytes.count <= limit else { throw FileError(description: "the file is larger than \(limit) bytes") }
        }
    }

    private struct FileError: Error, CustomStringConvertible {
        var description: String
    }
}
