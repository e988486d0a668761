import KafkaClient
import Synchronization
import Testing
import Wire

@testable import WorkerRuntime

/// Records to fill the queue with; their content does not matter.
private func items(_ count: Int) async throws -> [WorkItem] {
    let broker = try EmbeddedBroker(logger: .silent)
    try broker.createTopic("t", partitions: 1)
    try broker.send([("k", [1], RecordHeaders())], to: "t")
    guard let record = try await broker.readAll(["t"]).first else { return [] }
    return (0..<Int32(count)).map { WorkItem(slot: $0, record: record) }
}

/// A value that tasks share.
private final class Locked<Value: Sendable>: Sendable {
    private let value: Mutex<Value>

    init(_ value: Value) { self.value = Mutex(value) }

    func withLock<R: Sendable>(_ body: (inout Value) -> R) -> R { self.value.withLock { body(&$0) } }
}

@Suite("Work queue", .timeLimit(.minutes(1)))
struct WorkQueueTests {
    @Test("hands items out in order, more than it first has room for")
    func order() async throws {
        let queue = WorkQueue()
        let items = try await items(5_000)
        queue.push(Array(items[..<700]))
        for slot in 0..<500 { #expect(await queue.next()?.slot == Int32(slot)) }
        queue.push(Array(items[700...]))
        for slot in 500..<5_000 { #expect(await queue.next()?.slot == Int32(slot)) }
        queue.close()
        #expect(await queue.next() == nil)
    }

    @Test("gives every item to exactly one of many runners, and lets them all end")
    func runners() async throws {
        let queue = WorkQueue()
        let items = try await items(2_000)
        let seen = Locked<[Int32]>([])
        await withDiscardingTaskGroup { group in
            for _ in 0..<16 {
                group.addTask {
                    while let item = await queue.next() {
                        seen.withLock { $0.append(item.slot) }
                        if item.slot % 3 == 0 { await Task.yield() }
                    }
                }
            }
            for chunk in stride(from: 0, to: 2_000, by: 40) {
                queue.push(Array(items[chunk..<chunk + 40]))
                await Task.yield()
            }
            queue.close()
        }
        #expect(seen.withLock { $0.sorted() } == Array(0..<2_000))
    }

    @Test("brings in as many runners as there are items when handlers wait")
    func waitingHandlers() async throws {
        let queue = WorkQueue()
        let items = try await items(8)
        let began = Locked(0)
        let (allBegan, announce) = AsyncStream.makeStream(of: Void.self)
        await withDiscardingTaskGroup { group in
            for _ in 0..<8 {
                group.addTask {
                    guard await queue.next() != nil else { return }
                    let isLast = began.withLock { count in
                        count += 1
                        return count == 8
                    }
                    if isLast { announce.finish() }
                    // Nobody goes on before all have begun: with a lost wake-up this waits for ever.
                    while began.withLock({ $0 }) < 8 { await Task.yield() }
                }
            }
            queue.push(items)
            for await _ in allBegan {}
            queue.close()
        }
        #expect(began.withLock { $0 } == 8)
    }

    @Test("takes back what was not begun, and keeps the order of the rest")
    func removal() async throws {
        let queue = WorkQueue()
        queue.push(try await items(10))
        #expect(await queue.next()?.slot == 0)
        #expect(queue.removeAll { $0.slot % 2 == 0 }.map(\.slot) == [2, 4, 6, 8])
        for slot in [1, 3, 5, 7, 9] { #expect(await queue.next()?.slot == Int32(slot)) }
        #expect(queue.removeAll { _ in true }.isEmpty)
    }

    @Test("hands out what it holds after it was closed, and then nothing")
    func close() async throws {
        let queue = WorkQueue()
        queue.push(try await items(2))
        queue.close()
        #expect(await queue.next()?.slot == 0)
        #expect(await queue.next()?.slot == 1)
        #expect(await queue.next() == nil)
        queue.push([])
        #expect(await queue.next() == nil)
    }
}

@Suite("Mailbox", .timeLimit(.minutes(1)))
struct MailboxTests {
    @Test("gives the letters out in order, once")
    func order() {
        let mailbox = Mailbox<Int>(wake: WakeSignal())
        var letters = [99]
        mailbox.take(into: &letters)
        #expect(letters.isEmpty, "what was in the buffer is gone")
        for number in 0..<5 { mailbox.send(number) }
        mailbox.take(into: &letters)
        #expect(letters == [0, 1, 2, 3, 4])
        mailbox.take(into: &letters)
        #expect(letters.isEmpty)
    }

    @Test("takes no more than the limit, and again when there is room")
    func limit() {
        let mailbox = Mailbox<Int>(wake: WakeSignal())
        #expect((0..<5).map { mailbox.send($0, unlessMoreThan: 3) } == [true, true, true, false, false])
        var letters: [Int] = []
        mailbox.take(into: &letters)
        #expect(letters == [0, 1, 2])
        #expect(mailbox.send(5, unlessMoreThan: 3))
        #expect(!mailbox.send(6, unlessMoreThan: 0))
    }

    @Test("wakes its owner, and loses nothing that many threads send")
    func threads() async throws {
        let wake = WakeSignal()
        let mailbox = Mailbox<Int>(wake: wake)
        async let received = onOwnThread {
            var all: [Int] = []
            var letters: [Int] = []
            while all.count < 8_000 {
                // Waits without end: a missed wake-up ends the test by its time limit.
                wake.wait(milliseconds: -1)
                mailbox.take(into: &letters)
                all += letters
            }
            return all
        }
        await withDiscardingTaskGroup { group in
            for sender in 0..<8 {
                group.addTask { for number in 0..<1_000 { mailbox.send(sender * 1_000 + number) } }
            }
        }
        let all = try await received
        #expect(all.sorted() == Array(0..<8_000))
        for sender in 0..<8 { #expect(all.filter { $0 / 1_000 == sender } == Array(sender * 1_000..<sender * 1_000 + 1_000)) }
    }
}
