import Feedback
import Foundation
import JSON
import Orchestration
import Testing
import Wire

/// How the learning loop stands in a partition, as it is published.
@Suite("Partition standings") struct PartitionStandingTests {
    private static let standing = PartitionStanding(
        partition: 3,
        unread: [.decisions: 0, .signals(.model): 120],
        waiting: 7,
        healthChecks: 288,
        updatedAt: 12.5,
        worker: "feedback-1"
    )

    @Test("reads back as it was, and what breaks the contract is refused")
    func roundTrip() throws {
        let (value, headers) = Self.standing.encode(source: "/f", time: 12_500)
        #expect(try PartitionStanding(decoding: value) == Self.standing)
        #expect(headers["ce_type"] == "feedback.partition.v1" && headers["ce_id"] == "partition/3.feedback-1.12500")
        #expect(PartitionStanding.partition(of: Self.standing.key) == 3)
        for key in ["partition/", "partition/-1", "partition/x", "partition/99999999999", "model/partition/3", ""] {
            #expect(PartitionStanding.partition(of: Array(key.utf8)) == nil)
        }
        for text in ["{", "[]", "{}", #"{"partition": -1}"#, #"{"partition": 2147483648}"#, #"{"partition": "3"}"#] {
            #expect(throws: WireError.self) { try PartitionStanding(decoding: Array(text.utf8)) }
        }
        // Numbers that make no sense are moved to the nearest that does.
        let odd = #"{"partition": 0, "unread": {"model": -5, "colour": 1}, "waiting": -1, "health_checks": -9, "more": 1}"#
        #expect(
            try PartitionStanding(decoding: Array(odd.utf8))
                == PartitionStanding(partition: 0, unread: [.signals(.model): 0], updatedAt: 0, worker: "")
        )
    }

    @Test("has the members of its schema")
    func schema() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let schema = try JSONValue(
            parsing: Array(Data(contentsOf: root.appending(path: "deploy/contracts/schemas/partition.schema.json")))
        )
        let written = try JSONValue(parsing: Self.standing.encode(source: "/f", time: 1).value)
        #expect(Set(written.objectValue?.keys ?? []) == Set(schema["properties"]?.objectValue?.keys ?? []))
    }

    @Test("a table keeps the newest of each partition, forgets it with a null value, and chooses as before")
    func table() throws {
        let table = PolicyTable()
        let (value, _) = Self.standing.encode(source: "/f", time: 1)
        #expect(try table.take(key: Self.standing.key, value: value) == nil)
        #expect(table.partitions == [Self.standing] && table.count == 0)
        #expect(throws: WireError.self) { try table.take(key: Self.standing.key, value: Array("{".utf8)) }
        #expect(throws: WireError.self) { try table.take(key: Array("partition/4".utf8), value: value) }
        #expect(table.partitions == [Self.standing])
        #expect(try table.take(key: Self.standing.key, value: nil) == nil && table.partitions.isEmpty)
    }
}
