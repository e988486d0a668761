/// Every metric of the fleet: one place for name, help, kind and labels.
///
/// Labels are listed in the order in which values are given. Names follow Prometheus' conventions: prefix `fleet_`, base units (seconds, bytes), `_total` for counters.
public enum FleetMetrics: String, CaseIterable, Sendable {
    /// Records taken from Kafka.
    case recordsReceived = "fleet_worker_records_received_total"
    /// Records answered with success.
    case recordsSucceeded = "fleet_worker_records_succeeded_total"
    /// Records answered with a failure, by error category.
    case recordsFailed = "fleet_worker_records_failed_total"
    /// Records answered with `cancelled`, by whether they ran or waited.
    case recordsCancelled = "fleet_worker_records_cancelled_total"
    /// Records of the control topic, by what came of them.
    case controlRecords = "fleet_worker_control_records_total"
    /// Requests that are answered with `cancelled` should they come.
    case cancellationsKept = "fleet_worker_cancellations_kept"
    /// Requests answered from the reply to an earlier one with their idempotency key, or refused because it meant something else.
    case requestsDeduplicated = "fleet_worker_requests_deduplicated_total"
    /// Records of the topic of remembered replies, by what came of them.
    case idempotencyRecords = "fleet_worker_idempotency_records_total"
    /// Replies that are remembered.
    case repliesRemembered = "fleet_worker_replies_remembered"
    /// Replies forgotten before their window was over.
    case repliesForgotten = "fleet_worker_replies_forgotten_total"
    /// Signals and decisions that were read, by what came of them.
    case feedbackRecords = "fleet_feedback_records_total"
    /// Components that are known here.
    case feedbackComponents = "fleet_feedback_components"
    /// Decisions that wait for a reward, and rewards that wait for a decision.
    case feedbackWaiting = "fleet_feedback_waiting"
    /// Decisions that no reward came for in time.
    case feedbackUnrewarded = "fleet_feedback_decisions_unrewarded_total"
    /// Components that were disabled for their health.
    case feedbackDisabled = "fleet_feedback_components_disabled_total"
    /// Memories that were consolidated.
    case feedbackConsolidations = "fleet_feedback_consolidations_total"
    /// What happened to experiments.
    case feedbackExperiments = "fleet_feedback_experiment_events_total"
    /// Writes of state and policies, by outcome.
    case feedbackWrites = "fleet_feedback_writes_total"
    /// Time that a write took.
    case feedbackWriteTime = "fleet_feedback_write_seconds"
    /// Records written to the dead letter topic, by reason.
    case recordsDead = "fleet_worker_records_dead_total"
    /// Records whose bytes are no request.
    case recordsUndecodable = "fleet_worker_records_undecodable_total"
    /// Records finished without running, by reason.
    case recordsSkipped = "fleet_worker_records_skipped_total"
    /// Results dropped because their partition belongs to another worker by now.
    case staleCompletions = "fleet_worker_records_stale_completion_total"
    /// Time an orchestrator took for one attempt.
    case recordDuration = "fleet_worker_record_duration_seconds"
    /// Time between a record's timestamp and its start.
    case recordQueueTime = "fleet_worker_record_queue_seconds"
    /// Records that were delivered a second time and dropped.
    case recordsRepeated = "fleet_worker_records_repeated_total"
    /// Records that an owner before has finished.
    case recordsFinishedBefore = "fleet_worker_records_skipped_done_total"
    /// Failed attempts that are followed by another one.
    case recordsRetried = "fleet_worker_records_retried_total"
    /// Failed requests that wait in a retry topic.
    case retriesSpilled = "fleet_worker_retries_spilled_total"
    /// Requests that were copied behind an earlier one of their key.
    case retriesDiverted = "fleet_worker_retries_diverted_total"
    /// Waits too long for the worker that had to be cut short.
    case retriesNotSpilled = "fleet_worker_retries_cut_short_total"
    /// Keys of which something waits in retry topics.
    case retryKeysWaiting = "fleet_worker_retry_keys_waiting"
    /// Partitions that wait for a look at their retry topics.
    case retryScans = "fleet_worker_retry_scans_running"
    /// Metadata of commits that could not be read.
    case unreadableMetadata = "fleet_worker_commit_metadata_unreadable_total"
    /// Share of the room for commit metadata that is needed.
    case metadataShare = "fleet_worker_commit_metadata_share"
    /// Outputs that the broker did not take and that are tried again.
    case deliveryRetries = "fleet_worker_delivery_retries_total"
    /// Direct replies, signals, decisions and remembered replies that were given up.
    case undelivered = "fleet_worker_undelivered_total"
    /// Progress notices and snapshots that were given up.
    case noticesDropped = "fleet_worker_notices_dropped_total"
    /// Handlers that were given up because they ignored their cancellation, and still run.
    case stuckHandlers = "fleet_worker_handlers_stuck"
    /// Records taken from Kafka and not finished.
    case recordsInFlight = "fleet_worker_records_in_flight"
    /// Bytes of the records taken from Kafka and not finished.
    case bytesInFlight = "fleet_worker_bytes_in_flight"
    /// Age of the oldest record that is not finished, since it was taken.
    case oldestUnfinishedAge = "fleet_worker_oldest_unfinished_age_seconds"
    /// Partitions this worker owns.
    case partitionsAssigned = "fleet_worker_partitions_assigned"
    /// Assignments, revocations and losses of partitions.
    case rebalances = "fleet_worker_rebalances_total"
    /// Time a revocation waited for running records.
    case revokeDrainTime = "fleet_worker_revoke_drain_seconds"
    /// Offset commits and transactions that succeeded.
    case commits = "fleet_worker_commits_total"
    /// Offset commits and transactions that failed.
    case commitFailures = "fleet_worker_commit_failures_total"
    /// Feedback signals published.
    case signals = "fleet_worker_signals_total"
    /// Choices of components published.
    case decisions = "fleet_worker_decisions_total"
    /// Records of the topic of policies, by what came of them.
    case policyRecords = "fleet_worker_policy_records_total"
    /// Components that something was learned about.
    case policiesKnown = "fleet_worker_policies_known"
    /// Replies published.
    case replies = "fleet_worker_replies_total"
    /// Round-trip time to a broker over the last statistics interval.
    case brokerRoundTripTime = "fleet_kafka_broker_rtt_seconds"
    /// Bytes sent to brokers.
    case sentBytes = "fleet_kafka_tx_bytes_total"
    /// Bytes received from brokers.
    case receivedBytes = "fleet_kafka_rx_bytes_total"
    /// Records between the committed offset and the end of a partition.
    case consumerLag = "fleet_kafka_consumer_lag"
    /// Messages in the producer's queue, in flight ones included.
    case producerQueueMessages = "fleet_kafka_producer_queue_messages"
    /// Bytes in the producer's queue, in flight ones included.
    case producerQueueBytes = "fleet_kafka_producer_queue_bytes"
    /// Errors reported by the Kafka client, by code.
    case kafkaErrors = "fleet_kafka_errors_total"
    /// Log lines that standard error did not take, since the start.
    case logLinesDropped = "fleet_log_lines_dropped"
    /// Always 1; what the process is made of is in the labels.
    case buildInfo = "fleet_build_info"

