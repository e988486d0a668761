import CCurl
import Dispatch
import Synchronization

/// An HTTP client over libcurl: one thread drives every transfer, and only while there is one.
///
/// Proxy variables, cookies, `.netrc` and credentials in URLs play no part; connections are not shared between exchanges.
final class HTTPClient: Sendable {
    private let driver = CurlDriver()

    init() {}

    /// Sends the request and returns a response whose status is 200 to 299.
    ///
    /// Throws `HTTPError`; throws `CancellationError` when the task is cancelled, and the transfer ends then.
    func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        try Task.checkCancellation()
        let transfer = CurlTransfer(request)
        return try await withTaskCancellationHandler {
            try await transfer.promise.value { self.driver.submit(transfer) }
        } onCancel: {
            self.driver.cancel(transfer)
        }
    }
}

/// Owns the multi handle and the transfers on it.
private final class CurlDriver: Sendable {
    private struct Inbox {
        var submitted: [CurlTransfer] = []
        var cancelled: [CurlTransfer] = []
        var isDriving = false
    }

    private static let initialised = ccurl_global_init() == CURLE_OK

    private let queue = DispatchQueue(label: "fleet.http")
    private let inbox = Mutex(Inbox())
    // Only the queue uses it, but for curl_multi_wakeup, which any thread may call.
    nonisolated(unsafe) private let multi: UnsafeMutableRawPointer?

    init() {
        self.multi = Self.initialised ? curl_multi_init() : nil
    }

    deinit {
        if let multi = self.multi { curl_multi_cleanup(multi) }
    }

    func submit(_ transfer: CurlTransfer) {
        self.wake { $0.submitted.append(transfer) }
    }

    func cancel(_ transfer: CurlTransfer) {
        transfer.promise.abandonUnlessStarted()
        self.wake { $0.cancelled.append(transfer) }
    }

    private func wake(_ change: (inout Inbox) -> Void) {
        let mustStart = self.inbox.withLock { inbox in
            change(&inbox)
            defer { inbox.isDriving = true }
            return !inbox.isDriving
        }
        if mustStart {
            self.queue.async { self.drive() }
        } else if let multi = self.multi {
            curl_multi_wakeup(multi)
        }
    }

    /// Runs until there is nothing to do; the queue's thread goes away then.
    private func drive() {
        var active: [UnsafeMutableRawPointer: CurlTransfer] = [:]
        while self.takeInbox(&active) {
            guard let multi = self.multi else { continue }
            var running: Int32 = 0
            curl_multi_perform(multi, &running)
            var left: Int32 = 0
            while let message = curl_multi_info_read(multi, &left) {
                guard message.pointee.msg == CURLMSG_DONE, let handle = message.pointee.easy_handle else { continue }
                let code = ccurl_message_result(message)
                guard let transfer = active.removeValue(forKey: handle) else { continue }
                let outcome = transfer.outcome(code)
                self.remove(transfer, from: multi)
                transfer.promise.finish(outcome)
            }
            // Ends early when a socket is ready, a libcurl timer is due, or `wake` is called.
            if !active.isEmpty { curl_multi_poll(multi, nil, 0, 10_000, nil) }
        }
    }

    /// Starts and ends what was asked for; false when nothing is left and the driver may rest.
    private func takeInbox(_ active: inout [UnsafeMutableRawPointer: CurlTransfer]) -> Bool {
        let isIdle = active.isEmpty
        let taken = self.inbox.withLock { inbox -> Inbox? in
            if isIdle, inbox.submitted.isEmpty, inbox.cancelled.isEmpty {
                inbox.isDriving = false
                return nil
            }
            defer { inbox = Inbox(isDriving: true) }
            return inbox
        }
        guard let taken else { return false }
        for transfer in taken.submitted where transfer.promise.start() {
            self.start(transfer, &active)
        }
        for transfer in taken.cancelled {
            if let handle = transfer.handle, let multi = self.multi, active.removeValue(forKey: handle) != nil {
                self.remove(transfer, from: multi)
            }
            transfer.promise.finish(.failure(CancellationError()))
        }
        return true
    }

    private func start(_ transfer: CurlTransfer, _ active: inout [UnsafeMutableRawPointer: CurlTransfer]) {
        do throws(HTTPError) {
            guard let multi = self.multi else { throw HTTPError(code: .interrupted, message: "libcurl cannot be initialised") }
            let handle = try transfer.prepare()
            guard curl_multi_add_handle(multi, handle) == CURLM_OK else {
                throw HTTPError(code: .interrupted, message: "libcurl cannot start the transfer")
            }
            active[handle] = transfer
        } catch {
            transfer.close()
            transfer.promise.finish(.failure(error))
        }
    }

    private func remove(_ transfer: CurlTransfer, from multi: UnsafeMutableRawPointer) {
        if let handle = transfer.handle { curl_multi_remove_handle(multi, handle) }
        transfer.close()
    }
}
