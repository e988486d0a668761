import Glibc
import JSON
import KafkaClient
import Testing

/// The runs of handlers, as the events tell them that workers write with `--probe-events`.
///
/// A process that is killed takes events along that it has not sent: the last runs of a killed worker may lack their end, or be missing.
struct HandlerRuns: Sendable {
    /// One run of one request's handler; times in nanoseconds since 1970.
    struct Run: Sendable, Hashable {
        let id: String
        let key: String
        let worker: String
        let start: Int64
        /// Nil when nobody has told.
        var end: Int64?
    }

    private struct Event: Hashable {
        let id: String
        let key: String
        let worker: String
        let isStart: Bool
        let time: Int64
    }

    /// All runs in the order of their starts.
    private(set) var all: [Run] = []
    /// The runs of each request in the order of their starts.
    private(set) var byID: [String: [Run]] = [:]

    init(_ records: [ConsumedRecord]) throws {
        var events: Set<Event> = []
        for record in records {
            let value = try JSONValue(parsing: record.text)
            let kind = try #require(value["event"]?.stringValue)
            #expect(kind == "start" || kind == "end")
            events.insert(
                Event(
                    id: try #require(value["id"]?.stringValue),
                    key: value["key"]?.stringValue ?? "",
                    worker: try #require(value["worker"]?.stringValue),
                    isStart: kind == "start",
                    time: try #require(value["at_ns"]?.integerValue)
                )
            )
        }
        var open: [String: Int] = [:]
        for event in events.sorted(by: { ($0.time, $0.isStart ? 1 : 0) < ($1.time, $1.isStart ? 1 : 0) }) {
            let place = "\(event.worker) \(event.id)"
            if event.isStart {
                open[place] = self.all.count
                self.all.append(Run(id: event.id, key: event.key, worker: event.worker, start: event.time))
            } else if let index = open.removeValue(forKey: place) {
                self.all[index].end = event.time
            }
        }
        self.byID = Dictionary(grouping: self.all, by: \.id)
    }

    /// How often a request was started.
    func starts(of id: String) -> Int { self.byID[id]?.count ?? 0 }

    /// The time of this moment as events tell it.
    static var now: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