    /// What a registry needs to know about the metric.
    public var descriptor: MetricDescriptor {
        switch self {
        case .recordsReceived: self.counter(["layer"], "Records taken from Kafka.")
        case .recordsSucceeded: self.counter(["layer", "orchestrator"], "Records answered with success.")
        case .recordsFailed: self.counter(["layer", "orchestrator", "category"], "Records answered with a failure, by error category.")
        case .recordsCancelled: self.counter(["layer", "stage"], "Records answered with cancelled, by whether they ran or waited.")
        case .controlRecords:
            self.counter(["layer", "outcome"], "Records of the control topic: cancel, withdrawn, outdated, elsewhere, unknown or broken.")
        case .cancellationsKept: self.gauge(["layer"], "Requests that are answered with cancelled should they come.")
        case .requestsDeduplicated:
            self.counter(
                ["layer", "outcome"],
                "Requests with a known idempotency key: replayed, or refused because the key meant something else."
            )
        case .idempotencyRecords:
            self.counter(["layer", "outcome"], "Records of remembered replies read: remembered, forgotten, outdated, unknown or broken.")
        case .repliesRemembered: self.gauge(["layer"], "Replies to requests with an idempotency key that are remembered.")
        case .repliesForgotten:
            self.counter(["layer"], "Replies forgotten before their window was over, or too large to be remembered at all.")
        case .feedbackRecords: self.counter(["outcome"], "Signals and decisions that were read, by what came of them.")
        case .feedbackComponents: self.gauge([], "Components that are known here.")
        case .feedbackWaiting: self.gauge([], "Decisions that wait for a reward, and rewards that wait for a decision.")
        case .feedbackUnrewarded: self.counter([], "Decisions that no reward came for in time.")
        case .feedbackDisabled: self.counter([], "Components that were disabled for their health.")
        case .feedbackConsolidations: self.counter([], "Memories that were consolidated.")
        case .feedbackExperiments:
            self.counter(["event"], "What happened to experiments: activated, promoted, rolled_back (a variant), ended (without variants).")
        case .feedbackWrites: self.counter(["outcome"], "Writes of state and policies, by outcome.")
        case .feedbackWriteTime: self.histogram([], "Time that a write of state and policies took.")
        case .recordsDead: self.counter(["layer", "reason"], "Records written to the dead letter topic, by reason.")
        case .recordsUndecodable: self.counter(["layer"], "Records whose bytes are no request.")
        case .recordsSkipped: self.counter(["layer", "reason"], "Records finished without running, by reason.")
        case .staleCompletions: self.counter(["layer"], "Results dropped because their partition belongs to another worker by now.")
        case .recordDuration: self.histogram(["layer", "orchestrator"], "Time an orchestrator took for one attempt.")
        case .recordQueueTime: self.histogram(["layer"], "Time between a record's timestamp and its start.")
        case .recordsRepeated: self.counter(["layer"], "Records that were delivered a second time and dropped.")
        case .recordsFinishedBefore:
            self.counter(["layer"], "Records not run again because the commit of an owner before tells that they are finished.")
        case .recordsRetried: self.counter(["layer"], "Attempts that failed and are followed by another one.")
        case .retriesSpilled: self.counter(["layer"], "Failed requests that were copied to a retry topic to wait there.")
        case .retriesDiverted:
            self.counter(["layer"], "Requests that were copied to a retry topic because an earlier one of their key waits.")
        case .retriesNotSpilled:
            self.counter(["layer"], "Retries that waited in the worker, a minute at most, because there is no retry topic for them.")
        case .retryKeysWaiting: self.gauge(["layer"], "Keys of which requests wait in retry topics, in the partitions this worker owns.")
        case .retryScans: self.gauge(["layer"], "New partitions that wait until it is known what is in their retry topics.")
        case .unreadableMetadata: self.counter(["layer"], "Commits of others whose metadata could not be read, at an assignment.")
        case .metadataShare:
            self.gauge(
                ["layer"],
                "Share of its room that the commit metadata of the fullest partition needs; from 0.75 on it takes nothing in."
            )
        case .deliveryRetries: self.counter(["layer"], "Outputs that the broker did not take and that are tried again.")
        case .undelivered: self.counter(["layer"], "Direct replies, signals, decisions and remembered replies that were given up.")
        case .noticesDropped: self.counter(["layer"], "Progress notices and snapshots that were given up.")
        case .stuckHandlers:
            self.gauge(["layer"], "Handlers that were given up because they ignored their cancellation, and still run.")
        case .recordsInFlight: self.gauge(["layer"], "Records taken from Kafka and not finished.")
        case .bytesInFlight: self.gauge(["layer"], "Bytes of the records taken from Kafka and not finished.")
        case .oldestUnfinishedAge: self.gauge(["layer"], "Age of the oldest record that is not finished, since it was taken.")
        case .partitionsAssigned: self.gauge(["layer"], "Partitions this worker owns.")
        case .rebalances: self.counter(["layer", "event"], "Assignments, revocations and losses of partitions.")
        case .revokeDrainTime: self.histogram(["layer"], "Time a revocation waited for running records.")
        case .commits: self.counter(["layer"], "Offset commits and transactions that succeeded.")
        case .commitFailures: self.counter(["layer"], "Offset commits and transactions that failed.")
        case .signals: self.counter(["layer"], "Feedback signals published.")
        case .decisions: self.counter(["layer"], "Choices of components published.")
        case .policyRecords:
            self.counter(["layer", "outcome"], "Records of policies: taken, forgotten, experiment, partition, unknown or broken.")
        case .policiesKnown: self.gauge(["layer"], "Components that something was learned about, as far as this worker knows.")
        case .replies: self.counter(["layer"], "Replies published.")
        case .brokerRoundTripTime:
            self.gauge(["client", "broker", "quantile"], "Round-trip time to a broker over the last statistics interval.")
        case .sentBytes: self.counter(["client"], "Bytes sent to brokers.")
        case .receivedBytes: self.counter(["client"], "Bytes received from brokers.")
        case .consumerLag: self.gauge(["topic", "partition"], "Records between the committed offset and the end of a partition.")
        case .producerQueueMessages: self.gauge(["client"], "Messages in the producer's queue, in flight ones included.")
        case .producerQueueBytes: self.gauge(["client"], "Bytes in the producer's queue, in flight ones included.")
        case .kafkaErrors: self.counter(["client", "code"], "Errors reported by the Kafka client, by code.")
        case .logLinesDropped: self.gauge([], "Log lines that standard error did not take, since the start.")
        case .buildInfo: self.gauge(["librdkafka", "allocator"], "Always 1; what the process is made of is in the labels.")
        }
    }

