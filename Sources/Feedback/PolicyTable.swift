public import Orchestration
import Synchronization
public import Wire

/// The newest policy snapshot of every component, as the compacted policies topic tells it; readable from any thread.
public final class PolicyTable: Sendable {
    private let state = Mutex<[ComponentID: PolicySnapshot]>([:])

    /// Creates a table that knows no component.
    public init() {}

    /// Takes a record of the policies topic; a null value forgets the component.
    ///
    /// - Returns: the component; nil for a key that names none.
    /// - Throws: what breaks the contract; then nothing changes.
    @discardableResult
    public func take(key: [UInt8], value: [UInt8]?) throws(WireError) -> ComponentID? {
        guard let text = String(validating: key, as: UTF8.self), let component = ComponentID(text) else { return nil }
        guard let value else {
            self.state.withLock { $0[component] = nil }
            return component
        }
        self.take(try PolicySnapshot(decoding: value))
        return component
    }

    /// Takes a snapshot; a later one of the same component replaces it.
    public func take(_ snapshot: PolicySnapshot) { self.state.withLock { $0[snapshot.component] = snapshot } }

    /// What is known of a component; nil when nothing is.
    public func snapshot(of component: ComponentID) -> PolicySnapshot? { self.state.withLock { $0[component] } }

    /// What is known of all components, in no order.
    public var snapshots: [PolicySnapshot] { self.state.withLock { Array($0.values) } }
}
