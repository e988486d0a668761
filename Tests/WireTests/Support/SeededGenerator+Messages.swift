import JSON
import Orchestration
import Wire

extension SeededGenerator {
    /// A value of at most `depth` nested containers.
    mutating func value(depth: Int) -> JSONValue {
        switch self.below(depth > 0 ? 9 : 6) {
        case 0: .null
        case 1: .bool(self.flag())
        case 2: .integer(Int64(self.below(2001) - 1000))
        case 3: .integer(Int64(bitPattern: self.next()))
        case 4: .number(self.finite())
        case 5: .string(self.text())
        case 6: .array((0..<self.below(5)).map { _ in self.value(depth: depth - 1) })
        default: .object(self.object(depth: depth - 1))
        }
    }

    mutating func object(depth: Int = 2) -> JSONObject {
        JSONObject((0..<self.below(5)).map { _ in (self.text(), self.value(depth: depth)) })
    }

    mutating func request() -> Request {
        var request = Request(
            id: self.name(),
            orchestrator: self.name(),
            tenantID: self.name(),
            requestID: self.maybe { $0.name() },
            traceID: self.maybe { $0.text() },
            parentOrchestrator: self.maybe { $0.text() },
            depth: self.below(1_000_001),
            metadata: self.object(),
            kwargs: self.object(depth: 4),
            source: self.name()
        )
        request.event.time = self.maybe { WireTime.text(Int64($0.below(4_000_000_000_000))) }
        if self.flag() { request.event.correlationID = self.name() }
        request.event.causationID = self.maybe { $0.name() }
        request.event.traceparent = self.maybe { "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0\($0.below(2))" }
        request.event.tracestate = self.maybe { $0.name() }
        request.event.deadline = self.maybe { Int64($0.below(.max)) }
        request.event.notBefore = self.maybe { Int64($0.below(.max)) }
        request.event.priority = self.maybe { $0.below(10) }
        request.event.idempotencyKey = self.maybe { $0.name() }
        request.event.attempt = self.flag() ? 1 : 1 + self.below(1_000_000)
        request.event.replyAddress = self.maybe { generator in
            ReplyAddress(
                topic: "replies.\(generator.below(1000))",
                partition: generator.maybe { Int32($0.below(1 << 31)) },
                correlationID: generator.maybe { generator in (0..<generator.below(20)).map { _ in UInt8(generator.below(256)) } }
            )
        }
        return request
    }

    /// A result with whatever a `StepResult` can hold.
    mutating func arbitraryResult() -> StepResult {
        StepResult(
            success: self.flag(),
            data: self.object(depth: 3),
            error: self.maybe { $0.text() },
            customStatus: self.maybe { $0.pick(["skipped", "uncertain", "cancelled", "input_required", "success", "error", $0.text()]) },
            errorCategory: self.maybe { $0.pick(ErrorCategory.allCases) },
            retryable: self.flag(),
            metadata: self.object(),
            errorContext: self.maybe { $0.errorContext() },
            errorSeverity: self.pick(ErrorSeverity.allCases),
            recoveryStrategy: self.maybe { $0.recoveryStrategy() },
            performanceImpact: self.flag() ? 0 : self.finite(),
            suggestedActions: (0..<self.below(3)).map { _ in self.text() },
            relatedErrors: (0..<self.below(3)).map { _ in self.text() }
        )
    }

    /// A result as an orchestrator makes it, by the constructors that are there for it.
    mutating func usualResult() -> StepResult {
        switch self.below(7) {
        case 0: .ok(self.object())
        case 1: .skip(reason: self.text(), self.object())
        case 2: .uncertain(self.object())
        case 3: .cancelled(reason: self.text(), self.object())
        case 4: .inputRequired(prompt: self.text(), self.object())
        case 5: .successWithWarnings([self.text()], self.object())
        default:
            .fail(
                self.text(),
                category: self.maybe { $0.pick(ErrorCategory.allCases) },
                retryable: self.flag(),
                metadata: self.object(),
                context: self.maybe { $0.errorContext() },
                data: self.object()
            )
        }
    }

    mutating func errorContext() -> ErrorContext {
        ErrorContext(
            errorID: self.name(),
            timestamp: self.seconds(),
            operation: self.text(),
            component: self.text(),
            tenant: self.text(),
            workspace: self.text(),
            userID: self.maybe { $0.text() },
            requestID: self.maybe { $0.text() },
            sessionID: self.maybe { $0.text() },
            additionalContext: self.object()
        )
    }

    mutating func recoveryStrategy() -> ErrorRecoveryStrategy {
        ErrorRecoveryStrategy(
            errorCategories: (0..<self.below(4)).map { _ in self.pick(ErrorCategory.allCases) },
            maxRetries: self.below(100),
            retryDelayBase: self.unit(),
            retryBackoffFactor: self.unit() * 4,
            fallbackEnabled: self.flag(),
            circuitBreakerThreshold: self.below(100),
            alertOnFailure: self.flag()
        )
    }

