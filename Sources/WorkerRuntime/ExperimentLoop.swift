import Feedback
import KafkaClient
import Observability
import Orchestration
import Wire

/// Runs the experiments of a fleet; owned by one thread.
final class ExperimentLoop {
    private let names: TopicNames
    private let configuration: WorkerConfiguration
    /// How far back decisions are read that may yet get a reward, when another one goes on; milliseconds.
    private let rewardWait: Int64
    private let logger: Logger
    private let observer: KafkaObserver
    private let registry: MetricsRegistry
    private let wake: WakeSignal
    private let producer: KafkaProducer
    private let policies: ProducerTopic
    private var runs: [String: ExperimentRun] = [:]
    /// What stands on the policies topic.
    private var standings: [String: ExperimentStanding]
    /// The time from which on each run needs decisions, unless it has seen everything up to where reading has come.
    private var begins: [String: Int64] = [:]
    /// Standings that have to go.
    private var gone: Set<String> = []
    private var reader: TopicReader?
    /// The next record of each partition that is read.
    private var read: [TopicPartition: Int64] = [:]
    private var version = -1
    private var nextWrite: Int64 = 0

    /// Begins with how experiments stood so far.
    init(
        _ names: TopicNames,
        _ configuration: WorkerConfiguration,
        rewardWait: Int64,
        _ logger: Logger,
        _ registry: MetricsRegistry,
        _ wake: WakeSignal
    ) throws(KafkaError) {
        self.names = names
        self.configuration = configuration
        self.rewardWait = rewardWait
        self.logger = logger
        self.registry = registry
        self.wake = wake
        // The worker's other clients say what is wrong with the broker.
        var silent = logger
        silent.logLevel = .critical
        self.observer = KafkaObserver(
            logger: silent,
            onError: { registry.counter(.kafkaErrors, "experiments", $0.name).increment() }
        )
        var clientConfiguration = configuration.clientConfiguration("experiments")
        clientConfiguration["statistics.interval.ms"] = "0"
        self.producer = try KafkaProducer(configuration: clientConfiguration.merging(["linger.ms": "0"]), observer: self.observer)
        self.policies = try self.producer.topic(names.policies)
        self.standings = [:]
        let reader = try TopicReader(
            configuration: configuration.tableConfiguration("experiments"),
            observer: self.observer,
            topics: [names.policies],
            from: .beginning,
            wake: wake
        )
        while !reader.isCaughtUp {
            for record in try reader.read(milliseconds: 1_000) {
                guard let name = record.key.flatMap({ ExperimentStanding.name(of: $0) }) else { continue }
                let standing = record.value.flatMap { try? ExperimentStanding(decoding: $0) }
                self.standings[name] = standing?.experiment.name == name ? standing : nil
                if self.standings[name] == nil, record.value != nil { self.gone.insert(name) }
            }
            if let problem = reader.takeProblem() { throw problem }
        }
    }

    /// Does what there is to do; waits for records at most half a second.
    ///
    /// - Parameter interval: milliseconds between standings, unless something is decided.
    func turn(_ definitions: ExperimentDefinitions, interval: Int64) throws(KafkaError) {
        if definitions.version != self.version {
            self.version = definitions.version
            try self.reconcile(definitions)
            self.nextWrite = 0
        }
        if let reader = self.reader {
            try self.take(reader.read(milliseconds: Int32(clamping: min(500, max(1, interval)))))
            if let problem = reader.takeProblem() { throw problem }
            if self.runs.values.allSatisfy(\.experiment.phase.isEnd) { self.reader = nil }
        } else {
            self.wake.wait(milliseconds: 500)
        }
        guard monotonicMilliseconds() >= self.nextWrite, !self.gone.isEmpty || self.runs.contains(where: self.isDue) else { return }
        try self.write()
        self.nextWrite = monotonicMilliseconds() + interval
    }

    // MARK: What runs

    /// Begins what is new, goes on with what was under way, ends what is no more.
    private func reconcile(_ definitions: ExperimentDefinitions) throws(KafkaError) {
        var runs: [String: ExperimentRun] = [:]
        var begins: [String: Int64] = [:]
        for (name, known) in definitions.defined {
            if let run = self.runs[name], run.definedAt == known.time {
                runs[name] = run
                begins[name] = self.begins[name]
            } else if let standing = self.standings[name], standing.definedAt == known.time,
                standing.experiment.definition == known.definition, let run = ExperimentRun(standing)
            {
                runs[name] = run
                // It needs the decisions that wait for a reward.
                begins[name] = standing.oldestWaiting(self.rewardWait)
            } else {
                runs[name] = ExperimentRun(name: name, definition: known.definition, definedAt: known.time)
                begins[name] = known.time
                self.logger.info("experiment begins", metadata: ["experiment": "\(Redaction.redact(name))"])
            }
        }
        self.gone.formUnion(Set(self.runs.keys).union(self.standings.keys).subtracting(runs.keys))
        self.gone.subtract(runs.keys)
        // Only who is read up to the end has seen everything up to there.
        let isLive = self.reader?.isCaughtUp ?? false
        let live = isLive ? Set(self.runs.keys.filter { self.runs[$0]?.definedAt == runs[$0]?.definedAt }) : []
        self.runs = runs
        self.begins = begins
        try self.open(live)
    }

