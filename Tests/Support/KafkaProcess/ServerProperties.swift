/// The `server.properties` of one node of a KRaft cluster on 127.0.0.1, broker and controller in one.
struct ServerProperties {
    /// Where one node is reached.
    struct Node {
        let id: Int
        let brokerPort: Int
        let controllerPort: Int
        /// Listeners for clients that come through a proxy.
        var proxied: [ProxiedListener] = []
    }

    /// A listener of its own for the clients of one network.
    struct ProxiedListener {
        /// The network's name in lower case.
        let network: String
        /// Where the broker listens.
        let port: LocalPort
        /// Where clients are told to go.
        let proxyPort: LocalPort

        /// The listener's name.
        var name: String { self.network.uppercased() }

        func address(of port: LocalPort) -> String { "\(self.name)://127.0.0.1:\(port.number)" }
    }

    let node: Node
    let nodes: [Node]
    let dataFolder: String
    let extra: [String: String]

    /// The file's text, sorted by name; `extra` replaces what it names.
    var text: String {
        self.values.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)\n" }.joined()
    }

    private static func list(_ items: [String]) -> String { items.joined(separator: ",") }

    private var values: [String: String] {
        let copies = self.nodes.count >= 3 ? 3 : 1
        let inSync = self.nodes.count >= 3 ? 2 : 1
        let own = ["PLAINTEXT://127.0.0.1:\(self.node.brokerPort)"]
        let proxied = self.node.proxied
        let values = [
            "process.roles": "broker,controller",
            "node.id": "\(self.node.id)",
            "controller.quorum.voters": self.nodes.map { "\($0.id)@127.0.0.1:\($0.controllerPort)" }.joined(separator: ","),
            "listeners": Self.list(own + ["CONTROLLER://127.0.0.1:\(self.node.controllerPort)"] + proxied.map { $0.address(of: $0.port) }),
            "advertised.listeners": Self.list(own + proxied.map { $0.address(of: $0.proxyPort) }),
            "inter.broker.listener.name": "PLAINTEXT",
            "controller.listener.names": "CONTROLLER",
            "listener.security.protocol.map": Self.list(
                (["CONTROLLER", "PLAINTEXT"] + proxied.map(\.name)).map { "\($0):PLAINTEXT" }
            ),
            "log.dirs": self.dataFolder,
            "auto.create.topics.enable": "false",
            "default.replication.factor": "\(copies)",
            "min.insync.replicas": "\(inSync)",
            "offsets.topic.replication.factor": "\(copies)",
            "offsets.topic.num.partitions": "4",
            "transaction.state.log.replication.factor": "\(copies)",
            "transaction.state.log.min.isr": "\(inSync)",
            "transaction.state.log.num.partitions": "4",
            "share.coordinator.state.topic.replication.factor": "\(copies)",
            "share.coordinator.state.topic.min.isr": "\(inSync)",
            "share.coordinator.state.topic.num.partitions": "4",
            "group.initial.rebalance.delay.ms": "0",
            // A killed broker is refused its own id until its old session has run out: 9 s by default, the longest part of a restart.
            "broker.session.timeout.ms": "3000",
            "broker.heartbeat.interval.ms": "500",
        ]
        return values.merging(self.extra) { $1 }
    }
}
