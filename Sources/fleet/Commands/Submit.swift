import ArgumentParser
import FleetProcess
import Glibc
import JSON
import KafkaClient
import Orchestration
import Wire
import WorkerRuntime

struct Submit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Put a request on a layer's topic, and wait for its reply if asked to.",
        discussion: """
            Examples:
              fleet submit echo --tenant acme --arg text=hello --wait
              fleet submit fallback_autonomous --tenant acme --arg url=https://example.org/article.html --wait --timeout 60
              fleet submit echo --layer application --key order-7 --kwargs @arguments.json --json
              fleet submit echo --tenant acme --arg text=hello --idempotency-key order-7 --wait

            A value of --arg that is JSON is taken as JSON ('n=3' is a number, 'text=three' a string).
            Exit codes: 0 submitted (with --wait: the reply is a success), 1 failed, 2 no reply in time, 64 usage.
            """
    )

    @OptionGroup var connection: ConnectionOptions

    @Argument(help: "The orchestrator's name.")
    var orchestrator: String

    @Option(help: "domain, application or infrastructure.")
    var layer: OrchestrationLayer = .domain

    @Option(help: "The tenant.")
    var tenant: String

    @Option(help: "Requests with the same key run in order. (default: none)")
    var key: String?

    @Option(help: ArgumentHelp("An argument; repeat for more.", valueName: "name=value"))
    var arg: [String] = []

    @Option(help: ArgumentHelp("Arguments as a JSON object, or @file.", valueName: "json"))
    var kwargs: String?

    @Option(help: ArgumentHelp("The request's id. (default: a new one)", valueName: "id"))
    var id: String?

    @Option(help: ArgumentHelp("Milliseconds from now after which an answer is of no use.", valueName: "ms"))
    var deadline: Int64?

    @Option(
        help: ArgumentHelp(
            "Requests of a tenant with the same key mean the same job: it runs once, and all get its reply; at most 200 bytes.",
            valueName: "key"
        )
    )
    var idempotencyKey: String?

    @Flag(help: "Wait for the reply and print it.")
    var wait = false

    @Option(help: ArgumentHelp("Seconds to wait.", valueName: "seconds"))
    var timeout = 30.0

    @Flag(help: "Print the reply's JSON.")
    var json = false

    func validate() throws {
        guard self.timeout > 0, self.timeout <= 86_400 else { throw ValidationError("--timeout must be above 0 and at most 86400 seconds") }
        if let key = self.idempotencyKey, !(1...WireLimits.default.idempotencyKeyBytes).contains(key.utf8.count) {
            throw ValidationError("--idempotency-key must have 1 to \(WireLimits.default.idempotencyKeyBytes) bytes")
        }
    }

    func run() async throws {
        let request = try self.request()
        let reply = try await reporting {
            try await onOwnThread { try self.submit(request) }
        }
        guard self.wait else {
            Console.line(self.json ? "{\"request_id\":\(JSONValue.string(request.requestID))}" : request.requestID)
            return
        }
        guard let (value, reply) = reply else {
            FleetProcess.complain(
                "fleet: no reply to \(request.id) within \(self.timeout) s; is a worker of the \(self.layer.rawValue) layer running?"
            )
            throw ExitCode.timedOut
        }
        if self.json { Console.line(String(decoding: value, as: UTF8.self)) } else { Console.show(reply) }
        guard reply.result.success else { throw ExitCode.failure }
    }

    private func request() throws -> Request {
        var request = Request(
            id: self.id ?? RequestID.make(),
            orchestrator: self.orchestrator,
            tenantID: self.tenant,
            kwargs: try Submit.arguments(kwargs: self.kwargs, arguments: self.arg),
            source: "/orchestration-fleet/fleet"
        )
        request.event.time = WireTime.text(WireTime.now)
        request.event.idempotencyKey = self.idempotencyKey
        if let deadline = self.deadline { request.event.deadline = WireTime.now + deadline }
        return request
    }

    /// The arguments of a request: those of `--kwargs`, and over them those of `--arg`.
    static func arguments(kwargs: String?, arguments: [String]) throws -> JSONObject {
        var object = JSONObject()
        if let kwargs {
            var bytes = Array(kwargs.utf8)
            if kwargs.hasPrefix("@") {
                let path = String(kwargs.dropFirst())
                do {
                    bytes = try ConfigurationSources.readSmallFile(path)
                } catch {
                    throw ValidationError("--kwargs \(kwargs): \(error)")
                }
            }
            do {
                let value = try JSONValue(parsing: bytes)
                guard case .object(let parsed) = value else {
                    throw ValidationError("--kwargs: expected a JSON object, found \(value.kindName)")
                }
                object = parsed
            } catch let error as JSONError {
                throw ValidationError("--kwargs: \(error.message)")
            }
        }
        for argument in arguments {
            guard let separator = argument.firstIndex(of: "="), separator != argument.startIndex else {
                throw ValidationError("--arg \(argument): expected name=value")
            }
            let text = String(argument[argument.index(after: separator)...])
            object[String(argument[..<separator])] = (try? JSONValue(parsing: text)) ?? .string(text)
        }
        return object
    }

    private func submit(_ request: Request) throws -> (value: [UInt8], reply: Reply)? {
        let observer = ConnectionOptions.observer
        let names = self.connection.names
        let reader =
            self.wait
            ? try TopicReader(
                configuration: try self.connection.readerConfiguration("reader"),
                observer: observer,
                topics: [names.results(self.layer)],
                from: .end
            ) : nil
        let producer = try KafkaProducer(
            configuration: try self.connection.clientConfiguration("submit").merging(["linger.ms": "0", "message.timeout.ms": "20000"]),
            observer: observer
        )
        try producer.send(request, to: try producer.topic(names.requests(self.layer)), key: self.key)
        guard let reader else { return nil }
        let end = WireTime.now + Int64(self.timeout * 1000)
        while WireTime.now < end {
            for record in try reader.read(milliseconds: Int32(clamping: min(1_000, end - WireTime.now))) {
                guard record.headers["ce_causationid"] == request.id, let value = record.value else { continue }
                return (value, try Reply(decoding: value))
            }
        }
        return nil
    }
}

