/// Rows under headings, each column as wide as what it holds.
struct TextTable {
    struct Column {
        let title: String
        /// Numbers stand at the right.
        var isNumber = false
        /// What is longer is cut.
        var maximumWidth = 48
    }

    let columns: [Column]
    private(set) var rows: [[String]] = []

    init(_ columns: [Column]) { self.columns = columns }

    /// Adds a row; text from outside is escaped here.
    mutating func add(_ cells: [String]) {
        self.rows.append(
            zip(cells, self.columns).map { cell, column in
                let text = DeadLetterText.escaped(cell, to: 1_024)
                return text.count > column.maximumWidth ? text.prefix(column.maximumWidth - 1) + "…" : text
            }
        )
    }

    /// The headings and the rows.
    var lines: [String] {
        let widths = self.columns.indices.map { index in
            max(self.columns[index].title.count, self.rows.map { $0[index].count }.max() ?? 0)
        }
        return ([self.columns.map(\.title)] + self.rows).map { cells in
            let line = cells.indices.map { index in
                let space = String(repeating: " ", count: widths[index] - cells[index].count)
                return self.columns[index].isNumber ? space + cells[index] : cells[index] + space
            }.joined(separator: "  ")
            return String(line.reversed().drop { $0 == " " }.reversed())
        }
    }

    /// Writes the table, its headings bold on a terminal.
    func show() {
        for (index, line) in self.lines.enumerated() { Console.line(index == 0 ? Console.styled(line, .bold) : line) }
    }
}

/// A number with a fixed count of decimals.
func decimals(_ value: Double, _ places: Int) -> String {
    guard value.isFinite else { return value.isNaN ? "-" : value > 0 ? "∞" : "−∞" }
    var scale = 1.0
    for _ in 0..<places { scale *= 10 }
    let scaled = (min(max(abs(value), 0), 1e12) * scale).rounded()
    let digits = String(Int64(scaled))
    let padded = String(repeating: "0", count: max(0, places + 1 - digits.count)) + digits
    let text = places == 0 ? padded : padded.dropLast(places) + "." + padded.suffix(places)
    return value < 0 && scaled > 0 ? "-\(text)" : text
}

/// How long ago, for people: `3.2 s`, `5 min`, `2 h`, `4 d`.
func ago(_ seconds: Double) -> String {
    switch max(0, seconds) {
    case ..<60: "\(decimals(max(0, seconds), 1)) s ago"
    case ..<3_600: "\(Int(seconds / 60)) min ago"
    case ..<172_800: "\(Int(seconds / 3_600)) h ago"
    default: "\(Int(min(seconds / 86_400, 1e9))) d ago"
    }
}
