import Synchronization

/// A task of a delivery loop that handles records, one after another, until there are no more.
///
/// Whoever cancels a run cancels the task that it is on, and that cannot be undone: the runner ends after it, and another one takes its place. A handler
/// that does not return even then is left behind with its runner: the record is answered from elsewhere, and another runner takes the place at once.
final class Runner: Sendable {
    private struct State {
        /// Of the record in hand, for good once it was left behind.
        var slot: Int32 = 0
        var isLeftBehind = false
    }

    /// The runner that this task is, or is a child of.
    @TaskLocal static var current: Runner?

    private let state = Mutex(State())
    private let answers: Mailbox<DeliveryLoop.Letter>
    private let vacancies: AsyncStream<Void>.Continuation

    init(_ answers: Mailbox<DeliveryLoop.Letter>, vacancies: AsyncStream<Void>.Continuation) {
        self.answers = answers
        self.vacancies = vacancies
    }

    /// Handles what the queue gives.
    func run(_ queue: WorkQueue, _ handler: any RecordHandler) async {
        await Self.$current.withValue(self) {
            var sinceYield = 0
            while let item = await queue.next() {
                self.state.withLock { $0.slot = item.slot }
                let handling = await handler.handle(item.record, attempt: item.attempt)
                guard !self.state.withLock({ $0.isLeftBehind }) else { return }
                self.answers.send(DeliveryLoop.Letter(slot: item.slot, handling: handling))
                guard !Task.isCancelled else {
                    self.vacancies.yield()
                    return
                }
                // A runner that never has to wait would keep its thread from everybody else.
                sinceYield += 1
                if sinceYield == 64 {
                    sinceYield = 0
                    await Task.yield()
                }
            }
        }
    }

    /// The handler is given up: what it returns is dropped, and whoever says so ``answer(_:)``s, once.
    ///
    /// For both who learn of it, the one that gives it up and the handler's own way back, whichever comes first.
    func leaveBehind() {
        let isFirst = self.state.withLock { state in
            defer { state.isLeftBehind = true }
            return !state.isLeftBehind
        }
        if isFirst { self.vacancies.yield() }
    }

    /// Answers for the handler that was left behind.
    func answer(_ handling: Handling) {
        self.answers.send(DeliveryLoop.Letter(slot: self.state.withLock { $0.slot }, handling: handling))
    }
}
