import Glibc
import JSON
import KafkaClient
import KafkaProcess
import Orchestration
import Testing
import Wire
import WorkerRuntime

extension RealKafkaSuite {
    /// The tool for dead letters, as a process, against letters that real workers wrote and against those that nobody should write.
    @Suite struct DeadLetterProcessTests {
        // MARK: Looking

        @Test func letterOfAWorkerIsListedCountedAndShown() async throws {
            let topics = try await TestTopics.ofLayer(.application, partitions: 2)
            let names = topics.names
            // One after the other: what ends first dies first.
            let worker = try await WorkerProcess.ready(
                "application-worker",
                id: "w1",
                of: topics,
                ["--signals", "off", "--concurrency", "1"]
            )
            var late = Request(id: "late", orchestrator: "echo", tenantID: "bolt")
            late.event.deadline = 1
            let requests = (0..<3).map {
                Request(id: "u\($0)", orchestrator: "nobody", tenantID: "acme", kwargs: ["n": .integer(Int64($0))])
            }
            let records = requests.map { TestRecord($0, partition: 1, key: "k-\($0.id)") } + [TestRecord(late, partition: 1, key: "k-late")]
            try await Submitter.send(records + [TestRecord(partition: 1, text: "{")], to: names.requests(.application), of: topics)
            try await Collector([names.deadLetters(.application)], of: topics).wait(for: 5)
            #expect(try await worker.drain() == .exited(0))

            let list = try await topics.deadLetters("list").requireSuccess().outputLines
            #expect(list.count == 6 && list[0].hasPrefix("DIED AT"))
            for (line, words) in zip(
                list.dropFirst(),
                [["unknown_orchestrator", "nobody", "k-u0"], ["k-u1"], ["k-u2"], ["expired", "echo", "k-late"], ["undecodable"]]
            ) {
                for word in words + ["application"] { #expect(line.contains(word), "\(word) in \(line)") }
            }
            let json = try await topics.deadLetters("list", ["--json"]).requireSuccess().outputLines.map { try JSONValue(parsing: $0) }
            #expect(
                json.compactMap { $0["source_offset"]?.integerValue } == [0, 1, 2, 3, 4] && json.allSatisfy { $0["source_partition"] == 1 }
            )
            #expect(
                json[0]["worker"] == "w1" && json[0]["id"] == "u0" && json[0]["replay_count"] == 0 && json[3]["error_category"] == "timeout"
            )
            #expect(json.allSatisfy { $0["died_at"]?.stringValue.flatMap { WireTime.milliseconds($0) } != nil })

