import Glibc
import Synchronization

/// Work to be done when this process exits in an orderly way; a killed process relies on the parent-death signal and on leases instead.
enum ExitCleanup {
    private struct State {
        var isInstalled = false
        var nextToken = 0
        var actions: [Int: @Sendable () -> Void] = [:]
    }

    private static let state = Mutex(State())

    /// Registers an action and keeps all it refers to alive until it is cancelled or done.
    static func register(_ action: @escaping @Sendable () -> Void) -> Int {
        self.state.withLock { state in
            if !state.isInstalled {
                state.isInstalled = true
                atexit { ExitCleanup.run() }
            }
            defer { state.nextToken += 1 }
            state.actions[state.nextToken] = action
            return state.nextToken
        }
    }

    /// Forgets an action.
    static func cancel(_ token: Int) {
        self.state.withLock { _ = $0.actions.removeValue(forKey: token) }
    }

    private static func run() {
        let actions = self.state.withLock { state in
            defer { state.actions = [:] }
            return state.actions
        }
        for (_, action) in actions.sorted(by: { $0.key > $1.key }) { action() }
    }
}
