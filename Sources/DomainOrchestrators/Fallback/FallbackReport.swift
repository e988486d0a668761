import Glibc

/// What the report of a run says (spec §3.6).
public struct FallbackReport: Sendable, Hashable {
    /// The URL as it was given.
    public var url: String
    /// Nil prints as `Unknown Title`.
    public var title: String?
    /// The host, or `file`.
    public var platform: String
    /// Seconds; nil prints as `Unknown Duration`.
    public var duration: Double?
    /// As the request named it.
    public var depth: String
    /// Seconds.
    public var processingTime: Double
    /// Words of the transcript, split at white space.
    public var wordCount: Int
    /// Whether the source held any text.
    public var hasTranscript: Bool
    /// From −1 to 1; 0 when there was no sentiment analysis.
    public var sentimentScore: Double
    /// Whether at least one claim was verified.
    public var hasFactChecks: Bool
    /// Seconds since 1970.
    public var timestamp: Int64

    /// `Positive` above 0.1, `Negative` below −0.1, else `Neutral`.
    public var sentimentLabel: String {
        if self.sentimentScore > 0.1 { return "Positive" }
        return self.sentimentScore < -0.1 ? "Negative" : "Neutral"
    }

    /// The report as markdown.
    ///
    /// What comes from the source is escaped: it shows as text, whatever it contains.
    public var markdown: String {
        """
        # Content analysis (fallback mode)

        ## Content summary
        - **URL:** <\(Self.link(self.url))>
        - **Title:** \(Self.escaped(self.title ?? "Unknown Title"))
        - **Platform:** \(Self.escaped(self.platform))
        - **Duration:** \(self.duration.map(Self.clockTime) ?? "Unknown Duration")
        - **Analysis depth:** \(Self.escaped(self.depth))
        - **Processing time:** \(FixedPoint.text(self.processingTime, decimals: 1)) s

        ## Transcript
        - **Word count:** \(FixedPoint.grouped(self.wordCount))
        - **Available:** \(self.hasTranscript ? "Yes" : "No")

        ## Sentiment
        - **Overall:** \(self.sentimentLabel)
        - **Score:** \(FixedPoint.text(self.sentimentScore, decimals: 2))

        ## Fact verification
        - **Status:** \(self.hasFactChecks ? "Completed" : "Limited")

        ## System status
        - **Mode:** Fallback (basic pipeline)
        - **Agents:** Disabled

        ## Recommendations
        \(self.recommendations.map { "- \($0)" }.joined(separator: "\n"))

        ## Available with the full system
        - Analysis by 15 specialised agents
        - A pipeline of 25 stages
        - Verification of claims across several sources
        - Deception and bias scoring
        - Perspectives and their synthesis
        - Knowledge kept across runs

        *Generated \(Self.utc(self.timestamp))*
        """
    }

    private var recommendations: [String] {
        var lines: [String] = []
        if !self.hasTranscript { lines.append("Provide a source with a transcript: without one there is nothing to analyse.") }
        if !self.hasFactChecks { lines.append("Treat every claim as unverified: no fact-check service has judged them.") }
        lines.append("Read the findings as first indications: no agent has reviewed them.")
        lines.append("Run the full system for a deeper analysis.")
        return lines
    }

    /// A URL that cannot end the angle brackets around it.
    private static func link(_ url: String) -> String {
        url.reduce(into: "") { text, character in
            switch character {
            case "<": text += "%3C"
            case ">": text += "%3E"
            case _ where character.isWhitespace: text += "%20"
            default: text.append(character)
            }
        }
    }

    private static func escaped(_ text: String) -> String {
        TextLines.singleLine(text, limit: 300).reduce(into: "") { result, character in
            if "\\`*_[]<>|#!".contains(character) { result.append("\\") }
            result.append(character)
        }
    }

    /// `1:02:03` or `2:03`.
    private static func clockTime(_ seconds: Double) -> String {
        let total = Int(min(max(seconds.rounded(), 0), 1e9))
        let (hours, minutes, rest) = (total / 3_600, total / 60 % 60, total % 60)
        let two = { (value: Int) in value < 10 ? "0\(value)" : "\(value)" }
        return hours > 0 ? "\(hours):\(two(minutes)):\(two(rest))" : "\(minutes):\(two(rest))"
    }

    /// `YYYY-MM-DD HH:MM:SS UTC`.
    static func utc(_ seconds: Int64) -> String {
        var moment = time_t(seconds)
        var parts = tm()
        guard gmtime_r(&moment, &parts) != nil else { return "unknown time" }
        let padded = { (value: Int32, width: Int) in String(repeating: "0", count: max(0, width - "\(value)".count)) + "\(value)" }
        let date = "\(padded(parts.tm_year + 1_900, 4))-\(padded(parts.tm_mon + 1, 2))-\(padded(parts.tm_mday, 2))"
        return "\(date) \(padded(parts.tm_hour, 2)):\(padded(parts.tm_min, 2)):\(padded(parts.tm_sec, 2)) UTC"
    }
}

/// Numbers for people to read.
enum FixedPoint {
    /// The value with a fixed number of decimals, rounded half away from zero; 0 for what is not finite.
    static func text(_ value: Double, decimals: Int) -> String {
        let scale = (0..<decimals).reduce(1) { scale, _ in scale * 10 }
        let scaled = (value * Double(scale)).rounded()
        guard scaled.isFinite, abs(scaled) < 1e15 else { return Self.text(0, decimals: decimals) }
        let number = Int(abs(scaled))
        let fraction = "\(number % scale)"
        let sign = scaled < 0 ? "-" : ""
        return decimals == 0
            ? "\(sign)\(number)" : "\(sign)\(number / scale)." + String(repeating: "0", count: decimals - fraction.count) + fraction
    }

    /// The number with a comma before each group of three digits.
    static func grouped(_ number: Int) -> String {
        let digits = Array(String(number.magnitude))
        var text = number < 0 ? "-" : ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { text += "," }
            text.append(digit)
        }
        return text
    }
}
