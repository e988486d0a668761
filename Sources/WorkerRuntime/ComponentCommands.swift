import Feedback
import KafkaClient
import Observability
import Orchestration
import Wire

/// Reads the commands about components and experiments from the control topic, and hands them to whom they concern.
final class ComponentCommands: Sendable {
    private let table: TableReader

    init(
        topic: String,
        configuration: KafkaConfiguration,
        logger: Logger,
        registry: MetricsRegistry,
        commands: Mailbox<ComponentCommand>,
        experiments: Mailbox<ExperimentCommand>
    ) {
        let throttle = LogThrottle()
        self.table = TableReader(
            topic: topic,
            configuration: configuration,
            wording: TableReader.Wording(
                client: "control",
                isMissing: "components cannot be disabled or enabled here until the control topic can be read",
                isBack: "the control topic is read again"
            ),
            logger: logger,
            registry: registry,
            events: TableReader.Events(
                take: { record in
                    do throws(WireError) {
                        let command = try record.withView { (view) throws(WireError) in try ControlRecord(decoding: view) }
                        if let letter = ComponentCommand(command, timestamp: record.timestamp) { commands.send(letter) }
                        if let letter = ExperimentCommand(command, timestamp: record.timestamp) { experiments.send(letter) }
                    } catch {
                        guard let leftOut = throttle.admit(at: monotonicMilliseconds()) else { return }
                        let place: Logger.Metadata = ["partition": "\(record.source)", "offset": "\(record.offset)", "error": "\(error)"]
                        logger.notice("a broken command is ignored", metadata: place.merging(leftOut) { $1 })
                    }
                },
                caughtUp: { _ in experiments.send(.caughtUp) },
                givenUp: {},
                clean: {}
            )
        )
    }

    /// Reads until ``end()``.
    func run() async { await self.table.run() }

    /// Ends the reading soon.
    func end() { self.table.end() }
}

extension ComponentCommand {
    /// What a record of the control topic says about a component; nil when it is about something else.
    ///
    /// - Parameter timestamp: of the record; stands in for a command without a time.
    init?(_ record: ControlRecord, timestamp: Int64) {
        switch record {
        case .command(let command):
            guard case .component(let component, let order) = command.order else { return nil }
            self.component = component
            self.time = command.time ?? timestamp
            switch order {
            case .disable:
                let issuer = command.issuedBy.map { " (\($0))" } ?? ""
                self.command = .disable(reason: "\(command.reason ?? "disabled by a command")\(issuer)")
            case .enable: self.command = .enable
            case .reset: self.command = .reset
            }
        case .withdrawn(.component(let component)):
            self.component = component
            self.time = timestamp
            self.command = .withdraw
        case .withdrawn, .unknown: return nil
        }
    }
}
