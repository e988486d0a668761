import KafkaClient

/// Compares the requests with the answers that readers with `read_committed` see: exactly one each, in the order of each key.
struct ExactlyOnceReconciliation {
    /// Requests with fewer answers than they are in the log.
    private(set) var missing: [String] = []
    /// Requests with more answers than they are in the log.
    private(set) var twice: [String] = []
    /// Keys whose answers are not in the order of their requests.
    private(set) var outOfOrder: [String] = []

    /// - Parameters:
    ///   - log: the requests topic, partitions in offset order; a request may be in it twice.
    ///   - replies: the results topic in the same way.
    init(log: [ConsumedRecord], replies: [ConsumedRecord]) {
        let asked = ExactlyOnceReconciliation.count(log.map { $0.header("ce_id") ?? "" })
        let answered = ExactlyOnceReconciliation.count(replies.map { $0.header("ce_causationid") ?? "" })
        for (id, count) in asked where answered[id, default: 0] < count { self.missing.append(id) }
        for (id, count) in answered where asked[id, default: 0] < count { self.twice.append(id) }
        let requests = Dictionary(grouping: log.filter { $0.key != nil }, by: \.keyText)
        let results = Dictionary(grouping: replies.filter { $0.key != nil }, by: \.keyText)
        for (key, ofKey) in requests where ofKey.map({ $0.header("ce_id") }) != results[key]?.map({ $0.header("ce_causationid") }) {
            self.outOfOrder.append(key)
        }
    }

    private static func count(_ ids: [String]) -> [String: Int] {
        ids.reduce(into: [:]) { $0[$1, default: 0] += 1 }
    }
}
