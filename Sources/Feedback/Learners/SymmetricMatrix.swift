/// A symmetric matrix, its lower triangle row by row.
struct SymmetricMatrix: Sendable, Hashable, Codable {
    private(set) var cells: [Double]

    init(dimension: Int) { self.cells = Array(repeating: 0, count: Self.cellCount(dimension)) }

    static func cellCount(_ dimension: Int) -> Int { dimension * (dimension + 1) / 2 }

    private static func index(_ row: Int, _ column: Int) -> Int { row * (row + 1) / 2 + column }

    /// Adds scale·x·xᵀ.
    mutating func add(_ x: [Double], scale: Double) {
        for row in x.indices {
            let factor = scale * x[row]
            for column in 0...row { self.cells[Self.index(row, column)] += factor * x[column] }
        }
    }

    /// Adds a matrix of the same size.
    mutating func add(_ other: SymmetricMatrix) {
        for index in self.cells.indices { self.cells[index] += other.cells[index] }
    }

    mutating func scale(by factor: Double) {
        for index in self.cells.indices { self.cells[index] *= factor }
    }

    func times(_ x: [Double]) -> [Double] {
        var result = [Double](repeating: 0, count: x.count)
        for row in x.indices {
            var sum = 0.0
            for column in 0..<row {
                let cell = self.cells[Self.index(row, column)]
                sum += cell * x[column]
                result[column] += cell * x[row]
            }
            result[row] += sum + self.cells[Self.index(row, row)] * x[row]
        }
        return result
    }

    /// xᵀ·M·x.
    func quadratic(_ x: [Double]) -> Double { dot(self.times(x), x) }

    /// The inverse of this matrix plus ridge·1, by Cholesky's decomposition.
    ///
    /// Where rounding has eaten a pivot, it counts 10⁻¹² of its diagonal: there is always an inverse.
    func inverse(ridge: Double, dimension d: Int) -> SymmetricMatrix {
        var lower = self
        for row in 0..<d {
            for column in 0...row {
                var sum = self.cells[Self.index(row, column)] + (row == column ? ridge : 0)
                let floor = 1e-12 * abs(sum)
                for k in 0..<column { sum -= lower.cells[Self.index(row, k)] * lower.cells[Self.index(column, k)] }
                lower.cells[Self.index(row, column)] =
                    row == column ? max(sum, floor).squareRoot() : sum / lower.cells[Self.index(column, column)]
            }
        }
        return lower.invertedTriangle(d).gram(d)
    }

    /// The inverse of a lower triangle.
    private func invertedTriangle(_ d: Int) -> SymmetricMatrix {
        var result = SymmetricMatrix(dimension: d)
        for column in 0..<d {
            result.cells[Self.index(column, column)] = 1 / self.cells[Self.index(column, column)]
            for row in (column + 1)..<max(d, column + 1) {
                var sum = 0.0
                for k in column..<row { sum -= self.cells[Self.index(row, k)] * result.cells[Self.index(k, column)] }
                result.cells[Self.index(row, column)] = sum / self.cells[Self.index(row, row)]
            }
        }
        return result
    }

    /// Lᵀ·L of a lower triangle L.
    private func gram(_ d: Int) -> SymmetricMatrix {
        var result = SymmetricMatrix(dimension: d)
        for row in 0..<d {
            for column in 0...row {
                var sum = 0.0
                for k in row..<d { sum += self.cells[Self.index(k, row)] * self.cells[Self.index(k, column)] }
                result.cells[Self.index(row, column)] = sum
            }
        }
        return result
    }

    /// Whether this can be a sum of w·x·xᵀ: the size fits, no negative diagonal, no cell larger than its diagonals allow.
    func isGram(dimension d: Int) -> Bool {
        guard self.cells.count == Self.cellCount(d), self.cells.allSatisfy({ abs($0) <= 1e30 }) else { return false }
        for row in 0..<d {
            for column in 0...row {
                let bound = self.cells[Self.index(row, row)] * self.cells[Self.index(column, column)]
                let cell = self.cells[Self.index(row, column)]
                guard self.cells[Self.index(row, row)] >= 0, cell * cell <= bound * (1 + 1e-9) else { return false }
            }
        }
        return true
    }
}

/// The inner product of two vectors of one length.
func dot(_ a: [Double], _ b: [Double]) -> Double {
    var sum = 0.0
    for index in a.indices { sum += a[index] * b[index] }
    return sum
}
