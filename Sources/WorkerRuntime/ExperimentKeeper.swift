import Feedback
import JSON
import KafkaClient
import Observability
import Orchestration
import Synchronization
import Wire

/// What the control topic says about an experiment.
enum ExperimentCommand: Sendable {
    /// It is defined so; nil: it is no more. With the command's time, milliseconds since 1970.
    case define(name: String, definition: JSONObject?, time: Int64)
    /// Everything has been read that was there at the start.
    case caughtUp

    /// - Parameter timestamp: of the record; stands in for a command without a time.
    init?(_ record: ControlRecord, timestamp: Int64) {
        switch record {
        case .command(let command):
            switch command.order {
            case .define(let name, let definition): self = .define(name: name, definition: definition, time: command.time ?? timestamp)
            case .stop(let name): self = .define(name: name, definition: nil, time: command.time ?? timestamp)
            case .cancel, .component: return nil
            }
        case .withdrawn(.experiment(let name)): self = .define(name: name, definition: nil, time: timestamp)
        case .withdrawn, .unknown: return nil
        }
    }
}

/// Counts the rewards of experiments, and says on the policies topic how they stand; for the whole fleet in the one feedback orchestrator that has
/// the first partition.
///
/// It reads decisions and signals by itself, outside of the group, and only while there is an experiment that is not decided. What it publishes says
/// of which signals it is made, so that the next one goes on from there.
final class ExperimentKeeper: Sendable {
    let commands: Mailbox<ExperimentCommand>
    private let wake = WakeSignal()
    private let isEnding = Atomic<Bool>(false)
    private let names: TopicNames
    private let configuration: WorkerConfiguration
    private let lifecycle: FeedbackLifecycle
    private let interval: Int64
    /// How far before a standing decisions are read that may yet get a reward; milliseconds.
    private let rewardWait: Int64
    private let logger: Logger
    private let registry: MetricsRegistry

    /// - Parameters:
    ///   - interval: milliseconds between standings, unless something is decided.
    ///   - rewards: how long a decision waits for its reward.
    init(
        names: TopicNames,
        configuration: WorkerConfiguration,
        lifecycle: FeedbackLifecycle,
        interval: Int64,
        rewards: RewardRule,
        logger: Logger,
        registry: MetricsRegistry
    ) {
        self.commands = Mailbox(wake: self.wake)
        self.names = names
        self.configuration = configuration
        self.lifecycle = lifecycle
        self.interval = interval
        // And a minute: clocks differ, and what was written in a transaction is read when that ends. Whoever gives no number, or one beyond 30,000
        // years, has every decision read.
        self.rewardWait = (rewards.wait >= 0 && rewards.wait <= 1e12 ? Int64(rewards.wait * 1_000) : 1_000_000_000_000_000) + 60_000
        self.logger = logger
        self.registry = registry
    }

    /// Ends soon.
    func end() {
        self.isEnding.store(true, ordering: .releasing)
        self.wake.raise()
    }

    /// Works until ``end()``; a broker that is away is waited for.
    func run() async {
        try? await onOwnThread { self.work() }
    }

    private func work() {
        let throttle = LogThrottle()
        var definitions = ExperimentDefinitions()
        var letters: [ExperimentCommand] = []
        var loop: ExperimentLoop?
        while !self.isEnding.load(ordering: .acquiring) {
            self.commands.take(into: &letters)
            for letter in letters {
                guard let mistake = definitions.take(letter) else { continue }
                self.logger.notice("a broken experiment is ignored", metadata: ["error": "\(Redaction.redact(mistake))"])
            }
            guard self.lifecycle.leads.load(ordering: .acquiring), definitions.isComplete else {
                loop = nil
                self.wake.wait(milliseconds: 500)
                continue
            }
            do throws(KafkaError) {
                if loop == nil {
                    loop = try ExperimentLoop(
                        self.names,
                        self.configuration,
                        rewardWait: self.rewardWait,
                        self.logger,
                        self.registry,
                        self.wake
                    )
                }
                try loop?.turn(definitions, interval: self.interval)
            } catch {
                loop = nil
                if let leftOut = throttle.admit(at: monotonicMilliseconds()) {
                    self.logger.warning("experiments wait", metadata: ["error": "\(error)"].merging(leftOut) { $1 })
                }
                self.wake.wait(milliseconds: 1_000)
            }
        }
    }
}

/// The experiments that are defined.
struct ExperimentDefinitions: Sendable {
    private(set) var defined: [String: (definition: ExperimentDefinition, time: Int64)] = [:]
    /// Whether the control topic has been read: what is not defined by then is no more.
    private(set) var isComplete = false
    /// Rises with every change.
    private(set) var version = 0
    /// Of the newest command about each, also of those that are no more: what is read again does not bring them back.
    private var times: [String: Int64] = [:]

    /// - Returns: what is wrong with a definition.
    mutating func take(_ letter: ExperimentCommand) -> String? {
        guard case .define(let name, let json, let time) = letter else {
            self.isComplete = true
            return nil
        }
        guard time > self.times[name] ?? .min else { return nil }
        self.times[name] = time
        self.version += 1
        self.defined[name] = nil
        guard let json else { return nil }
        do throws(ExperimentError) {
            self.defined[name] = (try ExperimentDefinition(json: json), ExperimentStanding.definedAt(time))
        } catch {
            return "experiment \(name): \(error)"
        }
        return nil
    }
}
