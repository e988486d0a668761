import Feedback
import Foundation
import JSON
import KafkaProcess
import Testing

@testable import fleet

@Suite("fleet bench learners", .timeLimit(.minutes(1)))
struct LearnerBenchTests {
    @Test("prints the regret of a learner, the same every time, and below that of choosing blindly")
    func regret() async throws {
        let arguments = [
            "bench", "learners", "--seeds", "3", "--rounds", "300", "--problem", "linear", "--learner", "lin_ucb", "--learner", "lin_ts",
            "--json",
        ]
        let first = try await fleet(arguments)
        #expect(first.status.isSuccess && first.standardError.isEmpty)
        let lines = try first.standardOutput.split(separator: "\n").map { try JSONValue(parsing: String($0)) }
        #expect(lines.compactMap { $0["learner"]?.stringValue } == ["lin_ucb", "lin_ts"])
        // Blind choices lose about .28 a round.
        #expect(lines.allSatisfy { ($0["regret"]?.doubleValue ?? 99) < 30 && ($0["standard_error"]?.doubleValue ?? 0) > 0 })
        #expect(try await fleet(arguments).standardOutput == first.standardOutput)
    }

    @Test("shows a table of all learners")
    func table() async throws {
        let table = try await fleet(["bench", "learners", "--seeds", "2", "--rounds", "20", "--problem", "changing"]).standardOutput
        #expect(table.contains("changing, 20 rounds, 2 seeds"))
        for algorithm in LearnerAlgorithm.allCases { #expect(table.contains("\n  \(algorithm.rawValue) ")) }
    }

    @Test("serves any problem by lines, rewards late and out of order", arguments: LearnerAlgorithm.allCases)
    func stdio(algorithm: LearnerAlgorithm) async throws {
        let tool = try ChildProcess.buildProduct("fleet")
        // Arm 1 is right; each reward comes two rounds late.
        let script = """
            coproc F { '\(tool)' bench learners --stdio \(algorithm.rawValue) --seed 3; }
            for n in $(seq 1 300); do
                printf '{"x": [0.5], "arms": 3, "round": %s}\\n' $n >&${F[1]}
                read -r line <&${F[0]}; echo "$line"
                arms[$n]=$(sed 's/.*"arm":\\([0-9]*\\).*/\\1/' <<< "$line")
                if (( n > 2 )); then
                    printf '{"reward": %s, "round": %s}\\n' $(( arms[n - 2] == 1 )) $((n - 2)) >&${F[1]}
                fi
            done
            pid=$F_PID
            exec {F[1]}>&-
            wait $pid
            """
        let run = try await ChildProcess.run("/bin/bash", arguments: ["-uc", script], deadline: .now + .seconds(30))
        #expect(run.status.isSuccess, "\(run.standardError)")
        let answers = try run.standardOutput.split(separator: "\n").map { try JSONValue(parsing: String($0)) }
        #expect(answers.count == 300)
        #expect(answers.allSatisfy { (0..<3).contains($0["arm"]?.integerValue ?? -1) && ($0["p"]?.doubleValue ?? 0) > 0 })
        #expect(answers.suffix(100).count { $0["arm"]?.integerValue == 1 } > 60)
    }

    @Test(
        "names the line that it cannot use",
        arguments: [
            (#"{"x": [1], "arms": 2, "round": 1}"# + "\n\nnot json", 3), (#"{"x": [1], "arms": 2}"#, 1), ("[]", 1), ("7", 1),
            (#"{"x": [1, "a"], "arms": 2, "round": 1}"#, 1), (#"{"x": [1], "arms": 0, "round": 1}"#, 1),
            (#"{"x": [1], "arms": 2000, "round": 1}"#, 1), (#"{"arms": 2, "round": 1}"#, 1), (#"{"reward": 1, "round": 1}"#, 1),
            (#"{"x": [1], "arms": 2, "round": 1}"# + "\n" + #"{"x": [1, 2], "arms": 2, "round": 2}"#, 2),
            (#"{"x": [1], "arms": 2, "round": 1}"# + "\n" + #"{"x": [1], "arms": 2, "round": 1}"#, 2),
            (#"{"x": [1], "arms": 2, "round": 1}"# + "\n" + #"{"reward": 1e9, "round": 1}"#, 2),
            (#"{"x": [1], "arms": 2, "round": 1}"# + "\n" + #"{"reward": "1", "round": 1}"#, 2),
            (#"{"x": [1e400], "arms": 2, "round": 1}"#, 1), (#"{"x": [1e7], "arms": 2, "round": 1}"#, 1),
        ] as [(String, Int)]
    )
    func broken(input: String, line: Int) async throws {
        let file = try TemporaryFile(input)
        let script = "'\(try ChildProcess.buildProduct("fleet"))' bench learners --stdio lin_ucb < '\(file.url.path)'"
        let run = try await ChildProcess.run("/bin/bash", arguments: ["-c", script])
        #expect(run.status == .exited(1))
        #expect(run.standardError.hasPrefix("fleet: line \(line): "), "\(run.standardError)")
    }

    @Test("remembers a bounded number of rounds, the last ones")
    func pending() throws {
        var session = LearnerSession(algorithm: .epsilonGreedy, seed: 1, hasBias: true)
        for round in 1...(2 * LearnerSession.pendingLimit) {
            _ = try session.answer(Array(#"{"x":[],"arms":2,"round":\#(round)}"#.utf8))
        }
        #expect(throws: LearnerSession.Refusal.self) {
            try session.answer(Array(#"{"reward":1,"round":\#(LearnerSession.pendingLimit)}"#.utf8))
        }
        let oldest = LearnerSession.pendingLimit + 1
        #expect(try session.answer(Array(#"{"reward":1,"round":\#(oldest)}"#.utf8)) == nil)
    }

    @Test("refuses a line that is too long before it is at its end")
    func long() async throws {
        let tool = try ChildProcess.buildProduct("fleet")
        let script = "yes 1 | tr -d '\\n' | '\(tool)' bench learners --stdio ucb1"
        let run = try await ChildProcess.run("/bin/bash", arguments: ["-c", script])
        #expect(run.status == .exited(1) && run.standardError.contains("fleet: line 1: longer than 1048576 bytes"))
    }
}
