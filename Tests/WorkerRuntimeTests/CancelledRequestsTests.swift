import KafkaProcess
import Orchestration
import Synchronization
import Testing
import Wire

@testable import WorkerRuntime

private final class Notes: Sendable {
    private let numbers = Mutex<[Int]>([])

    var all: [Int] { self.numbers.withLock { $0 } }
    func note(_ number: Int) { self.numbers.withLock { $0.append(number) } }
}

@Suite("Cancelled requests", .timeLimit(.minutes(1)))
struct CancelledRequestsTests {
    private let now: Int64 = 1_795_256_130_123

    private func cancel(_ id: String, _ reason: String? = nil, by issuer: String? = nil) -> ControlRecord {
        .command(ControlCommand(.cancel(requestID: id), reason: reason, issuedBy: issuer))
    }

    /// The result of a request that may not run; nil when it runs.
    private func refusal(_ requests: CancelledRequests, _ id: String, at time: Int64? = nil) -> StepResult? {
        switch requests.begin(id, now: time ?? self.now) {
        case .cancelled(let result): return result
        case .run(let run):
            requests.end(id, run)
            return nil
        }
    }

    @Test("a request that comes later is cancelled as often as it comes, with reason and issuer, until that is withdrawn")
    func later() {
        let requests = CancelledRequests()
        #expect(requests.take(self.cancel("a", "enough", by: "me"), timestamp: self.now, now: self.now) == .cancelled(running: 0))
        #expect(requests.take(self.cancel("b"), timestamp: self.now, now: self.now) == .cancelled(running: 0))
        for _ in 0..<2 {
            let result = self.refusal(requests, "a")
            #expect(result?.isCancelled == true && result?.error == "enough" && result?.metadata == ["cancelled_by": "me"])
        }
        #expect(self.refusal(requests, "b")?.error == "The request was cancelled")
        #expect(self.refusal(requests, "c") == nil)
        #expect(requests.take(.withdrawn(.request("a")), timestamp: self.now, now: self.now) == .withdrawn)
        #expect(requests.take(.withdrawn(.request("nobody")), timestamp: self.now, now: self.now) == .withdrawn)
        #expect(self.refusal(requests, "a") == nil && requests.count == 1)
        #expect(requests.take(.unknown("scope"), timestamp: self.now, now: self.now) == .unknown("scope"))
        let disable = ControlCommand(.component(ComponentID(.model, "b"), .disable))
        #expect(requests.take(.command(disable), timestamp: self.now, now: self.now) == .elsewhere)
        #expect(requests.take(.withdrawn(.experiment("b")), timestamp: self.now, now: self.now) == .elsewhere && requests.count == 1)
    }

    @Test("every run of a request that is under way is cancelled once, and no other")
    func running() throws {
        let requests = CancelledRequests()
        var runs: [RunCancellation] = []
        for id in ["a", "a", "b"] {
            guard case .run(let run) = requests.begin(id, now: self.now) else { return #expect(Bool(false)) }
            runs.append(run)
        }
        requests.end("a", runs[1])
        #expect(requests.take(self.cancel("a", "enough"), timestamp: self.now, now: self.now) == .cancelled(running: 1))
        #expect(runs[0].result?.error == "enough" && runs[1].result == nil && runs[2].result == nil)
        // The topic is read again from its beginning.
        #expect(requests.take(self.cancel("a", "enough"), timestamp: self.now, now: self.now) == .cancelled(running: 0))
        requests.end("a", runs[0])
        requests.end("a", runs[0])
        requests.end("b", runs[2])
        #expect(requests.take(self.cancel("b"), timestamp: self.now, now: self.now) == .cancelled(running: 0))
        #expect(runs[2].result == nil)
    }

    @Test("a command counts for its time, from its record's timestamp on")
    func age() {
        let requests = CancelledRequests()
        let day: Int64 = 86_400_000
        #expect(requests.take(self.cancel("old"), timestamp: self.now - day, now: self.now) == .outdated)
        #expect(self.refusal(requests, "old") == nil)
        for (id, timestamp) in [("young", self.now - day + 1), ("ahead", self.now + 10 * day), ("none", -1)] {
            #expect(requests.take(self.cancel(id), timestamp: timestamp, now: self.now) == .cancelled(running: 0))
            #expect(self.refusal(requests, id) != nil)
        }
        #expect(self.refusal(requests, "young", at: self.now + 1) == nil)
        #expect(requests.count == 2)
        requests.removeOutdated(now: self.now + day - 1)
        #expect(requests.count == 2)
        requests.removeOutdated(now: self.now + day)
        #expect(requests.count == 0)
        // An old command in a newer one's place takes that away: the record is the newest of its key.
        _ = requests.take(self.cancel("again"), timestamp: self.now, now: self.now)
        #expect(requests.take(self.cancel("again"), timestamp: 1, now: self.now) == .outdated)
        #expect(self.refusal(requests, "again") == nil)
    }

    @Test("the newest commands are kept when there are too many, in whatever order they come")
    func number() {
        let requests = CancelledRequests(limits: CancelledRequests.Limits(requests: 80))
        for number in 0..<1_000 {
            // Neighbours change places, as they may with several partitions.
            let number = Int64(number ^ 1)
            _ = requests.take(self.cancel("\(number)"), timestamp: self.now - 1_000 + number, now: self.now)
            #expect(requests.count <= 80)
        }
        #expect(requests.count >= 70)
        for number in 930..<1_000 { #expect(self.refusal(requests, "\(number)") != nil, "\(number)") }
        #expect(self.refusal(requests, "0") == nil)
        // One that comes late and is the oldest of all is the first to go.
        for number in 0..<20 { _ = requests.take(self.cancel("old \(number)"), timestamp: self.now - 5_000, now: self.now) }
        for number in 940..<1_000 { #expect(self.refusal(requests, "\(number)") != nil, "\(number)") }
    }

    @Test("long texts count as what they are")
    func bytes() {
        let requests = CancelledRequests(limits: CancelledRequests.Limits(bytes: 80_000))
        let long = String(repeating: "x", count: 990)
        for number in 0..<500 {
            _ = requests.take(self.cancel("\(number)", long), timestamp: self.now - 500 + Int64(number), now: self.now)
            #expect(requests.count <= 80)
        }
        #expect(requests.count >= 69 && self.refusal(requests, "499") != nil)
        // The same one over and over takes the place of one.
        for _ in 0..<500 { _ = requests.take(self.cancel("499", long), timestamp: self.now, now: self.now) }
        #expect(requests.count >= 69)
        // What is withdrawn gives its place back.
        for number in 0..<500 { _ = requests.take(.withdrawn(.request("\(number)")), timestamp: self.now, now: self.now) }
        for number in 0..<79 { _ = requests.take(self.cancel("\(number)", long), timestamp: self.now, now: self.now) }
        #expect(requests.count == 79)
    }

    @Test("whoever comes before the first reading waits for it")
    func firstReading() async throws {
        let requests = CancelledRequests()
        let gone = Notes()
        await withDiscardingTaskGroup { group in
            for number in 0..<8 {
                group.addTask {
                    await requests.waitUntilRead()
                    gone.note(number)
                }
            }
            for _ in 0..<100 { await Task.yield() }
            #expect(gone.all.isEmpty)
            requests.readOnce()
        }
        #expect(gone.all.sorted() == Array(0..<8))
        requests.readOnce()
        await requests.waitUntilRead()
    }
}
