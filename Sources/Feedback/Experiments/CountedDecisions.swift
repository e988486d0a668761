/// The decisions that an experiment has counted, of which the newest are kept, by 48 bits of the hashes of their ids.
///
/// Of these the newest 4,096 are stored, each as eight characters of the URL-safe base64 alphabet, the highest bits first. Two ids have the same 48
/// bits once in 10¹⁰ decisions or so.
struct CountedDecisions: Sendable {
    /// Decisions that are stored, at most: 32 KiB of text.
    static let stored = 4_096

    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
    private static let values = Dictionary(uniqueKeysWithValues: Self.alphabet.enumerated().map { ($1, UInt64($0)) })

    private let limit: Int
    /// How many were ever inserted.
    private(set) var total = 0
    private var members: Set<UInt64> = []
    /// A ring, once it is full; `oldest` is where the next one goes.
    private var order: [UInt64] = []
    private var oldest = 0

    init(limit: Int) { self.limit = max(1, limit) }

    /// Those of a text, as many as it has and there is room for; what is no eight characters of the alphabet is left out.
    init(_ text: String, limit: Int) {
        self.init(limit: limit)
        let bytes = Array(text.utf8.prefix(8 * Self.stored))
        for start in stride(from: 0, to: bytes.count - bytes.count % 8, by: 8) {
            var hash: UInt64? = 0
            for byte in bytes[start..<start + 8] { hash = hash.flatMap { known in Self.values[byte].map { known << 6 | $0 } } }
            if let hash { self.insert(hash) }
        }
    }

    func contains(_ id: String) -> Bool { self.members.contains(Self.hash(id)) }

    mutating func insert(_ id: String) { self.insert(Self.hash(id)) }

    private mutating func insert(_ hash: UInt64) {
        guard self.members.insert(hash).inserted else { return }
        self.total += 1
        guard self.order.count >= self.limit else { return self.order.append(hash) }
        self.members.remove(self.order[self.oldest])
        self.order[self.oldest] = hash
        self.oldest = (self.oldest + 1) % self.limit
    }

    /// Whether all that were inserted after the first `total` are stored.
    func stores(since total: Int) -> Bool { self.total - total <= min(self.limit, Self.stored) }

    /// The newest as text, oldest first.
    var text: String {
        let newest = (self.order[self.oldest...] + self.order[..<self.oldest]).suffix(Self.stored)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(8 * newest.count)
        for hash in newest {
            for shift in stride(from: UInt64(42), through: 0, by: -6) { bytes.append(Self.alphabet[Int(hash >> shift & 63)]) }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func hash(_ id: String) -> UInt64 { IDHash.hash(id, seed: 0xe4be_41e9) >> 16 }
}