    mutating func reply(_ result: StepResult) -> Reply {
        Reply(
            requestID: self.name(),
            orchestrator: self.text(),
            layer: self.pick(OrchestrationLayer.allCases),
            worker: self.name(),
            attempt: 1 + self.below(1_000_000),
            result: result,
            queuedMilliseconds: self.maybe { Double($0.below(1_000_000)) / 8 },
            processingMilliseconds: Double(self.below(1_000_000)) / 1000
        )
    }

    mutating func progressNotice() -> ProgressNotice {
        ProgressNotice(
            requestID: self.name(),
            orchestrator: self.name(),
            layer: self.pick(OrchestrationLayer.allCases),
            worker: self.name(),
            progress: Progress(
                stage: self.text(),
                step: self.below(.max),
                total: self.below(100),
                message: self.text(),
                data: self.object()
            ),
            timestamp: self.seconds()
        )
    }

    mutating func signal() -> FeedbackSignal {
        FeedbackSignal(
            signalID: self.name(),
            source: self.pick(FeedbackSource.allCases),
            componentType: self.pick(ComponentType.allCases),
            componentID: self.name(),
            reward: self.unit(),
            confidence: self.unit(),
            context: self.object(),
            metadata: self.object(),
            timestamp: self.seconds(),
            version: 1 + self.below(1_000_000_000)
        )
    }

    mutating func decision() -> Decision {
        let candidates = (0...self.below(4)).map { _ in self.name() }
        return Decision(
            id: self.name(),
            chosen: ComponentID(self.pick(ComponentType.allCases), self.pick(candidates)),
            candidates: candidates,
            propensity: 1 - self.unit() * 0.999,
            policyVersion: Int64(self.below(.max)),
            situation: self.object(),
            scope: self.pick(DecisionScope.allCases),
            scopeID: self.name(),
            requestID: self.name(),
            rootID: self.name(),
            depth: self.below(1_000_001),
            decidedAt: self.seconds(),
            experiment: self.maybe { generator in
                Decision.Experiment(
                    name: generator.name(),
                    variant: generator.name(),
                    shadow: generator.maybe { Decision.Shadow(variant: $0.name(), componentID: $0.name()) }
                )
            }
        )
    }

    mutating func policy() -> PolicySnapshot {
        var bySource: [FeedbackSource: Int64] = [:]
        for source in FeedbackSource.allCases where self.flag() { bySource[source] = Int64(self.below(1 << 53)) }
        return PolicySnapshot(
            policyVersion: 1 + Int64(self.below(.max - 1)),
            componentType: self.pick(ComponentType.allCases),
            componentID: self.name(),
            signals: Int64(self.below(1 << 53)),
            meanReward: self.unit(),
            bySource: bySource,
            availability: self.pick(ComponentAvailability.allCases),
            reason: self.maybe { $0.text() },
            health: ComponentHealth(
                averageReward: self.unit(),
                rewardDeviation: self.unit(),
                errorRate: self.unit(),
                sampleSize: self.below(101),
                runningReward: self.unit(),
                score: self.unit()
            ),
            learners: self.object(),
            details: self.object(),
            firstSignalAt: self.seconds(),
            lastSignalAt: self.seconds(),
            updatedAt: self.seconds(),
            worker: self.name()
        )
    }

    mutating func command() -> ControlCommand {
        let component = ComponentID(self.pick(ComponentType.allCases), self.name())
        let order: ControlOrder =
            switch self.below(4) {
            case 0: .cancel(requestID: self.name())
            case 1: .component(component, self.pick(ComponentOrder.allCases))
            case 2: .define(experiment: self.name(), definition: self.object(depth: 3))
            default: .stop(experiment: self.name())
            }
        return ControlCommand(
            order,
            reason: self.maybe { $0.text() },
            issuedBy: self.maybe { $0.name() },
            time: self.maybe { Int64($0.below(4_000_000_000_000)) }
        )
    }

    mutating func rememberedReply() -> RememberedReply {
        RememberedReply(
            scope: RememberedReply.scope(tenantID: self.name(), idempotencyKey: self.name()),
            requestID: self.name(),
            orchestrator: self.name(),
            fingerprint: self.next() >> UInt64(self.below(64)),
            time: Int64(self.below(4_000_000_000_000)),
            result: self.usualResult()
        )
    }

    mutating func deadLetter() -> DeadLetter {
        DeadLetter(
            reason: self.pick(DeadLetterReason.allCases),
            sourceTopic: "orchestration.requests.domain",
            sourcePartition: Int32(self.below(1 << 31)),
            sourceOffset: Int64(self.below(.max)),
            sourceTimestamp: self.maybe { Int64($0.below(.max)) },
            consumerGroup: self.name(),
            attempts: 1 + self.below(9),
            crashAttempts: self.below(9),
            firstFailureAt: Int64(self.below(4_000_000_000_000)),
            lastFailureAt: Int64(self.below(4_000_000_000_000)),
            errorCategory: self.pick(ErrorCategory.allCases).rawValue,
            errorMessage: String(repeating: self.text(), count: self.below(200)),
            orchestrator: self.maybe { $0.name() },
            worker: self.name(),
            replayCount: self.below(9)
        )
    }
}