            // Selections.
            for (selection, ids) in [
                (["--reason", "expired"], ["late"]),
                (["--reason", "expired", "--reason", "unknown_orchestrator"], ["u0", "u1", "u2", "late"]),
                (["--orchestrator", "nobody", "--max", "2"], ["u0", "u1"]), (["--filter", "k-u1"], ["u1"]),
                (["--filter", #""n":2"#], ["u2"]),
                (["--filter", "Deadline"], ["late"]), (["--since", "1h", "--filter", "late"], ["late"]), (["--until", "1h"], []),
                (["--layer", "application", "--filter", "u0"], ["u0"]),
                (["--since", json[3]["died_at"]?.stringValue ?? "", "--reason", "expired"], ["late"]),
                (["--until", json[0]["died_at"]?.stringValue ?? ""], []),
            ] {
                let found = try await topics.deadLetters("list", selection + ["--json"]).requireSuccess().outputLines
                #expect(try found.map { try JSONValue(parsing: $0)["id"]?.stringValue } == ids, "\(selection)")
            }

            // Counts.
            for (by, expected) in [
                ("reason", ["unknown_orchestrator 3", "expired 1", "undecodable 1"]), ("orchestrator", ["nobody 3", "null 1", "echo 1"]),
                ("tenant", ["acme 3", "null 1", "bolt 1"]), ("error-category", ["processing 3", "timeout 1", "validation 1"]),
            ] {
                let lines = try await topics.deadLetters("histogram", ["--by", by, "--json"]).requireSuccess().outputLines
                let counts = try lines.map { try JSONValue(parsing: $0) }.map { "\($0["name"]?.stringValue ?? "null") \($0["count"] ?? 0)" }
                #expect(counts == expected, "\(by)")
            }
            #expect(try await topics.deadLetters("histogram").requireSuccess().standardOutput.contains("unknown_orchestrator"))
            let hours = try await topics.deadLetters("histogram", ["--by", "hour", "--json"]).requireSuccess().outputLines
            #expect(try hours.reduce(0) { $0 + (try JSONValue(parsing: $1)["count"]?.integerValue ?? 0) } == 5)

            let show = try await topics.deadLetters("show", ["0:1"]).requireSuccess().standardOutput
            for text in ["unknown_orchestrator", "ce_id: u1", "x-dlq-worker: w1", "key k-u1", "\"tenant_id\": \"acme\"", "/1@1"] {
                #expect(show.contains(text), "\(text) in \(show)")
            }
            let whole = try JSONValue(parsing: try await topics.deadLetters("show", ["0:3", "--json"]).requireSuccess().standardOutput)
            #expect(whole["headers"]?["ce_id"] == "late" && whole["value"]?["context"]?["tenant_id"] == "bolt")
            for place in ["0:99", "7:0"] {
                let none = try await topics.deadLetters("show", [place])
                #expect(none.status == .exited(1) && none.standardError.contains(place))
            }
        }

        @Test func hostileRecordsAreShownHarmlessly() async throws {
            let topics = try await TestTopics.ofLayer(.domain)
            let topic = topics.names.deadLetters(.domain)
            func headers(_ pairs: KeyValuePairs<String, [UInt8]?>) -> RecordHeaders {
                var headers = RecordHeaders()
                for (name, value) in pairs {
                    Array(name.utf8).withUnsafeBytes { name in
                        if let value { value.withUnsafeBytes { headers.append(name, $0) } } else { headers.append(name, nil) }
                    }
                }
                return headers
            }
            let evil = Array("\u{1b}]0;owned\u{7}\u{1b}[2J\r\n\u{202e}".utf8)
            var many = RecordHeaders()
            for number in 0..<5_000 { many.append("h", "\(number)") }
            try await Submitter.send(
                [
                    TestRecord(value: nil), TestRecord(key: "", value: []), TestRecord(value: Array(repeating: 0xff, count: 900_000)),
                    TestRecord(
                        value: evil,
                        headers: headers(["x-dlq-reason": evil, "x-dlq-error-message": evil, "x-dlq-orchestrator": evil])
                    ),
                    TestRecord(value: nil, headers: headers(["x-dlq-reason": nil, "x-dlq-source-offset": [0, 1, 2], "": [1]])),
                    TestRecord(text: String(repeating: "[", count: 100_000), headers: many),
                    TestRecord(key: String(decoding: evil, as: UTF8.self), text: #"{"context":{"tenant_id":"\u001b[31m"}}"#),
                    TestRecord(
                        value: [1],
                        headers: headers(["x-dlq-replay-count": Array("-5".utf8), "x-dlq-source-topic": Array("__consumer_offsets".utf8)])
                    ),
                ],
                to: topic,
                of: topics
            )
            func isHarmless(_ text: String) -> Bool {
                !text.unicodeScalars.contains { $0 == "\u{1b}" || $0 == "\u{7}" || $0 == "\r" || $0 == "\u{202e}" }
            }
            let list = try await topics.deadLetters("list").requireSuccess()
            #expect(list.outputLines.count == 9 && isHarmless(list.standardOutput))
            let json = try await topics.deadLetters("list", ["--json"]).requireSuccess().outputLines
            #expect(try json.compactMap { try JSONValue(parsing: $0)["offset"]?.integerValue } == Array(0..<8))
            for by in ["reason", "orchestrator", "error-category", "hour", "tenant"] {
                #expect(isHarmless(try await topics.deadLetters("histogram", ["--by", by]).requireSuccess().standardOutput))
            }
            for offset in 0..<8 {
                #expect(isHarmless(try await topics.deadLetters("show", ["0:\(offset)"]).requireSuccess().standardOutput), "\(offset)")
                _ = try JSONValue(
                    parsing: try await topics.deadLetters("show", ["0:\(offset)", "--json"]).requireSuccess().standardOutput,
                    limits: .large
                )
            }
            // None of them tells where it came from: they are told, and stay.
            let replay = try await topics.replay()
            #expect(replay.status == .exited(1) && replay.report["matched"] == 8 && replay.report["not_replayable"] == 8)
            #expect(replay.report["replayed"] == 0 && replay.report["failure"] == nil && isHarmless(replay.standardError))
        }

        @Test func topicsThatAreMissingAreToldUnlessOthersAreThere() async throws {
            let topics = try await TestTopics.ofLayer(.domain)
            #expect(try await topics.deadLetters("list").requireSuccess().standardError.contains("no dead letters"))
            for command in [["list"], ["histogram"], ["show", "0:0"], ["replay"], ["purge", "--all", "--yes"]] {
                let missing = try await topics.deadLetters(command[0], command.dropFirst() + ["--layer", "application"])
                #expect(
                    missing.status == .exited(1) && missing.standardError.contains("orchestration.deadletters.application"),
                    "\(command)"
                )
            }
            let away = try await ChildProcess.run(
                ChildProcess.buildProduct("fleet"),
                arguments: ["deadletters", "list", "--bootstrap-servers", "127.0.0.1:1"]
            )
            #expect(away.status == .exited(1) && away.standardError.contains("fleet: "))
        }

        @Test func topicThatEndsWithATransactionsMarkerHasAnEnd() async throws {
            let topics = try await TestTopics.ofLayer(.domain, deadLetterPartitions: 2)
            let arguments = [
                "--topic", topics.names.deadLetters(.domain), "--num-records", "50", "--record-size", "20", "--throughput", "-1",
                "--transactional-id", topics.prefix, "--transaction-duration-ms", "20", "--producer-props",
                "bootstrap.servers=\(topics.bootstrapServers)",
            ]
            try await KafkaTools.run(KafkaTools.Tool(mainClass: "org.apache.kafka.tools.ProducerPerformance"), arguments).requireSuccess()
            // The marker has an offset, and is no record.
            #expect(try await topics.deadLetters("list", ["--json"]).requireSuccess().outputLines.count == 50)
            for count in [50, 0] {
                let replay = try await topics.replay(["--to", topics.names.requests(.domain)])
                #expect(replay.status == .exited(0) && replay.report["replayed"]?.integerValue == Int64(count))
            }
        }

        // MARK: Replaying

        @Test func dryRunChangesNothing() async throws {
            let topics = try await TestTopics.ofLayer(.domain, deadLetterPartitions: 2)
            try await topics.writeLetters(20, partitions: 2)
            for _ in 0..<2 {
                let dry = try await topics.replay(["--dry-run"])
                #expect(
                    dry.status == .exited(0) && dry.report["matched"] == 20 && dry.report["replayed"] == 20 && dry.report["dry_run"] == true
                )
            }
            let requests = topics.names.requests(.domain)
            #expect(try await topics.readAll(requests).isEmpty)
            #expect(try await topics.deadLetters("replay", ["--dry-run"]).requireSuccess().standardOutput.contains("20  to \(requests)"))
            #expect(try await topics.lag(of: topics.replayGroup, on: topics.names.deadLetters(.domain)) == 20)
        }

