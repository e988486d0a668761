import Delivery
import KafkaClient
import KafkaProcess
import Orchestration
import Synchronization
import Testing
import Wire

@testable import WorkerRuntime

@Suite("A runner", .timeLimit(.minutes(1)))
struct RunnerTests {
    /// Handles records as it is told to.
    private struct Handler: RecordHandler {
        let body: @Sendable (ConsumedRecord, Runner) async -> Handling

        func handle(_ record: ConsumedRecord, attempt: DeliveryAttempt) async -> Handling {
            guard let runner = Runner.current else { return .done([]) }
            return await self.body(record, runner)
        }
        func substitute(for output: OutgoingRecord, of record: ConsumedRecord, refused error: KafkaError) -> OutgoingRecord? { nil }
    }

    /// What runners gave back: slot, and whether it is to be handled later.
    private final class Answers: Sendable {
        let mailbox = Mailbox<DeliveryLoop.Letter>(wake: WakeSignal())

        func take() -> [(slot: Int32, isLater: Bool)] {
            var letters: [DeliveryLoop.Letter] = []
            self.mailbox.take(into: &letters)
            return letters.map { letter in
                if case .later = letter.handling { return (letter.slot, true) }
                return (letter.slot, false)
            }
        }
    }

    private let queue = WorkQueue()
    private let answers = Answers()

    private func items(_ count: Int32) async throws -> [WorkItem] {
        let broker = try EmbeddedBroker.withTopics()
        try broker.send((0..<count).map { Request(id: "\($0)", orchestrator: "o", tenantID: "acme") })
        let records = try await broker.readAll([TopicNames().requests(.domain)])
        return zip(Int32(0)..., records).map { WorkItem(slot: $0, record: $1) }
    }

    @Test("gives back each record once, and ends when there are no more")
    func serves() async throws {
        let (vacancies, vacate) = AsyncStream<Void>.makeStream()
        self.queue.push(try await self.items(3))
        self.queue.close()
        await Runner(self.answers.mailbox, vacancies: vacate).run(self.queue, Handler { _, _ in .done([]) })
        #expect(self.answers.take().map(\.slot) == [0, 1, 2])
        vacate.finish()
        for await _ in vacancies { Issue.record("nobody has to take its place") }
    }

    @Test("ends after a run whose task was cancelled, with its answer and one vacancy")
    func cancelled() async throws {
        let (vacancies, vacate) = AsyncStream<Void>.makeStream()
        self.queue.push(try await self.items(2))
        let runner = Runner(self.answers.mailbox, vacancies: vacate)
        let handler = Handler { _, _ in
            withUnsafeCurrentTask { $0?.cancel() }
            return .done([])
        }
        let task = Task { [queue] in await runner.run(queue, handler) }
        await task.value
        #expect(self.answers.take().map(\.slot) == [0])
        vacate.finish()
        var count = 0
        for await _ in vacancies { count += 1 }
        #expect(count == 1)
    }

    @Test("that was left behind gives back what was answered for it, and nothing else, whoever comes first", arguments: [true, false])
    func leftBehind(answeredFirst: Bool) async throws {
        let (vacancies, vacate) = AsyncStream<Void>.makeStream()
        self.queue.push(try await self.items(2))
        let runner = Runner(self.answers.mailbox, vacancies: vacate)
        let handler = Handler { _, runner in
            if answeredFirst {
                runner.leaveBehind()
                runner.answer(.later(after: .seconds(1)))
            }
            // Its own way back.
            runner.leaveBehind()
            return .done([])
        }
        await runner.run(self.queue, handler)
        if !answeredFirst {
            #expect(self.answers.take().isEmpty)
            runner.leaveBehind()
            runner.answer(.later(after: .seconds(1)))
        }
        let answered = self.answers.take()
        #expect(answered.map(\.slot) == [0] && answered.allSatisfy(\.isLater))
        vacate.finish()
        var count = 0
        for await _ in vacancies { count += 1 }
        #expect(count == 1)
    }
}
