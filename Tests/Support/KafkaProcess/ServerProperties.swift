/// The `server.properties` of one node of a KRaft cluster on 127.0.0.1, broker and controller in one.
struct ServerProperties {
    /// Where one node is reached.
    struct Node {
        let id: Int
        let brokerPort: Int
        let controllerPort: Int
    }

    let node: Node
    let nodes: [Node]
    let dataFolder: String
    let extra: [String: String]

    /// The file's text, sorted by name; `extra` replaces what it names.
    var text: String {
        self.values.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)\n" }.joined()
    }

    private var values: [String: String] {
        let copies = self.nodes.count >= 3 ? 3 : 1
        let inSync = self.nodes.count >= 3 ? 2 : 1
        let values = [
            "process.roles": "broker,controller",
            "node.id": "\(self.node.id)",
            "controller.quorum.voters": self.nodes.map { "\($0.id)@127.0.0.1:\($0.controllerPort)" }.joined(separator: ","),
            "listeners": "PLAINTEXT://127.0.0.1:\(self.node.brokerPort),CONTROLLER://127.0.0.1:\(self.node.controllerPort)",
            "advertised.listeners": "PLAINTEXT://127.0.0.1:\(self.node.brokerPort)",
            "controller.listener.names": "CONTROLLER",
            "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
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
