/// The candidate that `word` was probably meant to be, or nil: at most a third of its letters differ.
func suggestion(for word: String, among candidates: [String]) -> String? {
    var best: (distance: Int, candidate: String)?
    for candidate in candidates {
        let distance = editDistance(word, candidate)
        guard distance <= max(1, candidate.count / 3), distance < best?.distance ?? .max else { continue }
        best = (distance, candidate)
    }
    return best?.candidate
}

/// How many letters have to be inserted, removed, replaced or swapped to get from one word to the other (optimal string alignment).
///
/// Words longer than 64 letters are not looked at.
private func editDistance(_ first: String, _ second: String) -> Int {
    let (first, second) = (Array(first), Array(second))
    guard first.count <= 64, second.count <= 64 else { return .max }
    var before: [Int] = []
    var previous = Array(0...second.count)
    for row in first.indices {
        var current = [row + 1]
        for column in second.indices {
            var cost = min(previous[column] + (first[row] == second[column] ? 0 : 1), previous[column + 1] + 1, current[column] + 1)
            if row > 0, column > 0, first[row] == second[column - 1], first[row - 1] == second[column] {
                cost = min(cost, before[column - 1] + 1)
            }
            current.append(cost)
        }
        (before, previous) = (previous, current)
    }
    return previous[second.count]
}