        @Test func letterGoesBackAsItWasToWhereItCameFrom() async throws {
            let topics = try await TestTopics.ofLayer(
                .application,
                partitions: 3,
                more: [TopicSpecification(name: "parked", partitions: 2)]
            )
            let names = topics.names
            let worker = try await WorkerProcess.ready("application-worker", id: "w", of: topics, ["--signals", "off"])
            var request = Request(id: "late", orchestrator: "echo", tenantID: "acme")
            request.event.deadline = 1
            request.event.attempt = 3
            request.event.priority = 4
            var record = TestRecord(request, partition: 2, key: "k")
            [UInt8]([0xff, 0]).withUnsafeBytes { record.headers.append("bytes", bytes: $0) }
            record.headers.append("null", bytes: nil)
            try await Submitter.send([record], to: names.requests(.application), of: topics)
            let letters = try await Collector([names.deadLetters(.application)], of: topics)
            let first = try await letters.wait(for: 1)[0]

            // Kept deadlines expire again; the history goes on.
            #expect(try await topics.replay(["--keep-deadlines"]).status == .exited(0))
            let second = try await letters.wait(for: 2)[1]
            #expect(second.header("x-dlq-replay-count") == "1" && second.header("x-deadline-ms") == "1")
            #expect(second.header("x-dlq-first-failure-at") == first.header("x-dlq-first-failure-at"))
            #expect(
                second.header("x-dlq-source-offset") == "1" && second.header("x-attempt") == nil && second.header("x-dlq-attempts") == "1"
            )

