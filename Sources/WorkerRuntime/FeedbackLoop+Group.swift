import Feedback
import KafkaClient
import Observability
import Orchestration
import Synchronization
import Wire

/// Partitions that come and go, with their state.
extension FeedbackLoop {
    /// Asks how many partitions there are; waits for the broker and for topics that are yet to be made.
    ///
    /// - Returns: false when it was told to end meanwhile.
    /// - Throws: topics that do not go together.
    func countPartitions() throws -> Bool {
        let names = self.configuration.names
        let wanted = [names.decisions, names.feedbackState] + ComponentType.allCases.map { names.signals($0) }
        // Without these nothing could be written; how many partitions they have does not matter.
        let others = [names.policies, names.feedbackDeadLetters]
        while self.lifecycle.current == .running {
            self.health.turned(at: monotonicMilliseconds())
            let counts: [(name: String, partitions: Int32)]
            let missing: [String]
            do throws(KafkaError) {
                let admin = try KafkaAdmin(configuration: self.configuration.worker.clientConfiguration("admin"), observer: self.observer)
                let found = try admin.describeTopics(milliseconds: 5_000)
                counts = wanted.map { name in (name, Int32(clamping: found.first { $0.name == name }?.partitions.count ?? 0)) }
                missing = counts.filter { $0.partitions == 0 }.map(\.name) + others.filter { name in !found.contains { $0.name == name } }
            } catch {
                guard error.isRetriable else { throw WorkerError(.startFailed, "\(error)") }
                self.lifecycle.wake.wait(milliseconds: 1_000)
                continue
            }
            if missing.isEmpty {
                self.partitionCount = counts[0].partitions
                if counts.allSatisfy({ $0.partitions == self.partitionCount }) { return true }
                let list = counts.map { "\($0.name): \($0.partitions)" }.joined(separator: ", ")
                throw WorkerError(
                    .startFailed,
                    "the topics of signals, decisions and state need the same number of partitions, found \(list); a component's signals, "
                        + "decisions and state meet in the partition of its id. Add partitions to the smaller ones while they are empty, or make "
                        + "them anew"
                )
            }
            if let leftOut = self.throttle.admit(at: monotonicMilliseconds()) {
                let metadata: Logger.Metadata = ["topics": "\(missing.joined(separator: " "))"]
                self.logger.warning(
                    "waits for topics that are missing: make them with --create-topics or fleet topics create",
                    metadata: metadata.merging(leftOut) { $1 }
                )
            }
            self.lifecycle.wake.wait(milliseconds: 1_000)
        }
        return false
    }

    func assigned(_ partitions: [AssignedPartition]) {
        for partition in partitions {
            guard self.topics.input(partition.source.topic) != nil else { continue }
            self.arriving[partition.source.partition, default: []].append(partition)
        }
        self.nextArrival = 0
        // A member without partitions is ready too.
        if self.arriving.isEmpty { self.ready() }
    }

    /// Reads the state of the partitions that have come; until then nothing of them is read.
    func arrive() {
        let names = self.configuration.names
        do throws(KafkaError) {
            let count = try self.producer.partitionCount(of: self.topics.decisions)
            guard count == self.partitionCount else {
                self.failure = WorkerError(.startFailed, Self.otherCount(self.partitionCount, count))
                return
            }
            var silent = self.logger
            silent.logLevel = .critical
            let scan = try PartitionScan(
                configuration: self.configuration.worker.tableConfiguration("state"),
                observer: KafkaObserver(logger: silent)
            )
            let states = Dictionary(
                uniqueKeysWithValues: self.arriving.keys.map { (TopicPartition(topic: names.feedbackState, partition: $0), $0) }
            )
            let inputs = self.arriving.values.joined().map(\.source)
            let ends = try scan.ends(of: inputs)
            var parts: [TopicPartition: Range<Int64>] = [:]
            // The end of the log, not of what is decided: a transaction that is being committed belongs to the state.
            for source in states.keys {
                let end = try scan.watermarks(of: source).high
                if end > 0 { parts[source] = -2..<end }
            }
            var shards = Dictionary(
                uniqueKeysWithValues: states.values.map {
                    ($0, FeedbackShard(partition: $0, of: self.partitionCount, settings: self.configuration.feedback))
                }
            )
            var unreadable = 0
            var otherCount: Int32?
            self.leftMeanwhile = []
            var heard = monotonicMilliseconds()
            // The group is served meanwhile, so partitions may come and go.
            let isWanted = {
                let now = monotonicMilliseconds()
                self.health.turned(at: now)
                self.consumer?.poll()
                return self.lifecycle.current == .running && now - heard < Self.silence
            }
            try scan.read(parts, while: isWanted) { record in
                heard = monotonicMilliseconds()
                guard let number = states[record.source] else { return }
                let key = record.withView { $0.key.map { Array($0) } }
                switch shards[number]?.restore(key: key, value: record.value) {
                case .unreadable: unreadable += 1
                case .otherPartitionCount(let count): otherCount = count
                case .fine, nil: break
                }
            }
            guard self.lifecycle.current == .running else { return }
            guard monotonicMilliseconds() - heard < Self.silence else {
                throw KafkaError.timedOut("nothing was heard of the state for \(Self.silence / 1_000) s")
            }
            if let otherCount {
                self.failure = WorkerError(.startFailed, Self.otherCount(otherCount, self.partitionCount))
                return
            }
            // Of those that came anew the state has to be read anew.
            for number in self.leftMeanwhile { shards[number] = nil }
            if unreadable > 0 { self.logger.warning("records of the state are ignored", metadata: ["records": "\(unreadable)"]) }
            self.begin(shards, ends)
        } catch {
            if !error.isRetriable { self.failure = WorkerError(.startFailed, "\(error)") }
            self.nextArrival = monotonicMilliseconds() + 1_000
            if let leftOut = self.throttle.admit(at: monotonicMilliseconds()) {
                self.logger.warning("the state cannot be read yet", metadata: ["error": "\(error)"].merging(leftOut) { $1 })
            }
        }
    }

