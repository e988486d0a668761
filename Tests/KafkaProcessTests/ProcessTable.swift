import Foundation

/// What the kernel says about processes that are not this process's own to await.
enum ProcessTable {
    /// Whether a process exists and is not merely waiting to be reaped.
    static func isAlive(_ processID: Int32) -> Bool {
        guard let status = try? String(contentsOfFile: "/proc/\(processID)/stat", encoding: .utf8) else { return false }
        // "pid (name) state …", where the name may contain anything, parentheses included.
        let state = status.split(separator: ")").last?.first { $0 != " " }
        return state != "Z" && state != "X"
    }
}
