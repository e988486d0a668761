import JSON
import Orchestration
import Testing

@Suite("Step result on the wire")
struct StepResultWireTests {
    private func written(_ result: StepResult) -> [UInt8] {
        var writer = JSONWriter()
        result.write(into: &writer)
        return writer.bytes
    }

    @Test(arguments: [1, 2, 3, 5, 8, 13, 21, 34])
    func roundTrip(seed: UInt64) throws {
        var generator = ResultGenerator(seed: seed)
        for _ in 0..<250 {
            let result = generator.result()
            #expect(try StepResult(jsonObject: result.jsonObject) == result)
            let parsed = try JSONValue(parsing: self.written(result))
            #expect(parsed == .object(result.jsonObject))
            let object = try #require(parsed.objectValue)
            #expect(object.keys == result.jsonObject.keys)
            #expect(try StepResult(jsonObject: object) == result)
        }
    }

    @Test func theCommonSuccess() {
        let text = String(decoding: self.written(.ok(["a": 1])), as: UTF8.self)
        #expect(
            text == """
                {"step_result_version":1,"success":true,"status":"success","data":{"a":1},"error":null,"error_category":null,\
                "error_severity":"medium","retryable":false,"metadata":{}}
                """
        )
    }

    @Test func everythingSet() {
        let result = StepResult(
            success: false,
            data: ["d": 1],
            error: "e",
            customStatus: "own",
            errorCategory: .rateLimit,
            retryable: true,
            metadata: ["m": 2],
            errorContext: ErrorContext(timestamp: 1.5, tenant: "acme", stackTrace: "never shown"),
            errorSeverity: .high,
            recoveryStrategy: ErrorRecoveryStrategy(errorCategories: [.rateLimit]),
            performanceImpact: 0.5,
            suggestedActions: ["a"],
            relatedErrors: ["r"]
        )
        let text = String(decoding: self.written(result), as: UTF8.self)
        #expect(
            text == """
                {"step_result_version":1,"success":false,"status":"own","data":{"d":1},"error":"e","error_category":"rate_limit",\
                "error_severity":"high","retryable":true,"metadata":{"m":2},"error_context":{"error_id":"err_1500000","timestamp":1.5,\
                "operation":"unknown","component":"unknown","tenant":"acme","workspace":"global","user_id":null,"request_id":null,\
                "session_id":null,"additional_context":{}},"recovery_strategy":{"error_categories":["rate_limit"],"max_retries":3,\
                "retry_delay_base":1.0,"retry_backoff_factor":2.0,"fallback_enabled":true,"circuit_breaker_threshold":5,\
                "alert_on_failure":false},"performance_impact":0.5,"suggested_actions":["a"],"related_errors":["r"]}
                """
        )
    }

    @Test func membersGoIntoAnOpenEnvelope() throws {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("step_result_version", StepResult.wireVersion)
        writer.member("request_id", "r")
        StepResult.fail("e", category: .timeout).writeMembers(into: &writer)
        writer.member("worker", "w")
        writer.endObject()
        let envelope = try JSONValue(parsing: writer.bytes)
        #expect(envelope["worker"] == "w")
        let object = try #require(envelope.objectValue)
        #expect(try StepResult(jsonObject: object) == .fail("e", category: .timeout))
    }

    @Test func absentAndNullMembersHaveDefaults() throws {
        #expect(try StepResult(jsonObject: ["success": true]) == .ok())
        #expect(
            try StepResult(jsonObject: [
                "success": false, "status": nil, "data": nil, "error": nil, "error_category": nil, "error_severity": nil, "retryable": nil,
                "metadata": nil, "error_context": nil, "recovery_strategy": nil, "performance_impact": nil, "suggested_actions": nil,
                "related_errors": nil, "step_result_version": nil, "unknown": 1,
            ]) == StepResult(success: false)
        )
        let nested = try StepResult(jsonObject: ["success": true, "error_context": ["timestamp": 2], "recovery_strategy": [:]])
        #expect(nested.errorContext == ErrorContext(timestamp: 2))
        #expect(nested.recoveryStrategy == ErrorRecoveryStrategy(errorCategories: []))
    }

    @Test(
        arguments: [
            ([:], "success", "nothing"),
            (["success": "true"], "success", "string"),
            (["success": true, "step_result_version": 2], "step_result_version", "2"),
            (["success": true, "step_result_version": 0], "step_result_version", "0"),
            (["success": true, "step_result_version": "1"], "step_result_version", "string"),
            (["success": true, "status": 1], "status", "integer"),
            (["success": true, "data": []], "data", "array"),
            (["success": true, "error": false], "error", "bool"),
            (["success": true, "error_category": "nonsense"], "error_category", "nonsense"),
            (["success": true, "error_severity": "awful"], "error_severity", "awful"),
            (["success": true, "retryable": 1], "retryable", "integer"),
            (["success": true, "metadata": "x"], "metadata", "string"),
            (["success": true, "error_context": 1.5], "error_context", "number"),
            (["success": true, "error_context": ["tenant": 1]], "error_context.tenant", "integer"),
            (["success": true, "recovery_strategy": ["max_retries": 1.5]], "recovery_strategy.max_retries", "number"),
            (["success": true, "recovery_strategy": ["error_categories": ["network", "x"]]], "recovery_strategy.error_categories", "x"),
            (["success": true, "performance_impact": "x"], "performance_impact", "string"),
            (["success": true, "suggested_actions": ["a", 1]], "suggested_actions", "array"),
            (["success": true, "related_errors": "x"], "related_errors", "string"),
        ] as [(JSONObject, String, String)]
    )
    func whatIsNotAStepResult(object: JSONObject, path: String, found: String) {
        let error = #expect(throws: StepResultFormatError.self) { try StepResult(jsonObject: object) }
        #expect(error?.path == path)
        #expect(error?.found == found)
        #expect(error?.description.hasPrefix("Invalid step result: \(path) must be ") == true)
    }

    @Test func numbersThatAreNotFiniteDoNotBreakTheForm() throws {
        var result = StepResult.fail("e", context: ErrorContext(timestamp: 1))
        result.errorContext?.timestamp = .infinity
        result.recoveryStrategy = ErrorRecoveryStrategy(errorCategories: [], retryDelayBase: .nan, retryBackoffFactor: -.infinity)
        let object = try #require(try JSONValue(parsing: self.written(result)).objectValue)
        let read = try StepResult(jsonObject: object)
        #expect(read.errorContext?.timestamp == 0)
        #expect(read.recoveryStrategy?.retryDelayBase == 0)
        #expect(read.recoveryStrategy?.retryBackoffFactor == 0)
    }
}
