import JSON
import Orchestration
import Testing

@Suite("Step result from anything")
struct LenientResultTests {
    typealias Case = (JSONObject, StepResult)

    static let cases: [Case] = [
        (["status": "success", "a": 1], .ok(["a": 1])),
        (["status": "skipped", "reason": "r"], .skip(reason: "r")),
        (["status": "uncertain", "a": 1], .uncertain(["a": 1])),
        (["a": 1], .ok(["a": 1])),
        ([:], .ok()),
        // Explicit success wins over status and error.
        (["success": true, "status": "error", "a": 1], .init(success: true, data: ["a": 1], customStatus: "error")),
        (["success": true, "error": "remark"], .init(success: true, error: "remark")),
        (["success": false], .fail("Unknown error", category: .processing)),
        (["success": "yes", "status": "success"], .ok()),
        // Failures.
        (["error": "network down"], .fail("network down", category: .network, retryable: true)),
        (["status": "error", "error": "bad format"], .fail("bad format", category: .invalidFormat)),
        (["status": "failed", "error": "x"], .init(success: false, error: "x", customStatus: "failed", errorCategory: .processing)),
        (["error": "x", "retryable": true], .fail("x", category: .processing, retryable: true)),
        (["error": "x", "retryable": false, "error_category": "timeout"], .fail("x", category: .timeout, retryable: true)),
        (["error": "timeout", "error_category": "quota_exceeded"], .fail("timeout", category: .quotaExceeded)),
        (["error": "model died"], .fail("model died", category: .modelError)),
        (["error": ["code": 7]], .fail("{\"code\":7}", category: .processing)),
        (["error": nil, "a": 1], .ok(["a": 1])),
        (["error": false], .ok()),
        // Payload.
        (["data": ["a": 1], "ignored": 2], .ok(["a": 1])),
        (["data": [1, 2]], .ok(["value": [1, 2]])),
        (["data": nil, "a": 1], .ok(["a": 1])),
        (["success": false, "error": "x", "data": nil], .fail("x", category: .processing)),
        // Other fields.
        (["a": 1, "metadata": ["m": 2]], .init(success: true, data: ["a": 1], metadata: ["m": 2])),
        (["a": 1, "metadata": "text"], .ok(["a": 1, "metadata": "text"])),
        (
            ["error": "x", "error_severity": "critical"],
            .init(success: false, error: "x", errorCategory: .processing, errorSeverity: .critical)
        ),
        (["error": "x", "error_severity": "awful"], .fail("x", category: .processing)),
        (
            ["error": "x", "suggested_actions": ["a", 1], "related_errors": ["b"]],
            .init(success: false, error: "x", errorCategory: .processing, suggestedActions: ["a"], relatedErrors: ["b"])
        ),
        // States that are neither success nor failure.
        (["status": "cancelled", "error": "operator"], .cancelled(reason: "operator")),
        (["status": "input_required", "prompt": "Which?"], .inputRequired(prompt: "Which?")),
        (["status": "cancelled", "error": "timeout", "retryable": true], .cancelled(reason: "timeout")),
    ]

    @Test(arguments: cases)
    func objects(object: JSONObject, expected: StepResult) {
        #expect(StepResult(lenient: object) == expected)
        #expect(StepResult(lenientValue: .object(object)) == expected)
    }

    @Test(
        arguments: [
            ("plain text", "plain text"), (nil, "null"), (7, "7"), ([1, "a"], "[1,\"a\"]"), (true, "true"),
        ] as [(JSONValue, String)]
    )
    func otherValues(value: JSONValue, error: String) {
        #expect(StepResult(lenientValue: value) == .fail(error))
        let context = ErrorContext(timestamp: 1)
        let result = StepResult(lenientValue: value, context: context)
        #expect(result.errorSeverity == .high)
        #expect(result.errorContext == context)
    }

    @Test func aContextDerivesSeverityAndActions() {
        let context = ErrorContext(timestamp: 1)
        let failure = StepResult(lenient: ["error": "model died"], context: context)
        #expect(failure == .fail("model died", category: .modelError, context: context))
        #expect(failure.errorSeverity == .medium && failure.suggestedActions.count == 3)
        let success = StepResult(lenient: ["a": 1], context: context)
        #expect(success.errorSeverity == .medium && success.suggestedActions.isEmpty && success.errorContext == context)
    }

    @Test func itReadsTheWireFormOfCommonResults() {
        for result in [StepResult.ok(["a": 1]), .skip(reason: "r"), .fail("x", category: .network, retryable: true, metadata: ["m": 1])] {
            #expect(StepResult(lenient: result.jsonObject) == result)
        }
    }
}
