import DrillOrchestrators
import FleetTestKit
import JSON
import KafkaClient
import Orchestration
import Testing
import Wire

@testable import WorkerRuntime

@Suite("Which executions are told", .timeLimit(.minutes(1)))
struct PolicyTests {
    @Test("off tells of none, but passes on what orchestrators say themselves")
    func off() async throws {
        let orchestrators: [any Orchestrator] = [ProbeOrchestrator(layer: .domain), EchoOrchestrator(layer: .domain)]
        try await FleetHarness.run(orchestrators, partitions: 1, configure: { $0.signals = .off }) { fleet in
            for number in 0..<10 { #expect(try await fleet.submit("echo", ["n": .integer(Int64(number))], key: "k").result.success) }
            #expect(try await fleet.submit("probe", ["signals": 2], key: "k").result.success)
            _ = try await fleet.record(on: fleet.names.signals(.tool)) { $0.headers["ce_id"]?.hasSuffix(".signal.1") == true }
            let broker = try #require(fleet.broker)
            #expect(try await broker.readAll([fleet.names.signals(.agent)]).isEmpty)
        }
    }

    @Test("a share chooses by the request's id: always the same requests, and about so many", arguments: [0.0, 0.1, 0.5, 1])
    func share(_ share: Double) {
        let ids = (0..<10_000).map { "request-\($0)" }
        let chosen = ids.filter { SignalPolicy.sampled(share).includes($0) }
        #expect(chosen == ids.filter { SignalPolicy.sampled(share).includes($0) })
        #expect(abs(Double(chosen.count) - share * 10_000) < 300)
        // A larger share has the requests of a smaller one, too.
        #expect(chosen.allSatisfy { SignalPolicy.sampled(min(1, share + 0.2)).includes($0) })
    }

    @Test("all and off do not look at the id")
    func extremes() {
        for id in ["", "a", "b"] { #expect(SignalPolicy.all.includes(id) && !SignalPolicy.off.includes(id)) }
    }

    @Test("the trace id is that of a well-formed traceparent only")
    func traceparent() {
        let id = "0af7651916cd43dd8448eb211c80319c"
        #expect(TraceParent.traceID("00-\(id)-b7ad6b7169203331-01") == id)
        #expect(TraceParent.traceID("01-\(id)-b7ad6b7169203331-01-more") == id, "later versions may have more")
        for text in ["", "00", "00-\(id)", "00-\(id.dropLast())-b7ad6b7169203331-01", "00-\(id.uppercased())-b7ad6b7169203331-01", "---"] {
            #expect(TraceParent.traceID(text) == nil, "\(text)")
        }
    }
}
