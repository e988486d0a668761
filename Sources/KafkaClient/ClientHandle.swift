import CRDKafka
import Glibc
public import Observability
import Synchronization

/// What a client reports outside of its calls: log lines, errors that concern no single record, statistics.
///
/// librdkafka calls from threads of its own, so an observer must be safe from any thread and must not call back into the client.
public struct KafkaObserver: Sendable {
    /// Receives librdkafka's log lines.
    public var logger: Logger
    /// Receives errors such as "all brokers down"; the flag of ``KafkaError/isFatal`` says whether the client is lost.
    public var onError: @Sendable (KafkaError) -> Void
    /// Receives librdkafka's statistics (JSON text) every `statistics.interval.ms`.
    public var onStatistics: @Sendable (UnsafeRawBufferPointer) -> Void

    /// Creates an observer; errors and statistics are dropped by default.
    public init(
        logger: Logger,
        onError: @escaping @Sendable (KafkaError) -> Void = { _ in },
        onStatistics: @escaping @Sendable (UnsafeRawBufferPointer) -> Void = { _ in }
    ) {
        self.logger = logger
        self.onError = onError
        self.onStatistics = onStatistics
    }
}

/// Owns one `rd_kafka_t` and the object that its callbacks are given.
///
/// The callbacks' object is retained when the handle is made and released after `rd_kafka_destroy` has returned, so it outlives every callback.
final class ClientHandle: @unchecked Sendable {  // the pointer is set once; librdkafka's handle is safe from any thread
    /// What the callbacks get as their opaque pointer.
    final class Callbacks {
        let observer: KafkaObserver
        /// Called on the polling thread, inside a poll.
        var onRebalance: ((rd_kafka_resp_err_t, UnsafeMutablePointer<rd_kafka_topic_partition_list_t>) -> Void)?
        /// Called on the polling thread, inside a poll.
        var onCommit: ((rd_kafka_resp_err_t, UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?) -> Void)?
        /// A request to join the group is on its way and has not been followed by the next step.
        let isJoining = Atomic<Bool>(false)

        init(observer: KafkaObserver) {
            self.observer = observer
        }
    }

    let native: OpaquePointer
    let callbacks: Callbacks
    private let opaque: UnsafeMutableRawPointer
    private var isAbandoned = false

    /// Makes a client.
    ///
    /// - Throws: a property that librdkafka does not know or accept, or a client that it cannot create.
    init(
        _ type: rd_kafka_type_t,
        configuration: KafkaConfiguration,
        observer: KafkaObserver,
        prepare: (OpaquePointer) -> Void = { _ in }
    ) throws(KafkaError) {
        let conf = try configuration.makeNative()
        let callbacks = Callbacks(observer: observer)
        let opaque = Unmanaged.passRetained(callbacks).toOpaque()
        rd_kafka_conf_set_opaque(conf, opaque)
        rd_kafka_conf_set_log_cb(conf, forwardLog)
        rd_kafka_conf_set_error_cb(conf, forwardError)
        rd_kafka_conf_set_stats_cb(conf, forwardStatistics)
        if type == RD_KAFKA_CONSUMER { rd_kafka_conf_interceptor_add_on_new(conf, "fleet", watchRequests, opaque) }
        prepare(conf)

        let result: Result<OpaquePointer, KafkaError> = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 512) { buffer in
            if let native = rd_kafka_new(type, conf, buffer.baseAddress, buffer.count) { return .success(native) }
            // rd_kafka_new takes the configuration only when it succeeds.
            rd_kafka_conf_destroy(conf)
            let reason = buffer.baseAddress.map { String(cString: $0) } ?? "unknown reason"
            return .failure(KafkaError(RD_KAFKA_RESP_ERR__INVALID_ARG, "cannot create a Kafka client: \(reason)"))
        }
        switch result {
        case .success(let native):
            self.native = native
            self.callbacks = callbacks
            self.opaque = opaque
        case .failure(let error):
            Unmanaged<Callbacks>.fromOpaque(opaque).release()
            throw error
        }
    }

    /// Gives the handle up without destroying it: the cure for a close that hangs (librdkafka before 2.4.0); its memory stays until the process ends.
    func abandon() {
        self.isAbandoned = true
    }

    /// Tells the observer of an error or of statistics that came as an event: a queue that is read for events gets them so, not as callbacks.
    func observe(_ event: OpaquePointer) {
        switch rd_kafka_event_type(event) {
        case RD_KAFKA_EVENT_ERROR:
            forwardError(self.native, rd_kafka_event_error(event).rawValue, rd_kafka_event_error_string(event), self.opaque)
        case RD_KAFKA_EVENT_STATS:
            guard let json = rd_kafka_event_stats(event) else { return }
            self.callbacks.observer.onStatistics(UnsafeRawBufferPointer(start: json, count: strlen(json)))
        default:
            break
        }
    }

    deinit {
        guard !self.isAbandoned else { return }
        rd_kafka_destroy_flags(self.native, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE)
        Unmanaged<Callbacks>.fromOpaque(self.opaque).release()
    }
}

