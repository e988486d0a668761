/// The way of one client to the brokers of a ``RealKafka``, through a proxy for each broker, so that it can be disturbed.
///
/// The brokers have a listener for each such network, and tell clients that come through it the addresses of its proxies.
public struct ProxiedNetwork: Sendable {
    /// The addresses of the brokers in this network.
    public let bootstrapServers: String
    private let name: String
    private let proxy: Toxiproxy

    init(name: String, ports: [Int], proxy: Toxiproxy) {
        self.name = name
        self.bootstrapServers = ports.map { "127.0.0.1:\($0)" }.joined(separator: ",")
        self.proxy = proxy
    }

    /// Whether networks can be disturbed on this machine.
    public static var isAvailable: Bool { Toxiproxy.program != nil }

    /// What is missing, and what to do about it; nil if nothing is.
    public static var unavailableReason: String? {
        self.isAvailable ? nil : "toxiproxy-server is not in PATH; name the program in TOXIPROXY_SERVER"
    }

    static func proxyName(_ network: String, broker: Int) -> String { "\(network)-broker-\(broker)" }

    /// Closes the connections to a broker, and refuses new ones until ``mend(broker:)``.
    public func cut(broker: Int) async throws {
        try await self.proxy.setEnabled(Self.proxyName(self.name, broker: broker), false)
    }

    /// Takes connections to a broker again.
    public func mend(broker: Int) async throws {
        try await self.proxy.setEnabled(Self.proxyName(self.name, broker: broker), true)
    }

    /// Lets no byte through to and from a broker, and keeps the connections open, until ``release(broker:)``, which closes them.
    public func stall(broker: Int) async throws {
        try await self.proxy.poison(Self.proxyName(self.name, broker: broker), "timeout", ["timeout": 0])
    }

    /// Ends a stall.
    public func release(broker: Int) async throws {
        try await self.proxy.cure(Self.proxyName(self.name, broker: broker), "timeout")
    }

    /// Adds to the time of every byte to and from a broker, until ``quicken(broker:)``.
    public func delay(broker: Int, milliseconds: Int, jitter: Int) async throws {
        try await self.proxy.poison(
            Self.proxyName(self.name, broker: broker),
            "latency",
            ["latency": milliseconds, "jitter": jitter]
        )
    }

    /// Ends a delay.
    public func quicken(broker: Int) async throws {
        try await self.proxy.cure(Self.proxyName(self.name, broker: broker), "latency")
    }
}
