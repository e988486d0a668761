/// Numbers, shares, amounts of money and dates in a sentence.
enum ClaimQuantities {
    /// The kinds of quantities found; one number is of one kind only.
    static func reasons(in tokens: [Token]) -> Set<Claim.Reason> {
        var reasons: Set<Claim.Reason> = []
        for index in tokens.indices where tokens[index].isWord {
            if let reason = self.reason(at: index, in: tokens) {
                reasons.insert(reason)
            }
        }
        return reasons
    }

    private static func reason(at index: Int, in tokens: [Token]) -> Claim.Reason? {
        let token = tokens[index]
        if self.isCapitalised(token, in: self.weekdays), index > 0 {
            return .date
        }
        if self.isCapitalised(token, in: self.months), self.isDay(tokens, index - 1) || self.isDay(tokens, index + 1) {
            return .date
        }
        let startsWithDigit = token.text.utf8.first.map { (0x30...0x39).contains($0) } ?? false
        guard startsWithDigit || self.numberWords.contains(token.normalized) else {
            return nil
        }
        if self.isPercent(after: index, in: tokens) {
            return .percentage
        }
        if self.isMoney(at: index, in: tokens) {
            return .money
        }
        guard startsWithDigit else {
            return self.bigNumberWords.contains(token.normalized) ? .number : nil
        }
        if self.isDate(at: index, in: tokens) {
            return .date
        }
        // List numbers and labels such as "1." at the start say nothing.
        return index == 0 && tokens.count > 1 && tokens[1].text.hasPrefix(".") ? nil : .number
    }

    private static func isCapitalised(_ token: Token, in words: Set<String>) -> Bool {
        token.startsUppercase && words.contains(token.normalized)
    }

    /// Whether a day of the month, or a year, stands at a position.
    private static func isDay(_ tokens: [Token], _ index: Int) -> Bool {
        guard tokens.indices.contains(index) else {
            return false
        }
        let digits = tokens[index].text.utf8.prefix { (0x30...0x39).contains($0) }.count
        return digits == 1 || digits == 2 || self.isYear(tokens[index])
    }

    /// A number from 1500 to 2099 in four digits, also as a decade ("1990s").
    private static func isYear(_ token: Token) -> Bool {
        let text = token.normalized.hasSuffix("s") ? String(token.normalized.dropLast()) : token.normalized
        return text.utf8.count == 4 && Int(text).map { (1500...2099).contains($0) } ?? false
    }

    private static func isDate(at index: Int, in tokens: [Token]) -> Bool {
        let token = tokens[index]
        if self.isYear(token) {
            return true
        }
        let parts = token.text.split(separator: "-")
        if parts.count == 3, parts.allSatisfy({ Int($0) != nil }), parts[0].count == 4 {
            return true
        }
        let neighbours = [index - 1, index + 1, index + 2]
        return neighbours.contains { tokens.indices.contains($0) && self.isCapitalised(tokens[$0], in: self.months) }
            && self.isDay(tokens, index)
    }

    private static func isPercent(after index: Int, in tokens: [Token]) -> Bool {
        guard index + 1 < tokens.count else {
            return false
        }
        let next = tokens[index + 1]
        if next.text.hasPrefix("%") || ["percent", "percentage"].contains(next.normalized) {
            return true
        }
        return next.normalized == "per" && index + 2 < tokens.count && tokens[index + 2].normalized == "cent"
    }

    private static func isMoney(at index: Int, in tokens: [Token]) -> Bool {
        if index > 0, let last = tokens[index - 1].text.unicodeScalars.last, last.properties.generalCategory == .currencySymbol {
            return true
        }
        var next = index + 1
        while next < tokens.count, next <= index + 2, self.bigNumberWords.contains(tokens[next].normalized) {
            next += 1
        }
        guard next < tokens.count else {
            return false
        }
        return self.currencies.contains(tokens[next].normalized)
            || tokens[next].text.unicodeScalars.first?.properties.generalCategory == .currencySymbol
    }

    private static let weekdays = Set("monday tuesday wednesday thursday friday saturday sunday".wordList)

    private static let months = Set(
        """
        january february march april may june july august september october november december jan feb mar apr jun jul aug sept sep oct
        nov dec
        """.wordList
    )

    /// Number words; the small ones count only before "percent" or a currency.
    private static let numberWords = Self.bigNumberWords.union(
        """
        one two three four five six seven eight nine ten eleven twelve fifteen twenty thirty forty fifty sixty seventy eighty ninety
        """.wordList
    )

    private static let bigNumberWords = Set(
        "hundred thousand million billion trillion hundreds thousands millions billions trillions dozen dozens".wordList
    )

    private static let currencies = Set(
        """
        dollar dollars euro euros pound pounds yen yuan rupee rupees franc francs cent cents usd eur gbp jpy bucks pence bitcoin peso
        pesos
        """.wordList
    )
}
