/// Who has left a group, and who of those that stay ends what it left open.
///
/// A worker that is gone for good leaves a transaction open that hides everything after it from readers, until the broker looks for such
/// transactions. Each departed worker has one successor among the members: the next in the order of ids. All members see the same, so one of them
/// does the work; when it goes too, the next one does it for both.
struct DepartedWorkers {
    /// Milliseconds for which a departure is remembered: longer than any broker leaves a transaction open.
    static let memory: Int64 = 60_000

    private let own: String
    private var known: Set<String> = []
    private var departed: [String: (at: Int64, isDone: Bool)] = [:]

    init(own: String) { self.own = own }

    /// Takes note of the group's members.
    ///
    /// - Parameter now: milliseconds of any clock.
    /// - Returns: the departed workers that this one is to succeed, each once. Nobody as long as this one is no member itself: then it may be the
    ///   one that others take for departed.
    mutating func look(_ present: Set<String>, now: Int64) -> [String] {
        guard present.contains(self.own) else { return [] }
        for id in self.known.subtracting(present) where self.departed[id] == nil { self.departed[id] = (now, false) }
        self.known = present
        self.departed = self.departed.filter { !present.contains($0.key) && now - $0.value.at < DepartedWorkers.memory }
        let order = present.sorted()
        let mine = self.departed.filter { id, departure in
            !departure.isDone && (order.first { $0 > id } ?? order.first) == self.own
        }
        for id in mine.keys { self.departed[id]?.isDone = true }
        return mine.keys.sorted()
    }
}
