import Observability
import Testing

@Suite("Logger")
struct LoggerTests {
    @Test("below the level neither message nor metadata is evaluated")
    func laziness() {
        let (handler, logger) = InMemoryLogHandler.makeLogger(level: .notice)
        var evaluations = 0
        func count() -> String {
            evaluations += 1
            return "x"
        }
        logger.trace("\(count())", metadata: ["k": "\(count())"])
        logger.debug("\(count())", metadata: ["k": "\(count())"])
        logger.info("\(count())", metadata: ["k": "\(count())"], source: count())
        #expect(evaluations == 0)
        #expect(handler.entries.isEmpty)
        logger.notice("\(count())", metadata: ["k": "\(count())"])
        #expect(evaluations == 2)
        #expect(handler.entries == [.init(level: .notice, message: "x", metadata: ["k": "x"], source: "ObservabilityTests")])
    }

    @Test("each level's function logs at that level")
    func levels() {
        let (handler, logger) = InMemoryLogHandler.makeLogger()
        logger.trace("0")
        logger.debug("1")
        logger.info("2")
        logger.notice("3")
        logger.warning("4")
        logger.error("5")
        logger.critical("6")
        #expect(handler.entries.map(\.level) == Logger.Level.allCases)
        #expect(Logger.Level.allCases == Logger.Level.allCases.sorted())
        handler.clear()
        #expect(handler.entries.isEmpty)
    }

    @Test("a copy's level and metadata leave the original alone")
    func valueSemantics() {
        let (handler, logger) = InMemoryLogHandler.makeLogger(level: .info)
        var copy = logger
        copy[metadataKey: "request.id"] = "r1"
        copy.logLevel = .debug
        logger.debug("hidden")
        logger.info("plain")
        copy.debug("enriched", metadata: ["step": .stringConvertible(2)])
        copy.info("overridden", metadata: ["request.id": "r2"])
        #expect(logger.logLevel == .info)
        #expect(logger[metadataKey: "request.id"] == nil)
        #expect(copy[metadataKey: "request.id"] == "r1")
        #expect(handler.entries.map(\.metadata) == [[:], ["request.id": "r1", "step": .stringConvertible(2)], ["request.id": "r2"]])
    }

    @Test("metadata values come from literals and describe themselves in the order of keys")
    func metadataValues() {
        let value: Logger.MetadataValue = ["b": ["x", "y\(1)"], "a": "1"]
        #expect(value == .dictionary(["a": .string("1"), "b": .array([.string("x"), .string("y1")])]))
        #expect(value.description == "[a: 1, b: [x, y1]]")
        #expect(Logger.MetadataValue.string("1") != .stringConvertible(1))
    }

    @Test("a second bootstrap replaces the factory for loggers created later")
    func bootstrapTwice() {
        let first = InMemoryLogHandler()
        let second = InMemoryLogHandler()
        LoggingSystem.bootstrap { _ in first }
        let early = Logger(label: "early")
        LoggingSystem.bootstrap { _ in second }
        let late = Logger(label: "late")
        early.info("to the first")
        late.info("to the second")
        #expect(first.entries.map(\.message) == ["to the first"])
        #expect(second.entries.map(\.message) == ["to the second"])
        #expect(late.label == "late")
    }

    @Test("the no-op handler takes nothing")
    func noOp() {
        var logger = Logger(label: "quiet") { _ in SwiftLogNoOpLogHandler() }
        logger[metadataKey: "k"] = "v"
        logger.logLevel = .trace
        #expect(logger.logLevel == .critical)
        #expect(logger[metadataKey: "k"] == nil)
        logger.critical("gone")
    }
}
