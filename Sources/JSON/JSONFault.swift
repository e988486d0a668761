import CSIMDJSON

/// From simdjson's verdict to an error that says what is wrong and at which byte.
///
/// simdjson refuses fast but does not say where; so a refused document, and only that, is read once more by ``FaultFinder``.
enum JSONFault {
    static func error(for status: csimdjson_status, in bytes: UnsafeRawBufferPointer, limits: JSONLimits) -> JSONError {
        if status == CSIMDJSON_MEMORY { return JSONError.outOfMemory }
        var finder = FaultFinder(bytes, limits: limits)
        do throws(JSONError) {
            try finder.document()
        } catch {
            return error
        }
        return switch status {
        case CSIMDJSON_DEPTH: JSONError(code: .depth, message: "The document is nested too deeply.")
        case CSIMDJSON_UTF8: JSONError(code: .encoding, message: "The document is not UTF-8.")
        case CSIMDJSON_NUMBER: JSONError(code: .number, message: "A number in the document cannot be represented.")
        default: JSONError(code: .malformed, message: "The document is not valid JSON.")
        }
    }
}
