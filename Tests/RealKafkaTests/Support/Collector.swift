import Glibc
import KafkaClient
import KafkaProcess
import Synchronization
import Wire
import WorkerRuntime

/// Collects every record of some topics while it lives, on a thread of its own.
final class Collector: Sendable {
    private final class Box: Sendable {
        let records = Mutex<[ConsumedRecord]>([])
        let failure = Mutex<(any Error)?>(nil)
        let isEnded = Atomic<Bool>(false)
    }

    private let box = Box()
    private let topics: [String]

    /// Starts reading; returns when its place in the topics is fixed, so that nothing produced from then on is missed.
    init(_ topics: [String], of fleet: TestTopics, from start: TopicReader.Start = .beginning) async throws {
        self.topics = topics
        let configuration = fleet.configuration
        let box = self.box
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            Task {
                try? await onOwnThread {
                    let reader: TopicReader
                    do {
                        reader = try TopicReader(configuration: configuration, observer: .silent, topics: topics, from: start)
                        continuation.resume()
                    } catch {
                        continuation.resume(throwing: error)
                        return
                    }
                    do {
                        while !box.isEnded.load(ordering: .acquiring) {
                            let records = try reader.read(milliseconds: 100)
                            if !records.isEmpty { box.records.withLock { $0 += records } }
                        }
                    } catch {
                        box.failure.withLock { $0 = error }
                    }
                }
            }
        }
    }

    deinit { self.box.isEnded.store(true, ordering: .releasing) }

    /// What has come so far; per partition in offset order.
    var records: [ConsumedRecord] { self.box.records.withLock { $0 } }

    /// How many have come so far.
    var count: Int { self.box.records.withLock { $0.count } }

    /// The records that meet a condition, as soon as there are so many.
    @discardableResult
    func wait(
        for count: Int,
        deadline: ContinuousClock.Instant = .now + .seconds(60),
        fileID: String = #fileID,
        line: Int = #line,
        where isWanted: @Sendable (ConsumedRecord) -> Bool = { _ in true }
    ) async throws -> [ConsumedRecord] {
        var found: [ConsumedRecord] = []
        var looked = 0
        do {
            try await eventually("\(count) records of \(self.topics)", deadline: deadline, fileID: fileID, line: line) {
                if let failure = self.box.failure.withLock({ $0 }) { throw failure }
                // Each record is looked at once.
                let new = self.box.records.withLock { Array($0[looked...]) }
                looked += new.count
                found += new.filter(isWanted)
                return found.count >= count
            }
        } catch let error as KafkaProcessError where error.code == .deadlineExceeded {
            throw KafkaProcessError(.deadlineExceeded, "\(error.message); \(found.count) of \(self.count) records were wanted ones")
        }
        return found
    }

    /// The records by an id, as soon as there are so many different ones; how many records had an id that was there before.
    @discardableResult
    func wait(
        forDistinct count: Int,
        deadline: ContinuousClock.Instant,
        _ id: @Sendable (ConsumedRecord) -> String?
    ) async throws -> (byID: [String: ConsumedRecord], duplicates: Int) {
        var byID: [String: ConsumedRecord] = [:]
        var duplicates = 0
        var looked = 0
        do {
            try await eventually("\(count) different records of \(self.topics)", deadline: deadline, tick: .milliseconds(100)) {
                if let failure = self.box.failure.withLock({ $0 }) { throw failure }
                let new = self.box.records.withLock { Array($0[looked...]) }
                looked += new.count
                for record in new {
                    guard let id = id(record) else { continue }
                    if byID.updateValue(record, forKey: id) != nil { duplicates += 1 }
                }
                return byID.count >= count
            }
        } catch let error as KafkaProcessError where error.code == .deadlineExceeded {
            throw KafkaProcessError(.deadlineExceeded, "\(error.message); \(byID.count) had come")
        }
        return (byID, duplicates)
    }

    /// The reply to a request, or another record that it caused.
    func wait(forCause id: String, deadline: ContinuousClock.Instant = .now + .seconds(60)) async throws -> ConsumedRecord {
        try await self.wait(for: 1, deadline: deadline) { $0.header("ce_causationid") == id }[0]
    }
}

extension ConsumedRecord {
    /// The value as text.
    var text: String { String(decoding: self.value ?? [], as: UTF8.self) }
    /// The first value of a header; the quick way for many records.
    func header(_ name: StaticString) -> String? {
        self.withView { view in
            var position = 0
            let raw = view.headers.raw
            while position + 6 <= raw.count {
                let nameCount = Int(raw.loadUnaligned(fromByteOffset: position, as: UInt16.self))
                let valueCount = max(0, Int(raw.loadUnaligned(fromByteOffset: position + 2, as: Int32.self)))
                let value = position + 6 + nameCount
                if nameCount == name.utf8CodeUnitCount, let base = raw.baseAddress,
                    memcmp(base + position + 6, name.utf8Start, nameCount) == 0
                {
                    return String(decoding: UnsafeRawBufferPointer(rebasing: raw[value..<value + valueCount]), as: UTF8.self)
                }
                position = value + valueCount
            }
            return nil
        }
    }

    /// The key as text; empty without one.
    var keyText: String { String(decoding: self.key ?? [], as: UTF8.self) }
}

extension TestTopics {
    /// Everything that a topic holds now.
    func readAll(_ topic: String) async throws -> [ConsumedRecord] {
        let configuration = self.configuration
        return try await onOwnThread {
            let admin = try KafkaAdmin(configuration: configuration, observer: .silent)
            let partitions = try admin.describeTopics().first { $0.name == topic }?.partitions.map(\.id) ?? []
            let scan = try PartitionScan(configuration: configuration, observer: .silent)
            let ends = try scan.ends(of: partitions.map { TopicPartition(topic: topic, partition: $0) })
            var records: [ConsumedRecord] = []
            // Not by their number: transactions leave markers between them.
            try scan.read(ends.mapValues { -2..<$0 }, while: { true }) { records.append($0) }
            return records
        }
    }

    /// Everything in a topic that readers with `read_committed` see, up to a mark that is set now in every partition.
    ///
    /// The mark is seen when no transaction before it is open; those of killed workers end in their time.
    func readCommitted(_ topic: String, deadline: ContinuousClock.Instant = .now + .seconds(60)) async throws -> [ConsumedRecord] {
        let configuration = self.configuration
        let partitions = try await onOwnThread {
            try TopicReader(configuration: configuration, observer: .silent, topics: [topic], from: .end).ends.keys.map(\.partition)
        }
        let mark = "end of reading"
        try await Submitter.send(partitions.map { TestRecord(partition: $0, text: mark) }, to: topic, of: self)
        return try await onOwnThread {
            let reader = try TopicReader(configuration: configuration, observer: .silent, topics: [topic], from: .beginning)
            var records: [ConsumedRecord] = []
            var open = Set(partitions)
            while !open.isEmpty {
                guard ContinuousClock.now < deadline else {
                    throw KafkaProcessError(.deadlineExceeded, "partitions \(open.sorted()) of \(topic) are held up by a transaction")
                }
                for record in try reader.read(milliseconds: 1_000) {
                    if record.text == mark { open.remove(record.source.partition) } else { records.append(record) }
                }
            }
            return records
        }
    }
}