            // To another topic, by key; the plain replay still finds the letter that the first one left.
            let parked = try await topics.replay(["--to", "\(topics.prefix)parked", "--max", "1"])
            #expect(parked.status == .exited(0) && parked.report["replayed"] == 1 && parked.report["left_over"] == 1)
            #expect(try await topics.readAll("\(topics.prefix)parked").map(\.keyText) == ["k"])

            let replay = try await topics.replay()
            #expect(replay.status == .exited(0) && replay.report["replayed"] == 1 && replay.report["dropped_deadlines"] == 1)
            _ = try await Collector([names.results(.application)], of: topics).wait(for: 1) { $0.text.contains(#""success":true"#) }
            let sent = try await topics.readAll(names.requests(.application))
            #expect(sent.count == 3 && sent.allSatisfy { $0.source.partition == 2 && $0.key == record.key && $0.value == record.value })
            let last = sent[2].headers.pairs
            let original = record.headers.pairs.map(\.name).filter { !["x-attempt", "x-deadline-ms"].contains($0) }
            #expect(last.map(\.name) == original + ["x-dlq-replay-count", "x-dlq-first-failure-at"])
            #expect(sent[2].header("x-dlq-replay-count") == "2" && sent[2].header("x-priority") == "4")
            #expect(try await worker.drain() == .exited(0))
        }

        @Test func everyLetterGoesOnceInOrderAcrossAKill() async throws {
            let topics = try await TestTopics.ofLayer(.domain, partitions: 4, deadLetterPartitions: 2)
            let requests = topics.names.requests(.domain)
            try await topics.writeLetters(100, partitions: 4)
            let replay = try ChildProcess.start(
                ChildProcess.buildProduct("fleet"),
                arguments: topics.arguments("replay", ["--rate", "15"])
            )
            // At this rate a round is one letter. A kill within a round would repeat it.
            try await topics.stop(replay, afterSending: 12, of: 100)
            replay.signal(SIGKILL)
            #expect(try await replay.waitForExit() == .signaled(SIGKILL))

            let rest = try await topics.replay()
            let count = rest.report["replayed"]?.integerValue ?? 0
            #expect(rest.status == .exited(0) && count > 0 && count <= 88)
            let records = try await topics.readAll(requests)
            #expect(records.count == 100)
            for partition in Int32(0)..<4 {
                let ids = records.filter { $0.source.partition == partition }.compactMap { $0.header("ce_id") }
                #expect(ids == (0..<100).filter { $0 % 4 == Int(partition) }.map { "id-\($0)" })
            }
            let again = try await topics.replay()
            #expect(again.status == .exited(0) && again.report["matched"] == 0 && again.report["left_over"] == 0)
            // On purpose.
            #expect(try await topics.replay(["--group", "\(topics.prefix)other", "--max", "5"]).report["replayed"] == 5)
        }

        @Test func replayIsTheFirstToAskAYoungClusterForAGroup() async throws {
            try await RealKafka.withCluster { kafka in
                let topics = TestTopics(prefix: "", bootstrapServers: kafka.bootstrapServers)
                let names = topics.names
                try await topics.create(
                    [names.requests(.domain), names.deadLetters(.domain)].map { TopicSpecification(name: $0, partitions: 1) }
                )
                try await topics.writeLetters(5, partitions: 1)
                for count in [5, 0] {
                    let replay = try await topics.replay()
                    #expect(replay.status == .exited(0) && replay.report["replayed"]?.integerValue == Int64(count))
                }
            }
        }

        @Test func interruptEndsWithTheReport() async throws {
            let topics = try await TestTopics.ofLayer(.domain, partitions: 1)
            try await topics.writeLetters(100, partitions: 1)
            let sent = try await Collector([topics.names.requests(.domain)], of: topics)
            let replay = try ChildProcess.start(
                ChildProcess.buildProduct("fleet"),
                arguments: topics.arguments("replay", ["--rate", "5", "--json"])
            )
            try await sent.wait(for: 3)
            replay.signal(SIGINT)
            #expect(try await replay.waitForExit() == .exited(1))
            let report = try JSONValue(parsing: replay.lines.filter { $0.stream == .standardOutput }.map(\.text).joined())
            let count = try #require(report["replayed"]?.integerValue)
            #expect(report["interrupted"] == true && count >= 3 && count < 100 && report["left_over"]?.integerValue == 100 - count)
            #expect(try await topics.replay().report["replayed"]?.integerValue == 100 - count)
            #expect(
                try await topics.readAll(topics.names.requests(.domain)).compactMap { $0.header("ce_id") } == (0..<100).map { "id-\($0)" }
            )
        }