    private static func otherCount(_ before: Int32, _ now: Int32) -> String {
        "the state was learned with \(before) partitions and the topics have \(now): components are in other partitions now. Go back to "
            + "\(before) partitions, or begin anew: stop all feedback orchestrators, delete the topics of signals, decisions, state and "
            + "policies, and make them again with the new number"
    }

    private func begin(_ shards: [Int32: FeedbackShard], _ ends: [TopicPartition: Int64]) {
        for (number, restored) in shards {
            var shard = restored
            shard.restored(now: Double(WireTime.now) / 1_000)
            for partition in self.arriving[number] ?? [] {
                guard let input = self.topics.input(partition.source.topic) else { continue }
                // A topic that was deleted and made anew begins at 0 again.
                if let end = ends[partition.source], shard.positions[input] ?? 0 > end {
                    self.logger.warning("the topic is shorter than what was read of it", metadata: ["partition": "\(partition.source)"])
                    shard.rewind(input)
                }
                self.sources.append(Source(partition: partition, input: input, shard: number))
            }
            self.shards[number] = shard
            self.logger.info(
                "restored",
                metadata: ["partition": "\(number)", "components": "\(shard.componentCount)", "waiting": "\(shard.waitingCount)"]
            )
        }
        for number in shards.keys { self.arriving[number] = nil }
        self.lifecycle.leads.store(self.shards[0] != nil, ordering: .releasing)
        self.sources.sort { Self.order($0.input) < Self.order($1.input) }
        for source in self.sources {
            for record in self.early.removeValue(forKey: source.partition.source) ?? [] { self.take(record, source) }
        }
        for letter in self.known.values { self.obey(letter) }
        self.ready()
    }

    private static func order(_ input: FeedbackInput) -> Int { FeedbackInput.all.firstIndex(of: input) ?? 0 }

    /// Partitions leave: what was read of them is written first, unless they are gone already.
    func revoked(_ sources: [TopicPartition], lost: Bool) {
        let leaving = Set(sources.filter { $0.topic == self.configuration.names.decisions }.map(\.partition))
        for source in sources { self.early[source] = nil }
        for number in leaving { self.arriving[number] = nil }
        self.leftMeanwhile.formUnion(leaving)
        if lost { self.lastLoss = monotonicMilliseconds() }
        guard !leaving.isEmpty else { return }
        if !lost, self.lifecycle.current != .stopping {
            for _ in 0..<5 where self.shards.contains(where: { leaving.contains($0.key) && $0.value.isChanged }) && self.failure == nil {
                self.write(last: true)
            }
        }
        self.sources.removeAll { leaving.contains($0.shard) }
        for number in leaving { self.shards[number] = nil }
        self.forgetLetters(of: leaving)
        self.lifecycle.leads.store(self.shards[0] != nil, ordering: .releasing)
        self.logger.info(lost ? "lost" : "revoked", metadata: ["partitions": "\(leaving.sorted())"])
    }

    func end(_ consumer: KafkaConsumer) {
        if self.lifecycle.current == .draining, self.failure == nil {
            for _ in 0..<5 where self.shards.values.contains(where: \.isChanged) || !self.letters.isEmpty { self.write(last: true) }
        }
        self.health.ended(unfinished: 0)
        if !consumer.close(milliseconds: 5_000) {
            self.logger.warning("the consumer did not close in time; the group will notice by its session")
        }
        self.consumer = nil
    }
}