extension KafkaProducer {
    /// Sends one request and waits until the broker has it.
    func send(_ request: Request, to topic: ProducerTopic, key: String?) throws {
        let (value, headers) = request.encode()
        try self.send(value, headers, to: topic, key: key.map { Array($0.utf8) })
    }

    /// Sends one record, a tombstone without a value, and waits until the broker has it.
    func send(_ value: [UInt8]?, _ headers: RecordHeaders, to topic: ProducerTopic, key: [UInt8]?) throws {
        let outcome = headers.withView { headers in
            func send(_ key: UnsafeRawBufferPointer?) -> Outcome {
                guard let value else { return self.produce(to: topic, key: key, value: nil, headers: headers, token: 1) }
                return value.withUnsafeBytes { self.produce(to: topic, key: key, value: $0, headers: headers, token: 1) }
            }
            return key.map { key in key.withUnsafeBytes { send($0) } } ?? send(nil)
        }
        if case .refused(let error) = outcome { throw error }
        var failure: KafkaError?
        var isReported = false
        while !isReported {
            self.flush(milliseconds: 50) { _, error in
                isReported = true
                failure = error
            }
        }
        if let failure { throw failure }
    }
}

/// Ids of requests: UUID version 7 (RFC 9562), which sort by time.
enum RequestID {
    static func make() -> String {
        var generator = SystemRandomNumberGenerator()
        let time = UInt64(max(0, WireTime.now))
        let high = time << 16 | 0x7000 | UInt64.random(in: 0...0xfff, using: &generator)
        let low = UInt64.random(in: 0...(.max), using: &generator) & 0x3fff_ffff_ffff_ffff | 0x8000_0000_0000_0000
        func hex(_ value: UInt64, _ digits: Int) -> String {
            let text = String(value, radix: 16)
            return String(repeating: "0", count: max(0, digits - text.count)) + text
        }
        let first = hex(high, 16)
        let second = hex(low, 16)
        return "\(first.prefix(8))-\(first.dropFirst(8).prefix(4))-\(first.suffix(4))-\(second.prefix(4))-\(second.suffix(12))"
    }
}
