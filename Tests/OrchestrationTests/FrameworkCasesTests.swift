import JSON
import Orchestration
import Testing

/// The sixteen cases the framework has had from its first version (spec §2.7), one test each.
@Suite("Framework cases")
struct FrameworkCasesTests {
    // MARK: Context

    @Test("1 context creation")
    func contextCreation() {
        let context = OrchestrationContext(
            tenantID: "tenant",
            requestID: "request",
            metadata: ["source": "test"],
            logger: makeTestLogger().logger
        )
        #expect(context.tenantID == "tenant")
        #expect(context.requestID == "request")
        #expect(context.metadata == ["source": "test"])
        #expect(context.traceID == nil)
        #expect(context.parentOrchestrator == nil)
        #expect(context.depth == 0)
    }

    @Test("2 child context creation")
    func childContextCreation() throws {
        let child = try makeContext(metadata: ["a": 1]).child(of: "parent")
        #expect(child.tenantID == "acme")
        #expect(child.requestID == "request-1")
        #expect(child.traceID == "trace-1")
        #expect(child.metadata == ["a": 1])
        #expect(child.parentOrchestrator == "parent")
        #expect(child.depth == 1)
    }

    @Test("3 child metadata is isolated")
    func childMetadataIsolation() throws {
        let parent = makeContext(metadata: ["a": 1, "nested": ["b": 2]])
        var child = try parent.child(of: "parent")
        child.metadata["added"] = true
        child.metadata["nested"] = ["b": 3]
        #expect(parent.metadata == ["a": 1, "nested": ["b": 2]])
    }

    // MARK: Orchestrator

    @Test("4 orchestrator properties and defaults")
    func orchestratorInitialisation() async throws {
        let plain = PlainOrchestrator()
        #expect(plain.name == "plain")
        #expect(plain.layer == .domain)
        #expect(plain.type == .sequential)
        #expect(try await plain.canOrchestrate(makeContext(), [:]))
    }

    @Test("5 orchestrator execution")
    func orchestratorExecution() async throws {
        let result = try await PlainOrchestrator().orchestrate(makeContext(), [:])
        #expect(result.success)
        #expect(result.data == ["result": "done"])
    }

    @Test("6 orchestrator finish")
    func orchestratorFinish() async throws {
        let orchestrator = TestOrchestrator()
        try await orchestrator.finish(makeContext())
        #expect(orchestrator.calls.finish == 1)
        try await PlainOrchestrator().finish(makeContext())
        await PlainOrchestrator().shutdown()
    }

    // MARK: Facade

    /// Once "the facade is a singleton".
    ///
    /// Nothing is global here, so that two workers in one process cannot disturb each other.
    @Test("7 two facades are independent")
    func facadesAreIndependent() throws {
        let first = try makeFacade(TestOrchestrator("shared"))
        let second = try makeFacade()
        #expect(first.orchestrator(named: "shared") != nil)
        #expect(second.orchestrator(named: "shared") == nil)
        try second.register(TestOrchestrator("shared"))
    }

    @Test("8 register")
    func register() throws {
        let orchestrator = TestOrchestrator("one")
        let facade = try makeFacade(orchestrator)
        #expect(facade.orchestrator(named: "one") as? TestOrchestrator === orchestrator)
    }

    @Test("9 a duplicate registration is refused")
    func registerDuplicate() throws {
        let orchestrator = TestOrchestrator("one")
        let facade = try makeFacade(orchestrator)
        let error = #expect(throws: OrchestrationError.self) { try facade.register(TestOrchestrator("one", layer: .application)) }
        #expect(error?.code == .alreadyRegistered)
        #expect(error?.message == "Orchestrator 'one' is already registered")
        #expect(facade.orchestrator(named: "one") as? TestOrchestrator === orchestrator)
        #expect(facade.orchestrators(in: .application).isEmpty)
    }

    @Test("10 unregister")
    func unregister() async throws {
        let orchestrator = TestOrchestrator("one")
        let facade = try makeFacade(orchestrator)
        try facade.unregister("one")
        #expect(facade.orchestrator(named: "one") == nil)
        #expect(facade.orchestrators(in: .domain).isEmpty)
        #expect(facade.list().isEmpty)
        #expect(orchestrator.calls == TestOrchestrator.Calls())
    }

    @Test("11 unregistering an unknown name is refused")
    func unregisterMissing() throws {
        let facade = try makeFacade()
        let error = #expect(throws: OrchestrationError.self) { try facade.unregister("missing") }
        #expect(error?.code == .notRegistered)
        #expect(error?.message == "Orchestrator 'missing' is not registered")
    }

    @Test("12 orchestrators by layer, in the order of registration")
    func byLayer() throws {
        let facade = try makeFacade(
            TestOrchestrator("z"),
            TestOrchestrator("m", layer: .infrastructure),
            TestOrchestrator("a"),
            TestOrchestrator("k")
        )
        try facade.unregister("a")
        try facade.register(TestOrchestrator("a"))
        #expect(facade.orchestrators(in: .domain).map(\.name) == ["z", "k", "a"])
        #expect(facade.orchestrators(in: .infrastructure).map(\.name) == ["m"])
        #expect(facade.orchestrators(in: .application).isEmpty)
    }

    @Test("13 orchestrate")
    func orchestrateSuccess() async throws {
        let facade = try makeFacade(
            TestOrchestrator("echo") { context, arguments in
                .ok(["tenant": .string(context.tenantID), "arguments": .object(arguments.object)])
            }
        )
        let result = await facade.orchestrate("echo", makeContext(), ["x": 1])
        #expect(result == .ok(["tenant": "acme", "arguments": ["x": 1]]))
    }

    @Test("14 orchestrate an unknown name")
    func orchestrateNotFound() async throws {
        let result = await (try makeFacade()).orchestrate("missing", makeContext(), [:])
        #expect(!result.success)
        #expect(result.error == "Orchestrator 'missing' not found")
        #expect(result.errorCategory == .processing)
        #expect(!result.retryable)
    }

    @Test("15 finish is called even when orchestrate throws")
    func finishAfterThrow() async throws {
        let orchestrator = TestOrchestrator { _, _ in throw TestOrchestrator.Failure(description: "boom") }
        let result = await (try makeFacade(orchestrator)).orchestrate("test", makeContext(), [:])
        #expect(!result.success)
        #expect(result.error == "Orchestration failed: boom")
        #expect(result.errorCategory == .processing)
        #expect(result.retryable)
        #expect(orchestrator.calls == .init(can: 1, orchestrate: 1, finish: 1, shutdown: 0))
    }

    @Test("16 list")
    func list() throws {
        let facade = try makeFacade(
            TestOrchestrator("b", layer: .application, type: .feedback),
            TestOrchestrator("a", layer: .infrastructure, type: .adaptive)
        )
        #expect(facade.list().map(\.name) == ["b", "a"])
        #expect(facade.list().map(\.layer) == [.application, .infrastructure])
        #expect(facade.list().map(\.type) == [.feedback, .adaptive])
    }
}
