import Glibc
import JSON
import KafkaProcess
import Synchronization
import Wire

/// One process of a worker under chaos, and what was done to it; times in nanoseconds since 1970.
final class Incarnation: Sendable {
    private struct State {
        /// Times in which it could not run or could not reach its group.
        var absences: [ClosedRange<Int64>] = []
        var killedAt: Int64?
    }

    let process: WorkerProcess
    private let state = Mutex(State())
    var id: String { self.process.id }

    init(_ process: WorkerProcess) { self.process = process }

    /// When it was killed, stopped or not: its last runs ended here, whether or not they could say so.
    var killedAt: Int64? { self.state.withLock { $0.killedAt } }

    func wasAway(_ time: ClosedRange<Int64>) { self.state.withLock { $0.absences.append(time) } }

    func kill() async throws {
        self.state.withLock { $0.killedAt = HandlerRuns.now }
        self.process.child.signal(SIGKILL)
        try await self.process.child.waitForExit()
    }

    /// Times in which others may have had its partitions without its knowing.
    ///
    /// Partitions are leased for a session. Who could not run or reach its group for so long has lost them; what it has begun goes on until it
    /// hears of that, beside the runs of the next owner, and nothing of it is committed. That handlers of one key never overlap is promised
    /// outside of these times only.
    func doubtfulTimes(session: Int64) -> [ClosedRange<Int64>] {
        let absences = self.state.withLock { $0.absences }.filter { $0.upperBound - $0.lowerBound > session / 2 }
        let long = absences.map { $0.lowerBound...$0.upperBound + session }
        // Whatever else kept it away, an overloaded machine for example, it has noticed and said so.
        return long + self.losses.map { $0 - 3 * session...$0 }
    }

    /// When its log says that partitions were lost.
    private var losses: [Int64] {
        self.process.child.lines.compactMap { line in
            guard line.text.contains(#""lost""#), let value = try? JSONValue(parsing: line.text),
                value["message"]?.stringValue == "lost", let time = value["time"]?.stringValue
            else { return nil }
            return WireTime.milliseconds(time).map { $0 * 1_000_000 }
        }
    }
}
