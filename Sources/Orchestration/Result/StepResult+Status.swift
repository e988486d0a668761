extension StepResult {
    /// The texts `status` can have; others are allowed.
    public enum Status {
        /// Done; implied by `success`.
        public static let success = "success"
        /// Failed; implied by no `success`.
        public static let error = "error"
        /// Not done on purpose: nothing to do, disabled, a duplicate.
        ///
        /// A success.
        public static let skipped = "skipped"
        /// Done, but the author would not vouch for it.
        ///
        /// A success.
        public static let uncertain = "uncertain"
        /// Ended before its time because somebody asked for it.
        ///
        /// Not a success, nothing to retry.
        public static let cancelled = "cancelled"
        /// Waits for a person's or another system's input.
        ///
        /// Not a success yet, nothing to retry.
        public static let inputRequired = "input_required"

        static func implied(by success: Bool) -> String { success ? Self.success : Self.error }
    }

    /// The custom status if there is one, else "success" or "error".
    public var status: String { self.customStatus ?? Status.implied(by: self.success) }

    /// Whether the status is `skipped`.
    public var isSkipped: Bool { self.customStatus == Status.skipped }
    /// Whether the status is `uncertain`.
    public var isUncertain: Bool { self.customStatus == Status.uncertain }
    /// Whether the status is `cancelled`.
    public var isCancelled: Bool { self.customStatus == Status.cancelled }
    /// Whether the status is `input_required`.
    public var isInputRequired: Bool { self.customStatus == Status.inputRequired }

    /// Whether the step failed, as opposed to having succeeded, been cancelled or waiting for input.
    public var isFailure: Bool { !self.success && !self.isCancelled && !self.isInputRequired }

    /// Whether the severity is `high` or `critical` (spec §1.11).
    public var isCritical: Bool { self.errorSeverity == .critical || self.errorSeverity == .high }
}
