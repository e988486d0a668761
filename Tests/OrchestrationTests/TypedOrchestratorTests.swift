import JSON
import Orchestration
import Testing

@Suite("Typed arguments")
struct TypedOrchestratorTests {
    struct Greeter: TypedOrchestrator {
        struct Input: Decodable, Sendable {
            struct Item: Decodable, Sendable {
                var url: String
            }
            enum Depth: String, Decodable, Sendable {
                case quick
                case deep
            }
            var name: String
            var items: [Item]?
            var depth: Depth?
            var count: Int?
        }

        let name = "greeter"
        let layer = OrchestrationLayer.domain

        func orchestrate(_ context: OrchestrationContext, input: Input) async throws -> StepResult {
            .ok(["greeting": "hello \(input.name)", "items": .integer(Int64(input.items?.count ?? 0))])
        }
    }

    @Test func argumentsReachTheHandlerDecoded() async throws {
        let facade = OrchestrationFacade(logger: makeTestLogger().logger)
        try facade.register(Greeter())
        let result = await facade.orchestrate("greeter", makeContext(), ["name": "Ada", "items": [["url": "x"]], "unknown": 1])
        #expect(result == .ok(["greeting": "hello Ada", "items": 1]))
    }

    @Test(
        arguments: [
            ([:], "kwargs.name", "nothing"),
            (["name": 3], "kwargs.name", nil),
            (["name": "a", "items": [["url": "x"], ["url": true]]], "kwargs.items[1].url", "bool"),
            (["name": "a", "items": "x"], "kwargs.items", "string"),
            (["name": "a", "depth": "shallow"], "kwargs.depth", nil),
            (["name": "a", "count": 1.5], "kwargs.count", nil),
        ] as [(Arguments, String, String?)]
    )
    func whatDoesNotFitIsAValidationFailure(arguments: Arguments, path: String, found: String?) async throws {
        let facade = OrchestrationFacade(logger: makeTestLogger().logger)
        try facade.register(Greeter())
        let result = await facade.orchestrate("greeter", makeContext(), arguments)
        #expect(result.errorCategory == .validation)
        #expect(!result.success && !result.retryable)
        #expect(result.data["path"] == .string(path))
        #expect(result.data["expected"]?.stringValue?.isEmpty == false)
        if let found { #expect(result.data["found"] == .string(found)) }
        #expect(result.error?.hasPrefix("Invalid arguments: \(path): expected ") == true)
    }

    @Test func anArgumentsErrorThrownByAHandlerIsAValidationFailureToo() async throws {
        let facade = try makeFacade(
            TestOrchestrator { _, arguments in
                let input = try arguments.decode(Greeter.Input.self)
                return .ok(["name": .string(input.name)])
            }
        )
        let result = await facade.orchestrate("test", makeContext(), ["name": nil])
        #expect(result.errorCategory == .validation)
        #expect(result.data["path"] == "kwargs.name")
    }

    @Test func argumentsAreAnObject() {
        var arguments: Arguments = ["a": 1]
        arguments["b"] = "two"
        #expect(arguments.object == ["a": 1, "b": "two"])
        #expect(arguments["a"] == 1)
        #expect(arguments["c"] == nil)
        #expect(Arguments().object.isEmpty)
    }
}