    /// Reads from where every experiment that is not decided needs it.
    ///
    /// - Parameter live: those that have seen everything up to where reading has come.
    private func open(_ live: Set<String>) throws(KafkaError) {
        let open = self.runs.filter { !$0.value.experiment.phase.isEnd }
        // What no record came of was read up to where it ended at first.
        self.read.merge(self.reader?.ends ?? [:]) { read, _ in read }
        self.reader = nil
        guard !open.isEmpty else { return }
        var offsets: [TopicPartition: Int64] = [:]
        var time: Int64?
        for (name, run) in open where !live.contains(name) {
            let begin = self.begins[name] ?? run.definedAt
            time = min(time ?? begin, begin)
            for (place, offset) in run.positions {
                guard let source = self.source(place) else { continue }
                offsets[source] = min(offsets[source] ?? offset, offset)
            }
        }
        if !live.isEmpty { offsets.merge(self.read) { min($0, $1) } }
        let types = Set(open.values.map(\.experiment.definition.componentType))
        self.reader = try TopicReader(
            configuration: self.configuration.tableConfiguration("experiments"),
            observer: self.observer,
            topics: [self.names.decisions] + types.map { self.names.signals($0) },
            from: .earliest(offsets: offsets, time: time),
            wake: self.wake
        )
        self.read.removeAll()
    }

    /// The partition of signals that a position is of.
    private func source(_ place: String) -> TopicPartition? {
        let parts = place.split(separator: "/")
        guard parts.count == 2, let type = ComponentType(rawValue: String(parts[0])), let partition = Int32(parts[1]) else { return nil }
        return TopicPartition(topic: self.names.signals(type), partition: partition)
    }

    // MARK: What is read

    /// Decisions first: a reward then finds its own.
    private func take(_ records: [ConsumedRecord]) {
        for record in records { self.read[record.source] = record.offset + 1 }
        for record in records where record.source.topic == self.names.decisions {
            guard let decision = record.withView({ try? DecisionCodec.decode($0) }), let name = decision.experiment?.name else { continue }
            self.tell(name, self.runs[name]?.take(decision) ?? [])
        }
        for record in records where record.source.topic != self.names.decisions {
            guard let signal = record.withView({ try? SignalCodec.decode($0) }) else { continue }
            for name in self.runs.keys where self.runs[name]?.experiment.definition.componentType == signal.componentType {
                self.tell(name, self.runs[name]?.take(signal, at: record.offset, of: record.source.partition) ?? [])
            }
        }
    }

    private func tell(_ name: String, _ events: [Experiment.Event]) {
        for event in events {
            let (word, variant): (String, String?) =
                switch event {
                case .activated: ("activated", nil)
                case .promoted(let variant): ("promoted", variant)
                case .rolledBack(let variant): ("rolled_back", variant)
                case .ended: ("ended", nil)
                }
            self.registry.counter(.feedbackExperiments, word).increment()
            var metadata: Logger.Metadata = ["experiment": "\(Redaction.redact(name))", "event": "\(word)"]
            if let variant { metadata["variant"] = "\(Redaction.redact(variant))" }
            self.logger.notice("experiment", metadata: metadata)
            self.nextWrite = 0
        }
    }

    // MARK: What is written

    /// Whether a run is to be published now.
    ///
    /// Not as long as there is older reading to do: a standing says by its time up to when decisions have been read, and whoever goes on from it
    /// reads those of the reward wait before. One that is new has read nothing yet and is published at once, so that workers give its variants.
    private func isDue(_ name: String, _ run: ExperimentRun) -> Bool {
        guard run.isChanged else { return false }
        return self.reader?.isCaughtUp ?? true || self.standings[name]?.definedAt != run.definedAt
    }

    private func write() throws(KafkaError) {
        let now = WireTime.now
        for name in self.gone {
            try self.deliver(nil, RecordHeaders(), key: ExperimentStanding.key(of: name))
            self.standings[name] = nil
        }
        self.gone.removeAll()
        for (name, run) in self.runs where self.isDue(name, run) {
            let standing = run.standing(now: Double(now) / 1_000, worker: self.configuration.workerID)
            let (value, headers) = standing.encode(source: "/orchestration-fleet/feedback/\(self.configuration.workerID)", time: now)
            try self.deliver(value, headers, key: ExperimentStanding.key(of: name))
            self.standings[name] = standing
            self.runs[name]?.saved()
        }
    }

    /// Writes a record and waits for the broker.
    private func deliver(_ value: [UInt8]?, _ headers: RecordHeaders, key: [UInt8]) throws(KafkaError) {
        let outcome = headers.withView { headers in
            key.withUnsafeBytes { key in
                guard let value else { return self.producer.produce(to: self.policies, key: key, value: nil, headers: headers, token: 1) }
                return value.withUnsafeBytes { self.producer.produce(to: self.policies, key: key, value: $0, headers: headers, token: 1) }
            }
        }
        switch outcome {
        case .accepted: break
        case .full:
            self.producer.readReports { _, _ in }
            throw KafkaError.timedOut("the standing of an experiment could not be written yet")
        case .refused(let error): throw error
        }
        var result: KafkaError?
        // Reports come within `message.timeout.ms`.
        while self.producer.queueLength > 0 { self.producer.flush(milliseconds: 100) { _, error in result = result ?? error } }
        if let result { throw result }
    }
}
