import ArgumentParser
import FleetProcess
import JSON
import KafkaClient
import Orchestration
import Wire
import WorkerRuntime

struct Tail: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show the records of a topic, or of a kind of topic, as they come.",
        discussion: """
            Kinds: requests, retries, results, progress, deadletters (all layers, or one with --layer), signals, policies, control. Anything else is a topic's name.

            Examples:
              fleet tail results
              fleet tail signals --json | jq .value.reward
              fleet tail deadletters --layer domain --from-beginning --count 10
            """
    )

    @OptionGroup var connection: ConnectionOptions

    @Argument(help: "A kind of topic, or a topic's name.")
    var topic: String

    @Option(help: "domain, application or infrastructure. (default: all)")
    var layer: OrchestrationLayer?

    @Flag(help: "Begin with the oldest record instead of the next.")
    var fromBeginning = false

    @Option(help: ArgumentHelp("End after so many records.", valueName: "number"))
    var count: Int?

    @Flag(help: "One JSON object a line: topic, partition, offset, timestamp, key, headers, value.")
    var json = false

    func run() async throws {
        let topics = Tail.topics(of: self.topic, names: self.connection.names, layer: self.layer)
        try await reporting {
            try await onOwnThread {
                let reader = try TopicReader(
                    configuration: try self.connection.readerConfiguration("tail"),
                    observer: ConnectionOptions.observer,
                    topics: topics,
                    from: self.fromBeginning ? .beginning : .end
                )
                var shown = 0
                while self.count.map({ shown < $0 }) ?? true {
                    for record in try reader.read(milliseconds: 10_000) {
                        guard self.count.map({ shown < $0 }) ?? true else { return }
                        Console.line(self.json ? RecordText.json(record) : RecordText.readable(record))
                        shown += 1
                    }
                }
            }
        }
    }

    static func topics(of kind: String, names: TopicNames, layer: OrchestrationLayer?) -> [String] {
        let layers = layer.map { [$0] } ?? OrchestrationLayer.allCases
        switch kind {
        case "requests": return layers.map { names.requests($0) }
        case "retries": return layers.flatMap { names.retries($0) }
        case "results": return layers.map { names.results($0) }
        case "progress": return layers.map { names.progress($0) }
        case "deadletters": return layers.map { names.deadLetters($0) } + (layer == nil ? [names.feedbackDeadLetters] : [])
        case "signals": return ComponentType.allCases.map { names.signals($0) }
        case "policies": return [names.policies]
        case "control": return [names.control]
        default: return [kind]
        }
    }
}

/// A record as text.
enum RecordText {
    /// One JSON object; bytes that are no UTF-8 are repaired, a value that is no JSON becomes a string.
    static func json(_ record: ConsumedRecord) -> String {
        var writer = JSONWriter(reservingCapacity: 1024)
        writer.beginObject()
        writer.member("topic", record.source.topic)
        writer.member("partition", record.source.partition)
        writer.member("offset", record.offset)
        writer.member("timestamp", record.timestamp)
        writer.member("key", record.key.map { String(decoding: $0, as: UTF8.self) })
        writer.key("headers")
        writer.object(JSONObject(record.headers.pairs.map { ($0.name, .string($0.value)) }))
        writer.key("value")
        if let value = record.value {
            writer.value((try? JSONValue(parsing: value)) ?? .string(String(decoding: value, as: UTF8.self)))
        } else {
            writer.null()
        }
        writer.endObject()
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    /// One line for people, by the kind of the record.
    static func readable(_ record: ConsumedRecord) -> String {
        let place = Console.styled("\(record.source)@\(record.offset)", .dim)
        let value = record.value ?? []
        let headers = record.headers
        if let reason = headers["x-dlq-reason"] {
            let message = Console.shortened(headers["x-dlq-error-message"] ?? "")
            let source =
                "\(headers["x-dlq-source-topic"] ?? "")/\(headers["x-dlq-source-partition"] ?? "")@\(headers["x-dlq-source-offset"] ?? "")"
            return "\(place) \(Console.styled(reason, .red)) \(message) \(Console.styled("from \(source)", .dim))"
        }
        switch headers["ce_type"] {
        case Reply.type:
            if let reply = try? Reply(decoding: value) {
                let error = reply.result.error.map { " — \(Console.shortened($0))" } ?? ""
                return "\(place) \(Console.headline(of: reply))\(error)"
            }
        case ProgressNotice.type:
            if let notice = try? ProgressNotice(decoding: value) {
                let progress = notice.progress
                return
                    "\(place) \(Console.styled(notice.requestID, .bold)) \(progress.step)/\(progress.total) \(Console.shortened(progress.message))"
            }
        case SignalCodec.type:
            if let signal = try? JSONValue(parsing: value) {
                return "\(place) \(self.readable(signal: signal))"
            }
        default: break
        }
        let key = record.key.map { " \(Console.styled(Console.shortened(String(decoding: $0, as: UTF8.self)), .cyan))" } ?? ""
        return "\(place)\(key) \(record.value.map { Console.shortened(String(decoding: $0, as: UTF8.self), to: 300) } ?? "(no value)")"
    }

    static func readable(signal: JSONValue) -> String {
        let component = "\(signal["component_type"]?.stringValue ?? "?")/\(signal["component_id"]?.stringValue ?? "?")"
        let reward = signal["reward"]?.doubleValue ?? 0
        let style: Console.Style = reward >= 0.7 ? .green : reward >= 0.3 ? .yellow : .red
        let source = Console.styled("from \(signal["source"]?.stringValue ?? "?")", .dim)
        return "\(Console.styled(component, .bold)) reward \(Console.styled(hundredths(reward), style)) \(source)"
    }
}

/// Two decimals.
func hundredths(_ value: Double) -> String {
    let text = String(Int64((min(max(value, -1e12), 1e12) * 100).rounded()))
    let digits = text.hasPrefix("-") ? String(text.dropFirst()) : text
    let padded = String(repeating: "0", count: max(0, 3 - digits.count)) + digits
    return (text.hasPrefix("-") ? "-" : "") + padded.dropLast(2) + "." + padded.suffix(2)
}
