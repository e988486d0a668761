import Foundation

/// A folder in the system's temporary folder that is removed by `remove()`, or by a later test process if this one was killed.
final class ScratchFolder: Sendable {
    private static let prefix = "kafka-process-"

    let url: URL
    private let lease: Lease

    /// Creates an empty folder, and removes those whose owners died.
    init() throws(KafkaProcessError) {
        Self.removeOrphans()
        let name = Self.prefix + UUID().uuidString
        let url = FileManager.default.temporaryDirectory.appending(path: name)
        // The lease comes first: a folder without one is an orphan.
        guard let lease = Lease.take("folder.\(name)") else {
            throw KafkaProcessError(.startFailed, "the lease of the new folder \(name) could not be taken")
        }
        do {
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        } catch {
            throw KafkaProcessError(.startFailed, "creating the folder \(url.path) failed: \(error.localizedDescription)")
        }
        self.url = url
        self.lease = lease
    }

    /// Removes the folder with all it holds; what cannot be removed now is left to the next ``removeOrphans()``.
    func remove() {
        try? FileManager.default.removeItem(at: self.url)
    }

    /// Removes the folders that no living process holds a lease on.
    static func removeOrphans() {
        let manager = FileManager.default
        let names = (try? manager.contentsOfDirectory(atPath: manager.temporaryDirectory.path)) ?? []
        for name in names where name.hasPrefix(self.prefix) {
            guard let lease = Lease.take("folder.\(name)") else { continue }
            withExtendedLifetime(lease) {
                // Fails only for another user's folder, which is that user's to remove.
                try? manager.removeItem(at: manager.temporaryDirectory.appending(path: name))
            }
        }
    }
}
