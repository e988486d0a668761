/// The signals that have been counted lately, by the hashes of their ids; bounded, and stored in parts that are seldom written again.
///
/// Two different ids have the same hash once in 10¹³ signals or so.
struct SeenSignals: Sendable {
    /// Hashes in a slot, which is one record of the state.
    static let slotSize = 512

    private struct Slot: Sendable {
        /// Rises from slot to slot; the one that is written has the highest.
        var sequence: UInt64
        var hashes: [UInt64]
    }

    private var members: Set<UInt64> = []
    /// By number, which is the sequence modulo the number of slots.
    private var slots: [Int: Slot] = [:]
    private var sequence: UInt64 = 0
    private(set) var changed: Set<Int> = []
    private let slotCount: Int

    /// - Parameter capacity: ids remembered at least; 131,072 by default, 2 MiB in memory.
    init(capacity: Int = 131_072) {
        self.slotCount = max(2, (capacity + Self.slotSize - 1) / Self.slotSize + 1)
    }

    /// How many are remembered.
    var count: Int { self.members.count }

    func contains(_ hash: UInt64) -> Bool { self.members.contains(hash) }

    /// Remembers a signal.
    ///
    /// - Returns: whether it was not known.
    mutating func insert(_ hash: UInt64) -> Bool {
        guard self.members.insert(hash).inserted else { return false }
        var number = Int(self.sequence % UInt64(self.slotCount))
        if let slot = self.slots[number], slot.sequence == self.sequence, slot.hashes.count >= Self.slotSize {
            self.sequence += 1
            number = Int(self.sequence % UInt64(self.slotCount))
        }
        if self.slots[number]?.sequence != self.sequence {
            for old in self.slots[number]?.hashes ?? [] { self.members.remove(old) }
            self.slots[number] = Slot(sequence: self.sequence, hashes: [])
        }
        self.slots[number]?.hashes.append(hash)
        self.changed.insert(number)
        return true
    }

    /// What changed has been stored.
    mutating func saved() { self.changed.removeAll(keepingCapacity: true) }

    /// A slot as it is stored: the format's version, the sequence, the hashes; little endian.
    func bytes(ofSlot number: Int) -> [UInt8] {
        guard let slot = self.slots[number] else { return [] }
        var bytes: [UInt8] = [1]
        bytes.reserveCapacity(9 + slot.hashes.count * 8)
        for value in [slot.sequence] + slot.hashes {
            for shift in stride(from: UInt64(0), to: 64, by: 8) { bytes.append(UInt8(truncatingIfNeeded: value >> shift)) }
        }
        return bytes
    }

    /// Takes a stored slot; one that cannot be read is ignored.
    ///
    /// - Returns: whether it could be read.
    mutating func restore(_ bytes: [UInt8]) -> Bool {
        guard bytes.count >= 9, (bytes.count - 9) % 8 == 0, bytes.count <= 9 + Self.slotSize * 8, bytes[0] == 1 else { return false }
        let values = stride(from: 1, to: bytes.count, by: 8).map { start in
            (0..<8).reduce(UInt64(0)) { $0 | UInt64(bytes[start + $1]) << UInt64($1 * 8) }
        }
        // A slot of a larger window that this one has no room for any more.
        guard values[0] < UInt64.max / 2 else { return false }
        let number = Int(values[0] % UInt64(self.slotCount))
        if let known = self.slots[number] {
            guard known.sequence <= values[0] else { return true }
            self.members.subtract(known.hashes)
        }
        self.slots[number] = Slot(sequence: values[0], hashes: Array(values.dropFirst()))
        self.members.formUnion(values.dropFirst())
        self.sequence = max(self.sequence, values[0])
        return true
    }
}

/// Hashes that are the same in every process and on every machine.
enum IDHash {
    /// FNV-1a with the finalizer of MurmurHash3.
    static func hash(_ text: String, seed: UInt64 = 0) -> UInt64 {
        var text = text
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325 ^ seed
        text.withUTF8 { bytes in
            for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        }
        hash = (hash ^ (hash >> 33)) &* 0xff51_afd7_ed55_8ccd
        hash = (hash ^ (hash >> 33)) &* 0xc4ce_b9fe_1a85_ec53
        return hash ^ (hash >> 33)
    }
}