private func callbacks(_ opaque: UnsafeMutableRawPointer?) -> ClientHandle.Callbacks? {
    opaque.map { Unmanaged<ClientHandle.Callbacks>.fromOpaque($0).takeUnretainedValue() }
}

/// Called by `rd_kafka_new`: lets the new client tell which requests it has sent.
private func watchRequests(
    _ native: OpaquePointer?,
    _ conf: OpaquePointer?,
    _ opaque: UnsafeMutableRawPointer?,
    _ reason: UnsafeMutablePointer<CChar>?,
    _ reasonSize: Int
) -> rd_kafka_resp_err_t {
    rd_kafka_interceptor_add_on_request_sent(native, "fleet", noteRequest, opaque)
}

/// Called on librdkafka's broker threads for every request.
private func noteRequest(
    _ native: OpaquePointer?,
    _ socket: Int32,
    _ broker: UnsafePointer<CChar>?,
    _ brokerID: Int32,
    _ apiKey: Int16,
    _ apiVersion: Int16,
    _ correlation: Int32,
    _ size: Int,
    _ opaque: UnsafeMutableRawPointer?
) -> rd_kafka_resp_err_t {
    // Keys of Kafka's protocol: JoinGroup 11, LeaveGroup 13, SyncGroup 14.
    switch apiKey {
    case 11: callbacks(opaque)?.isJoining.store(true, ordering: .releasing)
    case 13, 14: callbacks(opaque)?.isJoining.store(false, ordering: .releasing)
    default: break
    }
    return RD_KAFKA_RESP_ERR_NO_ERROR
}

private func forwardLog(_ native: OpaquePointer?, _ level: Int32, _ facility: UnsafePointer<CChar>?, _ text: UnsafePointer<CChar>?) {
    guard let native, let callbacks = callbacks(rd_kafka_opaque(native)), let text else { return }
    let facility = facility.map { String(cString: $0) } ?? ""
    // syslog levels: 0–3 error and worse, 4 warning, 5 notice, 6 info, 7 debug. A failed connection comes as an error too.
    let severity: Logger.Level =
        switch level {
        case _ where facility == "FAIL": .debug
        case ...3: .error
        case 4: .warning
        case 5: .notice
        case 6: .info
        default: .debug
        }
    callbacks.observer.logger.log(
        level: severity,
        "\(String(cString: text))",
        metadata: ["kafka.facility": "\(facility)"]
    )
}

private func forwardError(_ native: OpaquePointer?, _ code: Int32, _ reason: UnsafePointer<CChar>?, _ opaque: UnsafeMutableRawPointer?) {
    guard let callbacks = callbacks(opaque) else { return }
    let reason = reason.map { String(cString: $0) }
    var error = KafkaError(rd_kafka_resp_err_t(code), reason)
    if error.isFatal, let native {
        // The generic "fatal" tells nothing; the first fatal error says why.
        error = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 512) { buffer in
            let cause = rd_kafka_fatal_error(native, buffer.baseAddress, buffer.count)
            guard cause != RD_KAFKA_RESP_ERR_NO_ERROR else { return error }
            return KafkaError(cause, buffer.baseAddress.map { String(cString: $0) }, isRetriable: false, isFatal: true)
        }
    }
    callbacks.observer.onError(error)
}

private func forwardStatistics(
    _ native: OpaquePointer?,
    _ json: UnsafeMutablePointer<CChar>?,
    _ count: Int,
    _ opaque: UnsafeMutableRawPointer?
) -> Int32 {
    guard let callbacks = callbacks(opaque), let json else { return 0 }
    callbacks.observer.onStatistics(UnsafeRawBufferPointer(start: json, count: count))
    // 0: librdkafka frees the text.
    return 0
}
