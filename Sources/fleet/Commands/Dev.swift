import ArgumentParser
import DomainProcess
import FleetProcess
import KafkaClient
import Orchestration
import Wire
import WorkerRuntime

struct Dev: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run the embedded broker and all four workers in this process.",
        discussion: """
            The broker's address is printed; any Kafka client on this machine can use it. It lives in memory: no transactions, 5 MiB kept
            per partition, gone at the end.

            Examples:
              fleet dev --file-root .
              fleet dev --enable-probe --admin-address 127.0.0.1:8080

            Exit codes: 0 drained, 1 failed or left records unfinished, 64 usage, 78 configuration.
            """
    )

    @OptionGroup var options: WorkerOptions
    @OptionGroup var domain: DomainOptions

    func run() async throws {
        FleetProcess.bootstrapLogging(self.options)
        if self.options.bootstrapServers != WorkerConfiguration().bootstrapServers {
            FleetProcess.complain("fleet dev brings its own broker: \(self.options.bootstrapServers) is not used")
        }
        let broker = try EmbeddedBroker()
        // The workers know only its address.
        defer { extendLifetime(broker) }
        try await FleetProcess.run(self.options) { configuration, logger, registry, onReady in
            let fleet = try DevFleet(
                on: broker,
                configuration,
                domain: self.domain,
                partitions: self.options.partitions,
                probe: self.options.enableProbe,
                logger: logger,
                registry: registry,
                onReady: onReady
            )
            Console.line("broker \(broker.bootstrapServers)")
            Dev.explain(broker.bootstrapServers, topicPrefix: configuration.topicPrefix)
            return fleet.services
        }
    }

    /// How to submit from another terminal.
    static func explain(_ servers: String, topicPrefix: String) {
        // As it was typed here.
        let program = CommandLine.arguments.first ?? "fleet"
        let names = TopicNames(prefix: topicPrefix)
        let prefix = topicPrefix.isEmpty ? "" : " --topic-prefix \(topicPrefix)"
        Console.line(
            """

            From another terminal, when it says ready:
              \(program) submit echo --bootstrap-servers \(servers)\(prefix) --tenant acme --arg text=hello --wait
              \(program) tail results --bootstrap-servers \(servers)\(prefix)

            With kcat alone:
              echo '{"orchestrator":"echo","context":{"tenant_id":"acme"},"kwargs":{"text":"hello"}}' \\
                | kcat -P -b \(servers) -t \(names.requests(.domain)) -k demo \\
                    -H ce_specversion=1.0 -H ce_id=demo-1 -H ce_type=orchestration.request.v1 -H ce_source=/kcat -H content-type=application/json
              kcat -C -b \(servers) -t \(names.results(.domain)) -o beginning -e

            Ctrl-C drains and ends.

            """
        )
    }
}
