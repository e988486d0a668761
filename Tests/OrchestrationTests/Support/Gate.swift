import Synchronization

/// A door tests open by hand: those who wait go on when it opens, whether or not their task was cancelled.
final class Gate: Sendable {
    private struct State {
        var isOpen = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    func open() {
        let waiting = self.state.withLock { state in
            state.isOpen = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    func wait() async {
        await withCheckedContinuation { continuation in
            let isOpen = self.state.withLock { state in
                if !state.isOpen { state.waiting.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }

    /// Waits like a well-behaved handler: throws as soon as the task is cancelled.
    func waitUnlessCancelled() async throws {
        await withTaskCancellationHandler {
            await self.wait()
        } onCancel: {
            self.open()
        }
        try Task.checkCancellation()
    }
}
