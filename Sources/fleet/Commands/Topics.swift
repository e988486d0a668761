import ArgumentParser
import KafkaClient
import Wire
import WorkerRuntime

struct Topics: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make the fleet's topics.",
        discussion: """
            Examples:
              fleet topics create --bootstrap-servers localhost:9092
            """,
        subcommands: [Create.self]
    )

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Create the fleet's topics that are missing; those that exist are left as they are.",
            discussion: """
                Examples:
                  fleet topics create --bootstrap-servers localhost:9092
                  fleet topics create --partitions 32 --replication-factor 3 --topic-prefix staging.
                """
        )

        @OptionGroup var connection: ConnectionOptions

        @Option(help: ArgumentHelp("Partitions of each topic.", valueName: "number"))
        var partitions: Int32 = 8

        @Option(help: ArgumentHelp("Copies of each partition; -1 is the broker's default.", valueName: "number"))
        var replicationFactor: Int32 = -1

        func validate() throws {
            guard (1...10_000).contains(self.partitions) else { throw ValidationError("--partitions must be 1 to 10000") }
            guard self.replicationFactor == -1 || (1...100).contains(self.replicationFactor) else {
                throw ValidationError("--replication-factor must be 1 to 100, or -1")
            }
        }

        func run() async throws {
            try await reporting {
                let created = try await TopicProvision.create(
                    self.connection.names,
                    partitions: self.partitions,
                    replicationFactor: self.replicationFactor,
                    configuration: try self.connection.clientConfiguration("topics"),
                    observer: ConnectionOptions.observer
                )
                for topic in created { Console.line("created \(topic)") }
                Console.line("\(created.count) created, \(self.connection.names.all.count - created.count) existed")
            }
        }
    }
}
