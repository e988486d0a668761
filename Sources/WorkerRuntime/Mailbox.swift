import KafkaClient
import Synchronization

/// Letters from any thread to the delivery thread, taken out all at once.
final class Mailbox<Letter: Sendable>: Sendable {
    private let letters = Mutex<[Letter]>([])
    private let wake: WakeSignal

    init(wake: WakeSignal) {
        self.wake = wake
    }

    func send(_ letter: consuming sending Letter) {
        let letter = consume letter
        self.letters.withLock { $0.append(letter) }
        self.wake.raise()
    }

    /// Adds the letter unless so many wait already.
    ///
    /// - Returns: false when it was not added.
    func send(_ letter: Letter, unlessMoreThan limit: Int) -> Bool {
        let added = self.letters.withLock { letters in
            guard letters.count < limit else { return false }
            letters.append(letter)
            return true
        }
        if added { self.wake.raise() }
        return added
    }

    /// Swaps the letters with an empty buffer, so that both keep their memory.
    func take(into buffer: inout [Letter]) {
        buffer.removeAll(keepingCapacity: true)
        var taken = buffer
        buffer = []
        self.letters.withLock { swap(&$0, &taken) }
        buffer = taken
    }
}
