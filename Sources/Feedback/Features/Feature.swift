import JSON

/// One number of a feature vector: how it is read from a situation.
enum Feature: Sendable {
    /// A number, divided by the one that counts as 1.
    case number(String, default: Double, full: Double)
    /// 1 for true, 0 for false; a number is taken as it is.
    case flag(String)
    /// 1 when the member is this word.
    case word(String, is: String)
    /// How many elements an array has, divided by the number that counts as 1.
    case length(String, full: Double)
    /// `simple`, `moderate`, `complex` or `critical` as .25, .5, .75 or 1 (spec §5.5); or a number. .5 by default.
    case complexity
    /// How much of a budget is gone, in four steps (spec §5.10); 0 without a budget.
    case budgetPressure

    /// What it is called in lists; the situation's member wherever there is one.
    var name: String {
        switch self {
        case .number(let member, _, _), .flag(let member), .length(let member, _): member
        case .word(let member, let word): "\(member)=\(word)"
        case .complexity: "complexity"
        case .budgetPressure: "budget_pressure"
        }
    }

    /// Within 0 … 1.
    func value(in situation: JSONObject) -> Double {
        switch self {
        case .number(let member, let standard, let full):
            return Self.share((situation.number(member) ?? standard) / full)
        case .flag(let member):
            return situation[member]?.boolValue.map { $0 ? 1 : 0 } ?? Self.share(situation.number(member) ?? 0)
        case .word(let member, let word):
            return situation[member]?.stringValue == word ? 1 : 0
        case .length(let member, let full):
            return Self.share(Double(situation[member]?.arrayValue?.count ?? 0) / full)
        case .complexity:
            return Self.share(situation.number("complexity") ?? Self.complexity(situation["complexity"]?.stringValue))
        case .budgetPressure:
            return BudgetPressure.pressure(used: situation.number("budget_used") ?? 0, limit: situation.number("budget_limit") ?? 0)
        }
    }

    private static func complexity(_ word: String?) -> Double {
        switch word {
        case "simple": 0.25
        case "complex": 0.75
        case "critical": 1
        default: 0.5
        }
    }

    private static func share(_ value: Double) -> Double { min(max(value, 0), 1) }
}

extension JSONObject {
    /// A member that is a number; what is not a number at all counts as missing.
    fileprivate func number(_ member: String) -> Double? {
        guard let value = self[member]?.doubleValue, !value.isNaN else { return nil }
        return value
    }
}
