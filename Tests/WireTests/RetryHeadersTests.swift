import Orchestration
import Testing
import Wire

@Suite struct RetryHeadersTests {
    private let copy = RetryHeaders(
        due: 1_790_000_000_123,
        originPartition: 3,
        originOffset: 41,
        originTimestamp: -1,
        failures: 2,
        crashes: 1
    )

    private func read(_ pairs: [(StaticString, String)]) -> Result<RetryHeaders, WireError> {
        var headers = RecordHeaders()
        for (name, value) in pairs { headers.append(name, value) }
        return headers.withView { view in Result { () throws(WireError) in try RetryHeaders(view) } }
    }

    @Test func theRequestsHeadersStayAndWhatIsWrittenIsRead() throws {
        var request = RecordHeaders()
        request.append("ce_id", "r1")
        request.append("x-retry-due", "somebody else's")
        request.append("x-binary", bytes: nil)
        let headers = request.withView { self.copy.headers(keeping: $0) }
        #expect(headers.pairs.prefix(2).map(\.name) == ["ce_id", "x-binary"] && headers["x-retry-due"] == "1790000000123")
        #expect(try headers.withView { try RetryHeaders($0) } == self.copy)
        var never = self.copy
        never.crashes = 0
        let shorter = RecordHeaders().withView { never.headers(keeping: $0) }
        #expect(shorter["x-retry-crashes"] == nil)
        #expect(try shorter.withView { try RetryHeaders($0) } == never)
    }

    @Test(arguments: ["", "x", "-1", "9223372036854775808", "1.5", " 1", String(repeating: "1", count: 1_000_000)])
    func hostileNumbersAreTypedErrors(text: String) {
        let good: [(StaticString, String)] = [
            ("x-retry-due", "1"), ("x-retry-origin-partition", "1"), ("x-retry-origin-offset", "1"), ("x-retry-origin-timestamp", "1"),
            ("x-retry-failures", "1"), ("x-retry-crashes", "1"),
        ]
        #expect((try? self.read(good).get()) != nil)
        for index in good.indices {
            // No timestamp is written as −1.
            if text == "-1", good[index].0.description == "x-retry-origin-timestamp" { continue }
            var bad = good
            bad[index].1 = text
            guard case .failure(let error) = self.read(bad) else {
                Issue.record("\(good[index].0) \(text.prefix(20))")
                continue
            }
            #expect(error.reason == .invalid && error.message.contains(good[index].0.description) && error.message.utf8.count < 200)
        }
        for index in good.indices.dropLast() {
            var missing = good
            missing.remove(at: index)
            guard case .failure(let error) = self.read(missing) else {
                Issue.record("without \(good[index].0)")
                continue
            }
            #expect(error.message.contains(good[index].0.description))
        }
    }

    @Test func aWaitGoesToTheShortestTopicThatIsLongEnough() {
        let tiers = [0, 60_000, 60_001, 600_000, 600_001, 3_600_000, .max].map { RetryTier(forWaiting: $0) }
        #expect(tiers == [.oneMinute, .oneMinute, .tenMinutes, .tenMinutes, .oneHour, .oneHour, .oneHour])
        let names = TopicNames(prefix: "p.")
        #expect(names.retries(.domain) == ["1m", "10m", "1h"].map { "p.orchestration.retries.domain.\($0)" })
        #expect(names.retries(.domain).allSatisfy { names.all.contains($0) && names.settings(of: $0)["retention.ms"] == "604800000" })
    }
}
