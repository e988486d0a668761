/// A worker in its group, as its consumer's client id tells: `<worker id>-<process>-consumer-<group>`.
struct GroupMember: Hashable {
    var workerID: String
    /// The number of its process, in base 36 in the client id; of static members it is the operating system's, and means nothing to others.
    var process: UInt32

    init(workerID: String, process: UInt32) {
        self.workerID = workerID
        self.process = process
    }

    /// Nil for clients that are named otherwise.
    init?(_ clientID: String, group: String) {
        let role = "-consumer-\(group)"
        guard clientID.hasSuffix(role) else { return nil }
        let parts = clientID.dropLast(role.count).split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count > 1, let last = parts.last, let process = UInt32(last, radix: 36) else { return nil }
        self.init(workerID: parts.dropLast().joined(separator: "-"), process: process)
    }

    func clientID(group: String) -> String { "\(self.workerID)-\(String(self.process, radix: 36))-consumer-\(group)" }
}
