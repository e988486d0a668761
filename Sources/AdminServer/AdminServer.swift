import CMicroHTTPD
import Glibc
import Synchronization

/// A small HTTP server for metrics and health, on one thread of its own (GNU libmicrohttpd).
///
/// It answers GET and HEAD for a fixed set of paths; other paths get 404 and the list of paths, other methods 405, requests with a body
/// 413. Requests are bounded in size (``Limits``), connections in number and idle time. There is no authentication and no TLS: listen
/// on the loopback interface (the default) or inside a trusted network.
public final class AdminServer: Sendable {
    /// Bounds on what clients can make the server hold.
    public struct Limits: Sendable, Hashable {
        /// How many connections are served at a time; more wait in the system's backlog.
        public var connections: Int
        /// After how many seconds without traffic a connection is closed.
        public var timeoutSeconds: Int
        /// Memory of one connection in bytes, which bounds request line and headers.
        public var connectionBytes: Int

        /// Creates limits.
        public init(connections: Int = 64, timeoutSeconds: Int = 10, connectionBytes: Int = 16_384) {
            self.connections = connections
            self.timeoutSeconds = timeoutSeconds
            self.connectionBytes = connectionBytes
        }
    }

    /// A running daemon and what its callback is called with.
    private struct Running: @unchecked Sendable {  // libmicrohttpd allows a daemon to be stopped from any thread
        let daemon: OpaquePointer
        let handler: Unmanaged<RequestHandler>
        let address: AdminAddress
    }

    private let configuredAddress: AdminAddress
    private let limits: Limits
    private let handler: RequestHandler
    private let running = Mutex<Running?>(nil)

    /// Creates a server that does not listen yet.
    ///
    /// - Parameters:
    ///   - address: where to listen.
    ///   - routes: what to answer; of routes with the same path the last one counts.
    ///   - limits: bounds on clients.
    public init(address: AdminAddress, routes: [AdminRoute], limits: Limits = Limits()) {
        self.configuredAddress = address
        self.limits = limits
        self.handler = RequestHandler(routes: routes)
    }

    deinit {
        self.stop()
    }

    /// Where the server listens, with the port that the system chose; nil unless it is running.
    public var address: AdminAddress? { self.running.withLock { $0?.address } }

    /// Begins to listen; does nothing when the server is running.
    ///
    /// - Throws: ``AdminServerError`` when the host is unknown or the port taken.
    public func start() throws {
        try self.running.withLock { running in
            guard running == nil else { return }
            running = try self.makeRunning()
        }
    }

    private func makeRunning() throws -> Running {
        let retained = Unmanaged.passRetained(self.handler)
        do {
            return try self.configuredAddress.withSocketAddress { socketAddress in
                errno = 0
                let daemon = cmicrohttpd_start(
                    socketAddress,
                    handleRequest,
                    retained.toOpaque(),
                    UInt32(clamping: self.limits.connections),
                    UInt32(clamping: self.limits.timeoutSeconds),
                    max(1_024, self.limits.connectionBytes)
                )
                guard let daemon else {
                    let reason = errno == 0 ? "libmicrohttpd gave no reason" : String(cString: strerror(errno))
                    throw AdminServerError("cannot listen on \(self.configuredAddress): \(reason)")
                }
                let port = UInt16(clamping: cmicrohttpd_port(daemon))
                let address = AdminAddress(host: self.configuredAddress.host, port: port)
                return Running(daemon: daemon, handler: retained, address: address)
            }
        } catch {
            retained.release()
            throw error
        }
    }

    /// Ends all connections and the thread; does nothing when the server is not running.
    ///
    /// Waits for the request being answered. Must not be called by a route.
    public func stop() {
        let stopping = self.running.withLock { running in
            defer { running = nil }
            return running
        }
        guard let stopping else { return }
        MHD_stop_daemon(stopping.daemon)
        stopping.handler.release()
    }
}