    private func counter(_ labels: [String], _ help: String) -> MetricDescriptor {
        MetricDescriptor(name: self.rawValue, help: help, kind: .counter, labels: labels)
    }

    private func gauge(_ labels: [String], _ help: String) -> MetricDescriptor {
        MetricDescriptor(name: self.rawValue, help: help, kind: .gauge, labels: labels)
    }

    private func histogram(_ labels: [String], _ help: String) -> MetricDescriptor {
        MetricDescriptor(name: self.rawValue, help: help, kind: .histogram, labels: labels)
    }
}

extension MetricsRegistry {
    /// The counter of a fleet metric with these label values.
    public func counter(_ metric: FleetMetrics, _ labelValues: String...) -> Counter {
        self.counter(metric.descriptor, labelValues)
    }

    /// The gauge of a fleet metric with these label values.
    public func gauge(_ metric: FleetMetrics, _ labelValues: String...) -> Gauge {
        self.gauge(metric.descriptor, labelValues)
    }

    /// The histogram of a fleet metric with these label values.
    public func histogram(_ metric: FleetMetrics, _ labelValues: String...) -> Histogram {
        self.histogram(metric.descriptor, labelValues)
    }

    /// Exports a gauge of the fleet whose value is read at each export.
    public func observe(_ metric: FleetMetrics, _ labelValues: String..., read: @escaping @Sendable () -> Double) {
        self.observe(metric.descriptor, labelValues, read: read)
    }

    /// Ends the export of one series of a fleet metric.
    public func remove(_ metric: FleetMetrics, _ labelValues: String...) {
        self.remove(metric.descriptor, labelValues)
    }
}
