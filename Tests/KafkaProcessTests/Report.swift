/// How a process that a test sacrifices tells facts on its standard output: `name=value;`.
enum Report {
    /// The value reported under a name; empty if there is none.
    static func value(_ name: String, in output: [UInt8]) -> String {
        let text = String(decoding: output, as: UTF8.self)
        guard let start = text.firstRange(of: "\(name)=") else { return "" }
        return String(text[start.upperBound...].prefix { $0 != ";" })
    }
}
