import Testing

@testable import DomainOrchestrators

@Suite struct FallbackReportTests {
    private let report = FallbackReport(
        url: "https://news.example/story?id=1",
        title: "A *bold* story",
        platform: "news.example",
        duration: 3_723.4,
        depth: "standard",
        processingTime: 1.25,
        wordCount: 1_234_567,
        hasTranscript: true,
        sentimentScore: 0.456,
        hasFactChecks: true,
        timestamp: 1_790_010_000
    )

    @Test func rendersEverySection() {
        #expect(
            self.report.markdown == """
                # Content analysis (fallback mode)

                ## Content summary
                - **URL:** <https://news.example/story?id=1>
                - **Title:** A \\*bold\\* story
                - **Platform:** news.example
                - **Duration:** 1:02:03
                - **Analysis depth:** standard
                - **Processing time:** 1.3 s

                ## Transcript
                - **Word count:** 1,234,567
                - **Available:** Yes

                ## Sentiment
                - **Overall:** Positive
                - **Score:** 0.46

                ## Fact verification
                - **Status:** Completed

                ## System status
                - **Mode:** Fallback (basic pipeline)
                - **Agents:** Disabled

                ## Recommendations
                - Read the findings as first indications: no agent has reviewed them.
                - Run the full system for a deeper analysis.

                ## Available with the full system
                - Analysis by 15 specialised agents
                - A pipeline of 25 stages
                - Verification of claims across several sources
                - Deception and bias scoring
                - Perspectives and their synthesis
                - Knowledge kept across runs

                *Generated 2026-09-21 17:00:00 UTC*
                """
        )
    }

    @Test func rendersWhatIsUnknown() {
        var report = self.report
        report.title = nil
        report.duration = nil
        report.hasTranscript = false
        report.hasFactChecks = false
        report.wordCount = 0
        report.sentimentScore = 0
        let lines = report.markdown.split(separator: "\n").map(String.init)
        for line in [
            "- **Title:** Unknown Title", "- **Duration:** Unknown Duration", "- **Word count:** 0", "- **Available:** No",
            "- **Overall:** Neutral",
            "- **Score:** 0.00", "- **Status:** Limited", "- Treat every claim as unverified: no fact-check service has judged them.",
            "- Provide a source with a transcript: without one there is nothing to analyse.",
        ] {
            #expect(lines.contains(line), "\(line)")
        }
    }

    @Test(arguments: [
        (0.1, "Neutral"), (0.101, "Positive"), (-0.1, "Neutral"), (-0.101, "Negative"), (0, "Neutral"), (1, "Positive"), (-1, "Negative"),
    ])
    func labelsTheScore(_ score: Double, _ label: String) {
        var report = self.report
        report.sentimentScore = score
        #expect(report.sentimentLabel == label)
    }

    @Test func cannotBeBrokenOutOf() {
        var report = self.report
        report.title = "x\n# Heading <script>"
        report.url = "http://h/>\n# x"
        report.depth = "`a`"
        #expect(report.markdown.contains("- **Title:** x \\# Heading \\<script\\>\n"))
        #expect(report.markdown.contains("- **URL:** <http://h/%3E%20#%20x>\n"))
        #expect(report.markdown.contains("- **Analysis depth:** \\`a\\`\n"))
    }

    @Test(arguments: [
        (0, 1, "0.0"), (0.05, 1, "0.1"), (0.04, 1, "0.0"), (-0.04, 1, "0.0"), (12.345, 2, "12.35"), (-1.5, 2, "-1.50"), (7, 0, "7"),
        (.nan, 2, "0.00"),
        (.infinity, 1, "0.0"), (0.005, 2, "0.01"), (99.999, 2, "100.00"),
    ])
    func formatsNumbers(_ value: Double, _ decimals: Int, _ text: String) {
        #expect(FixedPoint.text(value, decimals: decimals) == text)
    }

    @Test(arguments: [(0, "0"), (999, "999"), (1_000, "1,000"), (12_345_678, "12,345,678"), (-1_000, "-1,000")])
    func groupsDigits(_ number: Int, _ text: String) {
        #expect(FixedPoint.grouped(number) == text)
    }

    @Test(arguments: [
        (0, "1970-01-01 00:00:00 UTC"), (951_782_400, "2000-02-29 00:00:00 UTC"), (4_102_444_799, "2099-12-31 23:59:59 UTC"),
    ])
    func formatsTime(_ seconds: Int64, _ text: String) {
        #expect(FallbackReport.utc(seconds) == text)
    }
}
