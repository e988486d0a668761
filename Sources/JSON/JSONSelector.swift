import CSIMDJSON

/// A table of paths to take from documents without building values, prepared once.
///
/// ```swift
/// static let request = JSONSelector([["orchestrator"], ["context", "tenant_id"], ["kwargs"]])
/// ```
/// The index of a path in the table is the index its value has in a ``JSONSelection``.
public final class JSONSelector: Sendable {
    /// The paths, as given.
    public let paths: [[String]]
    // Written once, before the selector is shared; the C side only reads the table.
    private nonisolated(unsafe) let handle: OpaquePointer

    /// Prepares a table.
    ///
    /// - Parameter paths: member names, one (`["kwargs"]`) or two levels (`["context", "tenant_id"]`) each, no path twice. The table is
    ///   part of the program, so anything else is a precondition failure.
    public init(_ paths: [[String]]) {
        precondition(paths.allSatisfy { $0.count == 1 || $0.count == 2 }, "a path names one or two levels")
        precondition(Set(paths).count == paths.count, "a path stands in a selector once")
        self.paths = paths
        self.handle = Self.prepare(paths)
    }

    deinit { csimdjson_selector_destroy(self.handle) }

    private static func prepare(_ paths: [[String]]) -> OpaquePointer {
        // All names in one buffer, so that the C side gets pointers that live through the call; it copies them.
        let names = paths.joined().reduce(into: [UInt8]()) { $0 += $1.utf8 } + [0]
        let handle = names.withUnsafeBufferPointer { buffer in
            guard var next = buffer.baseAddress else { return OpaquePointer?.none }
            let table = paths.map { path in
                var entry = csimdjson_path()
                if path.count == 2 {
                    (entry.parent, entry.parent_length) = (next, path[0].utf8.count)
                    next += path[0].utf8.count
                }
                (entry.name, entry.name_length) = (next, path[path.count - 1].utf8.count)
                next += path[path.count - 1].utf8.count
                return entry
            }
            return csimdjson_selector_create(table, table.count)
        }
        guard let handle else { preconditionFailure("out of memory while preparing a selector") }
        return handle
    }

    /// Validates a whole document and gives what it has at the table's paths.
    ///
    /// Everything is validated, also what no path names: a document that passes is one ``JSONValue/init(parsing:limits:)`` accepts.
    /// Unknown members are ignored; of members with the same name the last one counts. A document that is not an object is valid and
    /// has nothing at any path (see ``JSONSelection/rootKind``). Costs no heap allocation once the thread has parsed before.
    /// - Parameters:
    ///   - bytes: the document.
    ///   - readableBytes: how many bytes from the buffer's start may be read; with at least ``padding`` behind the document it is read
    ///     in place, otherwise from a copy.
    ///   - body: gets the selection, whose buffers are valid until it returns.
    /// - Throws: ``JSONError``, or what `body` throws.
    public func select<R>(
        from bytes: UnsafeRawBufferPointer,
        readableBytes: Int,
        limits: JSONLimits = .default,
        body: (borrowing JSONSelection) throws -> R
    ) throws -> R {
        guard bytes.count <= limits.maximumBytes else { throw JSONError.oversize(bytes.count, limits) }
        guard let workspace = csimdjson_acquire() else { throw JSONError.outOfMemory }
        defer { csimdjson_release(workspace) }
        return try withUnsafeTemporaryAllocation(of: csimdjson_slot.self, capacity: self.paths.count) { slots in
            var rootKind: UInt32 = 0
            let status = csimdjson_select(
                workspace,
                self.handle,
                bytes.bindMemory(to: UInt8.self).baseAddress,
                bytes.count,
                readableBytes,
                limits.maximumDepth,
                slots.baseAddress,
                &rootKind
            )
            guard status == CSIMDJSON_OK else { throw JSONFault.error(for: status, in: bytes, limits: limits) }
            return try body(JSONSelection(slots: UnsafeBufferPointer(slots), rootKind: rootKind, limits: limits))
        }
    }

    /// The same from an array, which is read from a copy because nothing is known to be readable behind it.
    public func select<R>(
        from bytes: [UInt8],
        limits: JSONLimits = .default,
        body: (borrowing JSONSelection) throws -> R
    ) throws -> R {
        try bytes.withUnsafeBytes { try self.select(from: $0, readableBytes: $0.count, limits: limits, body: body) }
    }

    /// How many readable bytes behind a document let it be read in place (simdjson's padding).
    public static let padding = csimdjson_padding()
}
