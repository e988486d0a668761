import Orchestration
import Wire

/// What a replay does with a letter that it has selected.
enum ReplayDecision: Sendable, Hashable {
    /// Sends it; a nil partition leaves the choice to the partitioner, by key.
    case send(topic: String, partition: Int32?)
    /// Leaves it alone: it was replayed often enough.
    case guarded
    /// Leaves it alone: it cannot be sent again as it is.
    case notReplayable(String)
    /// Ends the replay: the topic that it has to go to does not exist.
    case missing(topic: String)
}

/// Where letters go, and which of them stay.
struct ReplayPolicy: Sendable {
    var work: ReplayWork
    /// The cluster's topics and how many partitions each has.
    var topics: [String: Int]
    /// Topics of the fleet that nobody reads requests or signals from: a letter that names one as its source is not believed.
    var refused: Set<String>

    init(work: ReplayWork, topics: [String: Int], names: TopicNames) {
        self.work = work
        self.topics = topics
        self.refused = Self.refused(names)
    }

    static func refused(_ names: TopicNames) -> Set<String> {
        let refused = Set(names.all)
        let read = OrchestrationLayer.allCases.map { names.requests($0) } + ComponentType.allCases.map { names.signals($0) }
        return refused.subtracting(read)
    }

    func decide(_ headers: DeadLetterHeaders, hasValue: Bool) -> ReplayDecision {
        if headers.replayCount >= self.work.maxReplays { return .guarded }
        if !hasValue, let bytes = headers.valueBytes {
            return .notReplayable("its value of \(bytes) bytes was too large for the dead letter topic; it stands at the source")
        }
        if let target = self.work.target {
            // By key: partitions of different topics have nothing to do with each other.
            return self.topics[target] == nil ? .missing(topic: target) : .send(topic: target, partition: nil)
        }
        guard let topic = headers.sourceTopic else { return .notReplayable("it does not tell its source topic; --to sends it elsewhere") }
        guard Self.isName(topic), !topic.hasPrefix("__"), !self.refused.contains(topic) else {
            return .notReplayable(
                "its source topic \(DeadLetterText.escaped(topic, to: 80)) is none that requests are read from; --to sends it elsewhere"
            )
        }
        guard let count = self.topics[topic] else { return .missing(topic: topic) }
        // The same partition again, so that order is kept whoever chose it.
        return .send(topic: topic, partition: headers.sourcePartition.flatMap { Int($0) < count ? $0 : nil })
    }

    /// Whether Kafka takes a text as a topic's name.
    static func isName(_ text: String) -> Bool {
        let isLegal = text.utf8.allSatisfy { byte in
            (0x61...0x7a).contains(byte | 0x20) || (0x30...0x39).contains(byte) || byte == 0x2e || byte == 0x5f || byte == 0x2d
        }
        return isLegal && (1...249).contains(text.utf8.count) && text != "." && text != ".."
    }
}

/// Spreads sending over time; what was missed is caught up for a tenth of a second at most.
struct ReplayPacer: Sendable {
    private let interval: Int64
    private var next = Int64.min

    /// - Parameter rate: letters a second, above 0.
    init(rate: Double) {
        self.interval = Int64(min(1e9 / rate, 1e15))
    }

    /// How long to wait before the next letter; nanoseconds.
    func delay(at now: Int64) -> Int64 { self.next == .min ? 0 : max(0, self.next - now) }

    mutating func sent(at now: Int64) {
        self.next = max(self.next == .min ? now : self.next, now - 100_000_000) + self.interval
    }
}
