import Orchestration
import Wire

/// The decisions of the last minutes; what is older is forgotten.
struct RecentDecisions: Sendable {
    private struct Entry: Sendable {
        let id: String
        let chosen: ComponentID
        let time: Double
    }

    /// Seconds.
    let window: Double
    /// Decisions kept, at most: the newest.
    let limit: Int
    private var entries: [Entry] = []
    private var head = 0
    private var ids: Set<String> = []

    init(window: Double, limit: Int = 200_000) {
        self.window = window
        self.limit = limit
    }

    var count: Int { self.entries.count - self.head }

    /// Adds a decision; one that came before counts once.
    mutating func add(_ decision: Decision) {
        guard self.ids.insert(decision.id).inserted else { return }
        self.entries.append(Entry(id: decision.id, chosen: decision.chosen, time: decision.decidedAt))
        if self.count > self.limit { self.removeFirst() }
    }

    /// Forgets what is older than the window; partitions come unevenly, so that single older ones may stay a little longer.
    mutating func forget(now: Double) {
        while self.head < self.entries.count, self.entries[self.head].time < now - self.window { self.removeFirst() }
    }

    private mutating func removeFirst() {
        self.ids.remove(self.entries[self.head].id)
        self.head += 1
        guard self.head > 4_096, self.head * 2 > self.entries.count else { return }
        self.entries.removeFirst(self.head)
        self.head = 0
    }

    /// How often each component of a type was chosen.
    func counts(of type: ComponentType, now: Double) -> [String: Int] {
        var counts: [String: Int] = [:]
        for entry in self.entries[self.head...] where entry.chosen.type == type && entry.time >= now - self.window {
            counts[entry.chosen.id, default: 0] += 1
        }
        return counts
    }
}

/// The arms of a type of component as bars: how often each was chosen of late, and how well it does.
struct FeedbackPicture: Sendable {
    let type: ComponentType
    /// By id.
    let snapshots: [String: PolicySnapshot]
    /// By id.
    let counts: [String: Int]
    /// Seconds that the counts are of.
    let window: Double
    /// Milliseconds since 1970.
    let now: Int64

    /// The picture's lines.
    ///
    /// - Parameters:
    ///   - width: no line has more columns.
    ///   - height: there are no more lines; arms that are chosen seldom are left out, and how many.
    func lines(width: Int, height: Int) -> [String] {
        let total = self.counts.values.reduce(0, +)
        let title =
            "\(self.type.rawValue): \(total) decisions in the last \(Self.duration(self.window)), \(WireTime.text(self.now).prefix(19))Z"
        var lines = [Console.styled(String(title.prefix(width)), .bold)]
        let arms = Set(self.snapshots.keys).union(self.counts.keys).sorted { (self.counts[$1] ?? 0, $0) < (self.counts[$0] ?? 0, $1) }
        guard !arms.isEmpty else {
            return lines + [String("nothing is known of any \(self.type.rawValue), and none was chosen".prefix(width))]
        }
        let room = max(1, height - 2)
        let shown = arms.count > room ? Array(arms.prefix(max(1, room - 1))) : arms
        let names = shown.map { DeadLetterText.escaped($0, to: 64) }
        let nameWidth = min(max(8, width / 4), names.map(\.count).max() ?? 0)
        // What stands behind the bar takes 55 columns, a state included.
        let barWidth = max(4, min(48, width - nameWidth - 55))
        let header =
            Self.fill("ARM", nameWidth) + "  " + Self.fill("SHARE", barWidth) + "  " + Self.right("%", 6) + Self.right("CHOSEN", 9)
            + Self.right("REWARD", 9) + Self.right("OF LATE", 9) + Self.right("SIGNALS", 9)
        lines.append(Console.styled(String(header.prefix(width)), .dim))
        for (arm, name) in zip(shown, names) {
            lines.append(self.line(arm, name, total: total, nameWidth: nameWidth, barWidth: barWidth, width: width))
        }
        if shown.count < arms.count { lines.append(Console.styled("… and \(arms.count - shown.count) more", .dim)) }
        return lines
    }

    private func line(_ arm: String, _ name: String, total: Int, nameWidth: Int, barWidth: Int, width: Int) -> String {
        let count = self.counts[arm] ?? 0
        let share = total > 0 ? Double(count) / Double(total) : 0
        let snapshot = self.snapshots[arm]
        let numbers =
            Self.right(decimals(share * 100, 1), 6) + Self.right("\(count)", 9)
            + Self.right(snapshot.map { decimals($0.meanReward, 3) } ?? "-", 9)
            + Self.right(snapshot.map { decimals($0.health.runningReward, 3) } ?? "-", 9)
            + Self.right(snapshot.map { "\($0.signals)" } ?? "-", 9)
        let state = snapshot.map { $0.availability == .enabled ? "" : " \($0.availability.rawValue)" } ?? ""
        let plain = nameWidth + 2 + barWidth + 2 + numbers.count
        guard plain <= width else { return String((Self.fill(name, nameWidth) + "  " + numbers).prefix(width)) }
        let style: Console.Style =
            snapshot?.availability == .disabled ? .red : snapshot?.availability == .probing ? .yellow : .cyan
        let line = Self.fill(name, nameWidth) + "  " + Console.styled(Self.bar(share, barWidth), style) + "  " + numbers
        return state.isEmpty ? line : line + Console.styled(String(state.prefix(max(0, width - plain))), style)
    }

    /// A bar with eighths of a column.
    static func bar(_ share: Double, _ width: Int) -> String {
        let eighths = Int((min(max(share, 0), 1) * Double(width * 8)).rounded())
        let parts = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]
        let bar = String(repeating: "█", count: eighths / 8) + parts[eighths % 8]
        return self.fill(bar, width)
    }

    private static func fill(_ text: String, _ width: Int) -> String {
        guard text.count > width else { return text + String(repeating: " ", count: width - text.count) }
        return width > 0 ? text.prefix(width - 1) + "…" : ""
    }

    private static func right(_ text: String, _ width: Int) -> String { String(repeating: " ", count: max(0, width - text.count)) + text }

    private static func duration(_ seconds: Double) -> String {
        seconds < 120 ? "\(Int(seconds)) s" : seconds < 7_200 ? "\(Int(seconds / 60)) min" : "\(Int(seconds / 3_600)) h"
    }
}
