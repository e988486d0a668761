import Glibc

/// Runs blocking work on a thread of its own and awaits its end; the cooperative pool must never block.
package func onOwnThread<R: Sendable>(_ body: @escaping @Sendable () throws -> R) async throws -> R {
    try await withCheckedThrowingContinuation { continuation in
        let work = Unmanaged.passRetained(ThreadWork { continuation.resume(with: Result { try body() }) })
        var thread = pthread_t()
        // The thread takes the work over; a thread that could not be made did not.
        if pthread_create(&thread, nil, runThreadWork, work.toOpaque()) == 0 {
            pthread_detach(thread)
        } else {
            work.release()
            continuation.resume(throwing: WorkerError(.startFailed, "cannot start a thread: \(String(cString: strerror(errno)))"))
        }
    }
}

private final class ThreadWork: Sendable {
    let body: @Sendable () -> Void

    init(body: @escaping @Sendable () -> Void) {
        self.body = body
    }
}

private func runThreadWork(_ opaque: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let opaque else { return nil }
    Unmanaged<ThreadWork>.fromOpaque(opaque).takeRetainedValue().body()
    return nil
}