        @Test func secondReplayOfTheSameKindIsNoticed() async throws {
            let topics = try await TestTopics.ofLayer(.domain, partitions: 1)
            try await topics.writeLetters(50, partitions: 1)
            let first = try ChildProcess.start(
                ChildProcess.buildProduct("fleet"),
                arguments: topics.arguments("replay", ["--rate", "10", "--json"])
            )
            try await topics.stop(first, afterSending: 3, of: 50)
            let second = try await topics.replay()
            #expect(second.status == .exited(0) && second.report["replayed"]?.integerValue ?? 0 > 0)
            first.signal(SIGCONT)
            #expect(try await first.waitForExit() == .exited(1))
            #expect(first.lines.contains { $0.stream == .standardError && $0.text.contains("running twice") })
            // At this rate a round is one letter.
            #expect(try await topics.readAll(topics.names.requests(.domain)).count <= 52)
            #expect(try await topics.replay().report["matched"] == 0)
        }

        @Test func selectionsAreRememberedEachAndNothingIsSentTwice() async throws {
            let topics = try await TestTopics.ofLayer(.domain, partitions: 1)
            try await topics.writeLetters(30, partitions: 1)
            let expired = try await topics.replay(["--reason", "expired"])
            #expect(expired.report["matched"] == 10 && expired.report["replayed"] == 10)
            // Another selection that has some in common, and a moment as the third kind of memory.
            let some = try await topics.replay(["--reason", "expired", "--reason", "poison", "--since", "1h"])
            #expect(some.report["replayed"] == 10 && some.report["sent_before"] == 10)
            #expect(try await topics.replay(["--reason", "expired"]).report["matched"] == 0)
            let rest = try await topics.replay()
            #expect(rest.status == .exited(0) && rest.report["replayed"] == 10 && rest.report["sent_before"] == 20)
            let ids = try await topics.readAll(topics.names.requests(.domain)).compactMap { $0.header("ce_id") }
            #expect(ids.count == 30 && Set(ids).count == 30)
        }

        @Test func letterThatDiesAgainAndAgainIsLeftAlone() async throws {
            let topics = try await TestTopics.ofLayer(.application, partitions: 1)
            let names = topics.names
            let worker = try await WorkerProcess.ready("application-worker", id: "w", of: topics, ["--signals", "off"])
            try await Submitter.send(
                [TestRecord(Request(id: "u", orchestrator: "nobody", tenantID: "acme"))],
                to: names.requests(.application),
                of: topics
            )
            let letters = try await Collector([names.deadLetters(.application)], of: topics)
            for round in 0..<2 {
                try await letters.wait(for: round + 1)
                let replay = try await topics.replay(["--max-replays", "2"])
                #expect(replay.status == .exited(0) && replay.report["replayed"] == 1)
            }
            let last = try await letters.wait(for: 3)[2]
            #expect(last.header("x-dlq-replay-count") == "2")
            let guarded = try await topics.replay(["--max-replays", "2"])
            #expect(guarded.status == .exited(1) && guarded.report["guarded"] == 1 && guarded.report["replayed"] == 0)
            #expect(guarded.standardError.contains("application 0:2 guarded"))
            // A higher limit sends it and none of those that went before.
            #expect(try await topics.replay(["--max-replays", "3"]).report["replayed"] == 1)
            try await letters.wait(for: 4)
            #expect(try await worker.drain() == .exited(0))
            #expect(try await topics.readAll(names.requests(.application)).count == 4)
        }

