public import JSON

/// Looking into a result by name (spec §1.13).
extension StepResult {
    /// The value of this name: one of `status`, `error`, `error_category`, `retryable`, `metadata`, else a member of `data`, else a
    /// member of the object `data.data`; nil when there is none or the field is not set.
    ///
    /// `retryable` is found when true and `metadata` when not empty; a payload member of the same name is found otherwise.
    public subscript(key: String) -> JSONValue? {
        self.field(named: key) ?? self.data[key] ?? self.data["data"]?[key]
    }

    /// Every name the subscript finds a value for: fields first, then members of `data`, then those of `data.data`.
    public var keys: [String] {
        var keys = ["status", "error", "error_category", "retryable", "metadata"].filter { self.field(named: $0) != nil }
        var seen = Set(keys)
        for key in self.data.keys + (self.data["data"]?.objectValue?.keys ?? []) where seen.insert(key).inserted {
            keys.append(key)
        }
        return keys
    }

    private func field(named name: String) -> JSONValue? {
        switch name {
        case "status": .string(self.status)
        case "error": self.error.map { .string($0) }
        case "error_category": self.errorCategory.map { .string($0.rawValue) }
        case "retryable": self.retryable ? true : nil
        case "metadata": self.metadata.isEmpty ? nil : .object(self.metadata)
        default: nil
        }
    }
}
