public import JSON

extension StepResult {
    /// Writes the result as one JSON object, member for member what `jsonObject` gives.
    public func write(into writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("step_result_version", Self.wireVersion)
        self.writeMembers(into: &writer)
        writer.endObject()
    }

    /// Writes the result's members, without `step_result_version`, into an object that is already open.
    ///
    /// For whoever writes an envelope around the result: the version and the envelope's own members come from there. A result without
    /// details goes straight to bytes, and a payload nobody has looked into is copied as it came.
    public func writeMembers(into writer: inout JSONWriter) {
        writer.member("success", self.success)
        writer.member("status", self.status)
        writer.member("data", self.data)
        writer.member("error", self.error)
        writer.member("error_category", self.errorCategory?.rawValue)
        writer.member("error_severity", self.errorSeverity.rawValue)
        writer.member("retryable", self.retryable)
        writer.member("metadata", self.metadata)
        for (key, value) in self.detailMembers {
            writer.key(key)
            writer.value(value)
        }
    }
}
