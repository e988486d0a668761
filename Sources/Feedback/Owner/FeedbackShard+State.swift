import JSON
import Orchestration
import Wire

/// What a shard writes, and how it comes back.
///
/// Keys of the state topic: `<type>/<id>` for a component, `seen/<slot>`, `waiting/<decision id>`, and `checkpoint`, which ends every write.
/// Records after the last checkpoint belong to a write that was never finished; they are not counted when the state is restored.
extension FeedbackShard {
    private static let checkpoint = "checkpoint"

    /// What is to be written now; ``saved()`` tells that it was.
    public func changes(now: Double, worker: String) -> Changes {
        var changes = Changes()
        for component in self.forgotten where self.components[component] == nil {
            changes.state.append((Array(component.description.utf8), nil))
            changes.policies.append((component, nil))
        }
        for component in self.dirty {
            guard let owned = self.components[component] else { continue }
            let snapshot = owned.nextSnapshot(now: now, worker: worker)
            let state = owned.nextState(snapshot.learners)
            changes.state.append((Array(component.description.utf8), JSONValue.object(state).serialized()))
            changes.policies.append((component, snapshot))
        }
        for (decision, value) in self.join.changes {
            changes.state.append((Array("waiting/\(decision)".utf8), value.map { JSONValue.object($0).serialized() }))
        }
        for slot in self.seen.changed.sorted() { changes.state.append((Array("seen/\(slot)".utf8), self.seen.bytes(ofSlot: slot))) }
        var positions = JSONObject()
        for (input, offset) in self.positions { positions[input.name] = .integer(offset) }
        let checkpoint: JSONObject = [
            "v": 1, "partitions": .integer(Int64(self.partitionCount)), "positions": .object(positions), "at": .number(now),
            "worker": .string(worker), "health_checks": .integer(self.healthChecks),
        ]
        changes.state.append((Array(Self.checkpoint.utf8), JSONValue.object(checkpoint).serialized()))
        return changes
    }

    /// What ``changes(now:worker:)`` told has been written.
    public mutating func saved() {
        for component in self.dirty { self.components[component]?.saved() }
        self.dirty.removeAll(keepingCapacity: true)
        self.forgotten.removeAll(keepingCapacity: true)
        self.join.saved()
        self.seen.saved()
        self.hasMoved = false
    }

    /// Whether ``changes(now:worker:)`` were written, or some of them, is not known: the versions they bore are not given again.
    public mutating func maybeSaved() {
        for component in self.dirty { self.components[component]?.saved() }
        self.join.maybeSaved()
    }

    /// What was found while restoring.
    public enum Restored: Sendable, Hashable {
        /// It is taken back, or will be with its checkpoint.
        case fine
        /// It cannot be read and is ignored.
        case unreadable
        /// The state was written when there was another number of partitions: components are elsewhere now.
        case otherPartitionCount(Int32)
    }

    /// Takes back a record of the state; in the order in which they were written, before anything else happens.
    public mutating func restore(key: [UInt8]?, value: [UInt8]?) -> Restored {
        guard let key else { return .unreadable }
        guard key == Array(Self.checkpoint.utf8) else {
            self.unended.append((key, value))
            return .fine
        }
        defer { self.unended.removeAll() }
        guard let value, let object = try? JSONValue(parsing: value).objectValue, object["v"]?.integerValue == 1 else { return .unreadable }
        let count = Int32(clamping: object["partitions"]?.integerValue ?? 0)
        guard count == self.partitionCount else { return .otherPartitionCount(count) }
        self.healthChecks = object.tally("health_checks")
        for input in FeedbackInput.all {
            if let offset = object["positions"]?[input.name]?.integerValue { self.positions[input] = offset.moved(into: 0...1 << 53) }
        }
        var isReadable = true
        for (key, value) in self.unended where !self.apply(key, value) { isReadable = false }
        return isReadable ? .fine : .unreadable
    }

    /// All of the state has been read.
    ///
    /// A component that is known only of a write without checkpoint, and not for the first time, is taken from it: what was written before has been
    /// compacted away.
    /// - Parameter now: seconds since 1970; what waits for its other half has its whole time from now on.
    public mutating func restored(now: Double) {
        for (key, value) in self.unended {
            guard let id = String(validating: key, as: UTF8.self).flatMap({ ComponentID($0) }), self.components[id] == nil,
                let object = value.flatMap({ try? JSONValue(parsing: $0).objectValue }), object["version"]?.integerValue ?? 1 > 1
            else { continue }
            _ = self.apply(key, value)
        }
        self.unended = []
        self.join.restored(now: now)
    }

    private mutating func apply(_ key: [UInt8], _ value: [UInt8]?) -> Bool {
        guard let text = String(validating: key, as: UTF8.self), let slash = text.firstIndex(of: "/") else { return false }
        let name = String(text[text.index(after: slash)...])
        switch text[..<slash] {
        case "seen":
            guard let value else { return true }
            return self.seen.restore(value)
        case "waiting":
            guard let value else {
                self.join.forget(name)
                return true
            }
            guard let object = try? JSONValue(parsing: value).objectValue else { return false }
            return self.join.restore(name, object)
        default:
            guard let id = ComponentID(text) else { return false }
            guard let value else {
                self.components[id] = nil
                return true
            }
            guard let object = try? JSONValue(parsing: value).objectValue,
                let owned = OwnedComponent(id, state: object, self.settings)
            else { return false }
            self.components[id] = owned
            return true
        }
    }
}
