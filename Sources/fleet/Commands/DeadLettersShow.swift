import ArgumentParser
import FleetProcess
import KafkaClient
import Wire

struct DeadLettersShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show a dead letter as a whole: where it came from, its headers, key and value.",
        discussion: """
            Without --layer every layer is looked at, and each letter in that place is shown.

            Examples:
              fleet deadletters show 3:1042 --layer domain
              fleet deadletters show 0:7 --json | jq .value

            Exit codes: 0 shown, 1 there is no such letter, 64 usage.
            """
    )

    /// A place in a topic as it is typed.
    struct Place: ExpressibleByArgument, Sendable, Hashable {
        let partition: Int32
        let offset: Int64

        init?(argument: String) {
            let parts = argument.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 2, let partition = Int32(parts[0]), let offset = Int64(parts[1]), partition >= 0, offset >= 0 else {
                return nil
            }
            self.partition = partition
            self.offset = offset
        }
    }

    @OptionGroup var options: DeadLetterOptions

    @Argument(help: "partition:offset, as in the list.")
    var place: Place

    @Flag(help: "One JSON object with all headers and the value.")
    var json = false

    func run() async throws {
        try await deadLetterReporting {
            let place = self.place
            let kept = try self.options.ranges(try self.options.admin()).filter {
                $0.source.partition == place.partition && $0.offsets.contains(place.offset)
            }
            let reader = try DeadLetterReader(
                kept.map { ($0.origin, $0.source, place.offset..<place.offset + 1) },
                configuration: try self.options.connection.readerConfiguration("deadletters")
            )
            var count = 0
            reading: while true {
                switch try reader.next(milliseconds: 1_000) {
                case .letter(let letter):
                    guard letter.record.offset == place.offset, letter.matches(self.options.selection) else { continue }
                    if count > 0, !self.json { Console.line() }
                    self.show(letter)
                    count += 1
                case .waiting: continue
                case .end: break reading
                }
            }
            if count == 0 {
                throw DeadLetterFailure(
                    "no such dead letter at \(place.partition):\(place.offset); fleet deadletters list tells which there are"
                )
            }
        }
    }

    private func show(_ letter: StoredLetter) {
        if self.json {
            Console.line(DeadLetterText.json(letter, whole: true))
            return
        }
        func line(_ name: String, _ text: String?) {
            guard let text else { return }
            Console.line("\(Console.styled(DeadLetterText.cell(name, 16), .cyan)) \(DeadLetterText.escaped(text))")
        }
        let headers = letter.headers
        Console.line(Console.styled("\(letter.record.source)@\(letter.record.offset)", .bold))
        line("died at", WireTime.text(letter.time))
        if let mistake = letter.record.withView({ view in Self.mistake(view.headers) }) { line("note", mistake) }
        line("reason", headers.reason)
        line("error", headers.errorMessage.map { "\($0)\(headers.errorCategory.map { " [\($0)]" } ?? "")" })
        line("orchestrator", headers.orchestrator)
        line("tenant", letter.tenant)
        line("id", letter.id)
        if let topic = headers.sourceTopic {
            line("source", "\(topic)/\(headers.sourcePartition.map { "\($0)" } ?? "?")@\(headers.sourceOffset.map { "\($0)" } ?? "?")")
        }
        line("given up by", headers.worker.map { "\($0)\(headers.consumerGroup.map { " of \($0)" } ?? "")" })
        line("attempts", headers.attempts.map { "\($0)" })
        line("replays", "\(headers.replayCount)")
        line("first failure", headers.firstFailureAt.map { WireTime.text($0) })
        line("last failure", headers.lastFailureAt.map { WireTime.text($0) })
        line("left out", headers.valueBytes.map { "the value of \($0) bytes, too large for this topic; it stands at the source" })

        Console.line(Console.styled("headers", .bold))
        letter.record.withView { view in
            view.headers.forEach { name, value in
                let name = DeadLetterText.escaped(String(decoding: name, as: UTF8.self))
                Console.line("  \(Console.styled(name, .cyan)): \(value.map { Self.text(of: Array($0)) } ?? "(null)")")
            }
        }
        Console.line("\(Console.styled("key", .bold)) \(letter.record.key.map { Self.text(of: $0) } ?? "(none)")")
        guard let value = letter.record.value else {
            Console.line("\(Console.styled("value", .bold)) (none)")
            return
        }
        Console.line("\(Console.styled("value", .bold)) \(value.count) bytes")
        for text in DeadLetterText.lines(of: value) { Console.line("  \(text)") }
    }

    /// What a dead letter of the fleet has and this one has not.
    private static func mistake(_ headers: RecordHeadersView) -> String? {
        do throws(WireError) {
            _ = try DeadLetter(headers: headers)
            return nil
        } catch {
            return "not written by a worker of this version: \(error.message)"
        }
    }

    /// Text escaped, other bytes in hexadecimal, at most 64 of them.
    private static func text(of bytes: [UInt8]) -> String {
        if let text = String(validating: bytes, as: UTF8.self) { return DeadLetterText.escaped(text) }
        let digits = bytes.prefix(64).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        return "0x\(digits)\(bytes.count > 64 ? "… (\(bytes.count) bytes)" : "")"
    }
}
