import ArgumentParser
import FleetProcess
import Glibc
import JSON
import KafkaClient
import Orchestration
import Wire
import WorkerRuntime

struct Cancel: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Cancel requests by their ids, whether they run, wait or have not come yet.",
        discussion: """
            Every worker reads the command. A request that runs is cancelled; one that waits is answered when its turn comes, without running; one that is
            finished stays as it is. A command counts for 24 hours, for every request with that id, unless it is withdrawn.

            Examples:
              fleet cancel 0190f2c4-7b1e-7c3a-9d55-2f6f1f0c9a11
              fleet cancel article-7 article-8 --reason "The desk withdrew them" --wait --timeout 60
              fleet cancel article-7 --withdraw

            Exit codes: 0 sent (with --wait: every request was answered with cancelled), 1 failed (with --wait: a request ended otherwise), 2 no reply in time,
            64 usage.
            """
    )

    @OptionGroup var connection: ConnectionOptions

    @Argument(help: ArgumentHelp("Ids of requests.", valueName: "request-id"))
    var requests: [String]

    @Option(help: ArgumentHelp("Why; stands in the reply.", valueName: "text"))
    var reason: String?

    @Option(help: ArgumentHelp("Who cancels; stands in the reply. (default: user@host)", valueName: "text"))
    var issuedBy: String?

    @Flag(help: "Take the command back: requests with these ids that have not been cancelled by then run.")
    var withdraw = false

    @Flag(help: "Wait for the replies, on every layer, and print them.")
    var wait = false

    @Option(help: ArgumentHelp("Seconds to wait.", valueName: "seconds"))
    var timeout = 30.0

    @Flag(help: "Print the replies' JSON.")
    var json = false

    func validate() throws {
        guard self.timeout > 0, self.timeout <= 86_400 else { throw ValidationError("--timeout must be above 0 and at most 86400 seconds") }
        if self.withdraw, self.wait || self.reason != nil {
            throw ValidationError("--withdraw goes with neither --wait nor --reason: nothing answers it")
        }
        let longest = WireLimits.default.attributeBytes
        for (name, texts) in [
            ("request-id", self.requests), ("--reason", [self.reason ?? ""]), ("--issued-by", [self.issuedBy ?? ""]),
        ] {
            for text in texts where text.utf8.count > longest {
                throw ValidationError("\(name) has \(text.utf8.count) bytes, \(longest) are allowed")
            }
        }
        guard !self.requests.contains("") else { throw ValidationError("a request-id is empty") }
    }

    func run() async throws {
        let replies = try await reporting {
            try await onOwnThread { try self.send() }
        }
        guard self.wait else {
            for id in self.requests {
                let action = self.withdraw ? "withdrawn" : "cancel"
                Console.line(
                    self.json ? JSONValue.object(["request_id": .string(id), "command": .string(action)]).description : "\(action) \(id)"
                )
            }
            return
        }
        let missing = self.requests.filter { id in !replies.contains { $0.requestID == id } }
        guard missing.isEmpty else {
            FleetProcess.complain(
                "fleet: no reply of \(missing.joined(separator: ", ")) within \(self.timeout) s; a request that was answered before is not answered again"
            )
            throw ExitCode.timedOut
        }
        guard replies.allSatisfy(\.result.isCancelled) else { throw ExitCode.failure }
    }

    /// Publishes the commands, and follows the results if asked to.
    ///
    /// - Returns: the first reply of each request that came in time.
    private func send() throws -> [Reply] {
        let observer = ConnectionOptions.observer
        let names = self.connection.names
        let known = Set(
            try KafkaAdmin(configuration: try self.connection.clientConfiguration("cancel"), observer: observer).describeTopics().map(
                \.name
            )
        )
        guard known.contains(names.control) else {
            FleetProcess.complain(
                "fleet: the topic \(names.control) does not exist, so no worker can be told; create it with: fleet topics create"
            )
            throw ExitCode.failure
        }
        let reader =
            self.wait
            ? try TopicReader(
                configuration: try self.connection.readerConfiguration("reader"),
                observer: observer,
                topics: OrchestrationLayer.allCases.map { names.results($0) }.filter { known.contains($0) },
                from: .end
            ) : nil
        let producer = try KafkaProducer(
            configuration: try self.connection.clientConfiguration("cancel").merging(["linger.ms": "0", "message.timeout.ms": "20000"]),
            observer: observer
        )
        let topic = try producer.topic(names.control)
        for id in self.requests {
            let time = WireTime.now
            let command = ControlCommand(.cancel(requestID: id), reason: self.reason, issuedBy: self.issuedBy ?? Cancel.user, time: time)
            if self.withdraw {
                try producer.send(nil, RecordHeaders(), to: topic, key: command.key)
            } else {
                let (value, headers) = command.encode(source: "/orchestration-fleet/fleet", time: time)
                try producer.send(value, headers, to: topic, key: command.key)
            }
        }
        return try reader.map { try self.follow($0) } ?? []
    }

    /// Prints the replies of the requests as they come.
    private func follow(_ reader: TopicReader) throws -> [Reply] {
        var replies: [Reply] = []
        var open = Set(self.requests)
        let end = WireTime.now + Int64(self.timeout * 1000)
        while !open.isEmpty, WireTime.now < end {
            for record in try reader.read(milliseconds: Int32(clamping: min(1_000, end - WireTime.now))) {
                guard let value = record.value, let reply = try? Reply(decoding: value), open.remove(reply.requestID) != nil else {
                    continue
                }
                replies.append(reply)
                if self.json { Console.line(String(decoding: value, as: UTF8.self)) } else { Console.show(reply) }
            }
        }
        return replies
    }

    /// The user and the host, as far as they are known.
    static var user: String {
        var buffer = [CChar](repeating: 0, count: 256)
        let host = gethostname(&buffer, buffer.count - 1) == 0 ? buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) } : []
        let name = getenv("USER").map { String(cString: $0) } ?? "uid-\(getuid())"
        return String("\(name)@\(String(decoding: host, as: UTF8.self))".prefix(200))
    }
}
