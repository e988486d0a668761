import JSON

/// Runs a decoding step and turns the parser's errors into those of the wire.
func decoded<R>(_ body: () throws -> R) throws(WireError) -> R {
    do {
        return try body()
    } catch let error as WireError {
        throw error
    } catch let error as JSONError {
        let isLimit = error.code == .depth || error.code == .size
        throw WireError(isLimit ? .oversize : .undecodable, error.message)
    } catch {
        throw WireError(.undecodable, "\(error)")
    }
}

func wrongKind(_ path: String, _ expected: String, _ found: JSONKind) -> WireError {
    WireError(.invalid, "\(path) must be \(expected), found \(found)")
}

func notOneOf<Choice: RawRepresentable & CaseIterable>(_: Choice.Type, _ path: String, _ found: String) -> WireError
where Choice.RawValue == String {
    let known = Choice.allCases.map(\.rawValue).joined(separator: ", ")
    return WireError(.invalid, "\(path) must be one of \(known), found \(WireText.excerpt(found))")
}

extension JSONSelection {
    /// A string, or nil for nothing and for null.
    borrowing func text(_ index: Int, _ path: String) throws(WireError) -> String? {
        guard let kind = self.kind(index), kind != .null else { return nil }
        guard let text = self.string(index) else { throw wrongKind(path, "a string", kind) }
        return text
    }

    /// A string, or nil for nothing, for null and for an empty one.
    borrowing func attribute(_ index: Int, _ path: String) throws(WireError) -> String? {
        try self.text(index, path).flatMap { $0.isEmpty ? nil : $0 }
    }

    /// A number, or nil for nothing and for null.
    borrowing func number(_ index: Int, _ path: String) throws(WireError) -> Double? {
        guard let kind = self.kind(index), kind != .null else { return nil }
        guard let number = self.number(index) else { throw wrongKind(path, "a number", kind) }
        return number
    }

    /// An object, empty for nothing and for null.
    borrowing func members(_ index: Int, _ path: String) throws(WireError) -> JSONObject {
        guard let kind = self.kind(index), kind != .null else { return JSONObject() }
        guard kind == .object, let raw = self.raw(index) else { throw wrongKind(path, "an object", kind) }
        // The empty object is so common that it is not worth an allocation.
        guard raw.count > 2 else { return JSONObject() }
        return self.object(index) ?? JSONObject()
    }
}
