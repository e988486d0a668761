public import JSON
public import Observability

/// For whom and under which conditions an orchestrator runs (spec §2.2).
///
/// A value: changing a copy, such as the metadata of a child, leaves the original alone. The recorder and the chooser are shared by all copies and
/// children.
public struct OrchestrationContext: Sendable {
    /// For whom.
    public var tenantID: String
    /// Identity of the request.
    public var requestID: String
    /// Whatever the requester sent along.
    public var metadata: JSONObject
    /// The request at the root of this request's tree; its own id for a request without a parent.
    public private(set) var rootID: String
    /// Identity of the distributed trace, if there is one.
    public var traceID: String?
    /// The orchestrator that asked for this run, nil for a request from outside.
    public private(set) var parentOrchestrator: String?
    /// How many orchestrators stand above this run, 0 for a request from outside.
    public private(set) var depth: Int
    /// The largest depth a child may have.
    public var depthLimit: Int
    /// When the work has to be done.
    public var deadline: Deadline?
    /// How often the request has been tried, this time included.
    public var attempt: Int
    /// Carries the request's identity in its metadata if whoever made the context put it there.
    public var logger: Logger
    /// Where time comes from for `remainingTime`; a deadline is enforced by the facade's clock.
    public var clock: OrchestrationClock

    let recorder: any OrchestrationRecorder
    let chooser: ComponentChooser

    /// Creates the context of a request.
    ///
    /// - Parameters:
    ///   - rootID: The request's own id by default.
    ///   - depthLimit: 16 by default: beyond what sensible hierarchies need, soon enough for two orchestrators that call each other.
    ///   - recorder: Takes signals, progress and decisions; they are dropped by default.
    ///   - chooser: Chooses components; all are alike by default.
    public init(
        tenantID: String,
        requestID: String,
        rootID: String? = nil,
        metadata: JSONObject = JSONObject(),
        traceID: String? = nil,
        parentOrchestrator: String? = nil,
        depth: Int = 0,
        depthLimit: Int = 16,
        deadline: Deadline? = nil,
        attempt: Int = 1,
        logger: Logger,
        recorder: any OrchestrationRecorder = NoRecorder(),
        chooser: ComponentChooser = .uniform,
        clock: OrchestrationClock = .system
    ) {
        self.tenantID = tenantID
        self.requestID = requestID
        self.rootID = rootID ?? requestID
        self.metadata = metadata
        self.traceID = traceID
        self.parentOrchestrator = parentOrchestrator
        self.depth = depth
        self.depthLimit = depthLimit
        self.deadline = deadline
        self.attempt = attempt
        self.logger = logger
        self.recorder = recorder
        self.chooser = chooser
        self.clock = clock
    }

    /// The context for a run this orchestrator asks for: same request, own copy of the metadata, one level deeper.
    ///
    /// - Parameter orchestrator: The name of the asking orchestrator.
    /// - Throws: `OrchestrationError` with code `depthLimitExceeded` when the child would be deeper than `depthLimit`.
    public func child(of orchestrator: String) throws(OrchestrationError) -> OrchestrationContext {
        guard self.depth < self.depthLimit else {
            throw OrchestrationError(
                code: .depthLimitExceeded,
                message: "Orchestrator '\(orchestrator)' cannot start another one: the depth limit of \(self.depthLimit) is reached"
            )
        }
        var child = self
        child.parentOrchestrator = orchestrator
        child.depth += 1
        return child
    }

    /// Hands a feedback signal over; it is published with the reply.
    ///
    /// A signal that `FeedbackSignal.validate()` refuses is dropped with a warning in the log: call that first to handle it yourself.
    public func emit(_ signal: FeedbackSignal) {
        do {
            try signal.validate()
            self.recorder.record(signal)
        } catch {
            self.logger.warning(
                "feedback_signal_dropped",
                metadata: [
                    "reason": "\(error.message)", "component_type": "\(signal.componentType.rawValue)",
                    "component_id": "\(Redaction.redact(signal.componentID))", "request_id": "\(self.requestID)",
                ]
            )
        }
    }

    /// Tells whoever waits how far the work is; published at once, best effort.
    public func report(_ progress: Progress) {
        self.recorder.record(progress)
    }

    /// The time left until the deadline, zero when it has passed, nil without one.
    public var remainingTime: Duration? {
        self.deadline?.remaining(now: self.clock.now())
    }
}
