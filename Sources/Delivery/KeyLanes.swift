/// One lane per key: the record at its head runs, the others wait behind it in offset order.
///
/// A lane exists while a record of its key is in flight. Lanes are named by a 64-bit hash of partition and key: two keys with one hash share a
/// lane, which costs concurrency and never order. Waiting records form lists through links that the owner's slots hold; the table itself is open
/// addressing with backward-shift deletion, sized once, so that entering and leaving allocate nothing.
struct KeyLanes: Sendable {
    /// The link that ends a list.
    static let none: Int32 = -1

    private struct Lane {
        var name: UInt64 = 0
        var head: Int32 = KeyLanes.none
        var tail: Int32 = KeyLanes.none
    }

    private var lanes: [Lane]
    private let mask: Int
    private(set) var count = 0

    /// - Parameter capacity: the number of lanes that may exist at once.
    init(capacity: Int) {
        let size = max(16, (capacity * 2).nextPowerOfTwo)
        self.lanes = Array(repeating: Lane(), count: size)
        self.mask = size - 1
    }

    /// A record enters its lane.
    ///
    /// - Returns: nil when it may run at once; otherwise the slot that it now waits behind (-1 when it is the first to wait).
    mutating func enter(_ name: UInt64, slot: Int32) -> Int32? {
        var index = Int(truncatingIfNeeded: name) & self.mask
        while self.lanes[index].name != 0 {
            if self.lanes[index].name == name {
                let tail = self.lanes[index].tail
                if tail == KeyLanes.none { self.lanes[index].head = slot }
                self.lanes[index].tail = slot
                return tail
            }
            index = (index + 1) & self.mask
        }
        self.lanes[index] = Lane(name: name)
        self.count += 1
        return nil
    }

    /// The running record of a lane has returned.
    ///
    /// - Parameter next: gives the slot that waits behind a slot.
    /// - Returns: the slot that runs now, or nil when nobody waited and the lane is gone.
    mutating func leave(_ name: UInt64, next: (Int32) -> Int32) -> Int32? {
        guard let index = self.find(name) else { return nil }
        let head = self.lanes[index].head
        guard head != KeyLanes.none else {
            self.remove(at: index)
            return nil
        }
        let following = next(head)
        self.lanes[index].head = following
        if following == KeyLanes.none { self.lanes[index].tail = KeyLanes.none }
        return head
    }

    /// Everyone who waits in a lane is sent away; the running record stays.
    mutating func clearWaiting(_ name: UInt64) {
        guard let index = self.find(name) else { return }
        self.lanes[index].head = KeyLanes.none
        self.lanes[index].tail = KeyLanes.none
    }

    private func find(_ name: UInt64) -> Int? {
        var index = Int(truncatingIfNeeded: name) & self.mask
        while self.lanes[index].name != 0 {
            if self.lanes[index].name == name { return index }
            index = (index + 1) & self.mask
        }
        return nil
    }

    private mutating func remove(at removed: Int) {
        var hole = removed
        var index = (hole + 1) & self.mask
        while self.lanes[index].name != 0 {
            let home = Int(truncatingIfNeeded: self.lanes[index].name) & self.mask
            // The lane may move into the hole unless its home lies between the hole and it.
            if ((index - home) & self.mask) >= ((index - hole) & self.mask) {
                self.lanes[hole] = self.lanes[index]
                hole = index
            }
            index = (index + 1) & self.mask
        }
        self.lanes[hole] = Lane()
        self.count -= 1
    }
}