        @Test func letterThatItsTopicRefusesIsToldAndTriedAgain() async throws {
            let topics = try await TestTopics.ofLayer(
                .domain,
                partitions: 1,
                more: [
                    TopicSpecification(name: "small", partitions: 1, settings: ["max.message.bytes": "20000"]),
                    TopicSpecification(name: "large", partitions: 1),
                ]
            )
            var generator = SystemRandomNumberGenerator()
            let text = (0..<10_000).map { _ in String(generator.next(), radix: 36) }.joined()
            try await topics.writeLetters(6, partitions: 1, source: "\(topics.prefix)small") { $0 == 2 ? text : "{}" }
            for _ in 0..<2 {
                let replay = try await topics.replay()
                #expect(replay.status == .exited(1) && replay.report["failed"] == 1 && replay.report["failure"] == nil)
                #expect(replay.standardError.contains("domain 0:2 failed"))
            }
            let ids = try await topics.readAll("\(topics.prefix)small").compactMap { $0.header("ce_id") }
            #expect(ids == ["id-0", "id-1", "id-3", "id-4", "id-5"])
            try await KafkaTools.run(
                .configs,
                [
                    "--bootstrap-server", topics.bootstrapServers, "--alter", "--topic", "\(topics.prefix)small", "--add-config",
                    "max.message.bytes=2000000",
                ]
            ).requireSuccess()
            try await eventually("the broker to know of the larger limit") {
                try await topics.replay().report["replayed"] == 1
            }
            #expect(try await topics.readAll("\(topics.prefix)small").compactMap { $0.header("ce_id") } == ids + ["id-2"])
        }

        @Test func missingTargetIsAnErrorAndNothingIsCommitted() async throws {
            let topics = try await TestTopics.ofLayer(.domain, partitions: 1)
            let letters = topics.names.deadLetters(.domain)
            try await topics.writeLetters(5, partitions: 1, source: "\(topics.prefix)gone")
            let original = try await topics.replay()
            #expect(original.status == .exited(1) && original.report["replayed"] == 0)
            #expect(original.report["failure"]?.stringValue?.contains("\(topics.prefix)gone does not exist") == true)
            let other = try await topics.deadLetters("replay", ["--to", "\(topics.prefix)none"])
            #expect(other.status == .exited(1) && other.standardError.contains("\(topics.prefix)none does not exist"))
            #expect(try await topics.lag(of: topics.replayGroup, on: letters) == 5)
            #expect(
                try await topics.admin { try $0.describeTopics() }.allSatisfy {
                    $0.name != "\(topics.prefix)gone" && $0.name != "\(topics.prefix)none"
                }
            )
            // Once it is there, everything goes.
            try await topics.create([TopicSpecification(name: "\(topics.prefix)gone", partitions: 1)])
            #expect(try await topics.replay().report["replayed"] == 5)
        }

        // MARK: Purging

        @Test func purgeDeletesFromTheBeginning() async throws {
            let topics = try await TestTopics.ofLayer(.domain, partitions: 2, deadLetterPartitions: 2)
            let letters = topics.names.deadLetters(.domain)
            try await topics.writeLetters(20, partitions: 2)
            func offsets() async throws -> [Int64] {
                try await topics.deadLetters("list", ["--json"]).requireSuccess().outputLines.map { try JSONValue(parsing: $0) }
                    .filter { $0["partition"] == 1 }.compactMap { $0["offset"]?.integerValue }
            }
            let refused = try await topics.deadLetters("purge", ["--all", "--yes", "--reason", "expired"])
            #expect(refused.status == .exited(64) && refused.standardError.contains("only delete from a partition's beginning"))
            #expect(try await topics.deadLetters("purge", ["--all"]).status == .exited(64))
            #expect(
                try await topics.deadLetters("purge", ["--until", "1h", "--yes"]).requireSuccess().standardOutput == "nothing to delete"
            )
            let dry = try await topics.deadLetters("purge", ["--all", "--dry-run"]).requireSuccess().standardOutput
            #expect(dry.contains("\(letters)/1: 10 letters (0 to 9); 0 stay") && dry.contains("20 letters would be deleted"))
            #expect(try await offsets() == Array(0..<10))

            _ = try await topics.deadLetters("purge", ["--layer", "domain", "--until", "1:4", "--yes"]).requireSuccess()
            #expect(try await offsets() == Array(4..<10))
            #expect(try await topics.deadLetters("show", ["1:3"]).status == .exited(1))
            // A replay begins with what is left.
            let replay = try await topics.replay()
            #expect(replay.status == .exited(0) && replay.report["replayed"] == 16)

