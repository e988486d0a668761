import Dispatch

/// A thread of its own for blocking calls.
enum Thread {
    static func detach(_ body: @escaping @Sendable () -> Void) {
        DispatchQueue(label: "test.thread").async(execute: body)
    }
}