            let times = try await topics.deadLetters("list", ["--json"]).requireSuccess().outputLines.map { try JSONValue(parsing: $0) }
            let cut = try #require(times.last?["died_at"]?.stringValue)
            let kept = times.filter { $0["died_at"]?.stringValue == cut }.count
            _ = try await topics.deadLetters("purge", ["--until", cut, "--yes"]).requireSuccess()
            #expect(try await topics.deadLetters("list", ["--json"]).requireSuccess().outputLines.count == kept)
            #expect(
                try await topics.deadLetters("purge", ["--all", "--yes"]).requireSuccess().standardOutput.contains(
                    "\(kept) letters deleted"
                )
            )
            #expect(try await topics.deadLetters("list").requireSuccess().outputLines.isEmpty)
        }
    }
}

extension TestTopics {
    /// The group that remembers a plain replay.
    fileprivate var replayGroup: String { "\(self.prefix)fleet.deadletters.replay" }

    fileprivate func arguments(_ command: String, _ arguments: [String] = []) -> [String] {
        ["deadletters", command, "--bootstrap-servers", self.bootstrapServers, "--topic-prefix", self.prefix] + arguments
    }

    /// Runs `fleet deadletters`.
    fileprivate func deadLetters(_ command: String, _ arguments: [String] = []) async throws -> ChildProcess.Completion {
        try await ChildProcess.run(
            ChildProcess.buildProduct("fleet"),
            arguments: self.arguments(command, arguments),
            deadline: .now + .seconds(60)
        )
    }

    /// Runs a replay to its end.
    fileprivate func replay(
        _ arguments: [String] = []
    ) async throws -> (status: KafkaProcess.ExitStatus, report: JSONObject, standardError: String) {
        let completion = try await self.deadLetters("replay", arguments + ["--json"])
        let report = (try? JSONValue(parsing: completion.standardOutput).objectValue) ?? [:]
        var members = report
        if members["failure"]?.isNull == true { members["failure"] = nil }
        return (completion.status, members, completion.standardError)
    }

    /// Stops a plain replay, not for good, in a moment between two rounds: everything that is acknowledged is committed too.
    fileprivate func stop(_ replay: ChildProcess, afterSending count: Int, of total: Int) async throws {
        try await eventually("a moment between two rounds", deadline: .now + .seconds(60), tick: .milliseconds(20)) {
            if let status = replay.exitStatus {
                throw KafkaProcessError(.exited, "the replay ended with \(status): \(replay.lines.map(\.text))")
            }
            guard try await self.ends(of: self.names.requests(.domain)) >= count else { return false }
            replay.signal(SIGSTOP)
            let left = try await self.lag(of: self.replayGroup, on: self.names.deadLetters(.domain))
            if try await self.ends(of: self.names.requests(.domain)) + Int(left) == total { return true }
            replay.signal(SIGCONT)
            return false
        }
    }

    /// Writes dead letters `id-0`, `id-1`, … of the domain layer, reasons in turn, from partitions in turn.
    fileprivate func writeLetters(
        _ count: Int,
        partitions: Int32,
        source: String? = nil,
        value: @escaping @Sendable (Int) -> String = { _ in "{}" }
    ) async throws {
        let topic = self.names.deadLetters(.domain)
        let source = source ?? self.names.requests(.domain)
        let deadLetterPartitions = Int32(try await self.admin { try $0.describeTopics(topic) }.first?.partitions.count ?? 1)
        try await Submitter.send(count: count, to: topic, of: self) { number in
            let partition = Int32(number) % partitions
            let letter = DeadLetter(
                reason: [.expired, .poison, .exhausted][number % 3],
                sourceTopic: source,
                sourcePartition: partition,
                sourceOffset: Int64(number),
                consumerGroup: "g",
                firstFailureAt: 0,
                lastFailureAt: 0,
                errorCategory: "processing",
                errorMessage: "no",
                worker: "w"
            )
            var headers = RecordHeaders()
            headers.append("ce_id", "id-\(number)")
            return TestRecord(
                partition: partition % deadLetterPartitions,
                key: "k",
                text: value(number),
                headers: headers.withView { letter.headers(keeping: $0) }
            )
        }
    }
}

extension JSONLimits {
    fileprivate static let large = JSONLimits(maximumBytes: 16 << 20)
}
