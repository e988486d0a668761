import CRDKafka

/// Properties of librdkafka for one client, with secrets kept out of every description.
///
/// Any property of librdkafka may be set (`security.protocol`, `sasl.username`, `ssl.ca.location`, …); the library itself checks names and
/// values when the client is made. Order does not matter: a name has one value, the last one set.
public struct KafkaConfiguration: Sendable, Hashable, CustomStringConvertible {
    private var properties: [String: String]

    /// Creates a configuration with the broker list and defaults that avoid librdkafka's known traps.
    ///
    /// Set here: Nagle's algorithm off (on by default before 2.10), and a reconnect backoff of at most 2 s so that a returning broker is found soon.
    public init(bootstrapServers: String) {
        self.properties = [
            "bootstrap.servers": bootstrapServers,
            "socket.nagle.disable": "true",
            "reconnect.backoff.max.ms": "2000",
        ]
    }

    /// The value of a property; nil when it is not set, and setting nil leaves it to librdkafka's default.
    public subscript(name: String) -> String? {
        get { self.properties[name] }
        set { self.properties[name] = newValue }
    }

    /// The broker list.
    public var bootstrapServers: String { self.properties["bootstrap.servers"] ?? "" }

    /// Overrides properties by those of the user.
    public mutating func merge(_ overrides: [String: String]) {
        self.properties.merge(overrides) { $1 }
    }

    /// The configuration with another's properties on top.
    public func merging(_ overrides: [String: String]) -> KafkaConfiguration {
        var copy = self
        copy.merge(overrides)
        return copy
    }

    /// Whether a property's value must never be shown.
    public static func isSecret(_ name: String) -> Bool {
        let name = name.lowercased()
        return ["password", "secret", ".key", "key.pem", "jaas", "token", "oauthbearer.config"].contains { name.contains($0) }
    }

    /// The properties in order of name, secrets replaced by `[redacted]`.
    public var description: String {
        self.properties.sorted { $0.key < $1.key }
            .map { "\($0.key)=\(KafkaConfiguration.isSecret($0.key) ? "[redacted]" : $0.value)" }
            .joined(separator: " ")
    }

    /// Checks every property by name and value.
    ///
    /// - Returns: one sentence per mistake, empty when all is well; a secret's value is not repeated.
    public func mistakes() -> [String] {
        let native = rd_kafka_conf_new()
        defer { rd_kafka_conf_destroy(native) }
        return self.apply(to: native)
    }

    /// Builds librdkafka's object; the caller owns it.
    func makeNative() throws(KafkaError) -> OpaquePointer {
        guard let native = rd_kafka_conf_new() else {
            throw KafkaError(RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE, "no memory for a client configuration")
        }
        let mistakes = self.apply(to: native)
        guard mistakes.isEmpty else {
            rd_kafka_conf_destroy(native)
            throw KafkaError(RD_KAFKA_RESP_ERR__INVALID_ARG, mistakes.joined(separator: "; "))
        }
        return native
    }

    private func apply(to native: OpaquePointer?) -> [String] {
        var mistakes: [String] = []
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 512) { buffer in
            for (name, value) in self.properties.sorted(by: { $0.key < $1.key }) {
                let outcome = rd_kafka_conf_set(native, name, value, buffer.baseAddress, buffer.count)
                guard outcome != RD_KAFKA_CONF_OK else { continue }
                if outcome == RD_KAFKA_CONF_UNKNOWN {
                    // A misspelt name may stand before a secret.
                    mistakes.append("Kafka property \(name): librdkafka knows no such property")
                } else if KafkaConfiguration.isSecret(name) {
                    mistakes.append("Kafka property \(name): librdkafka does not accept the given value")
                } else {
                    let reason = buffer.baseAddress.map { String(cString: $0) } ?? "not accepted"
                    mistakes.append("Kafka property \(name)=\(value): \(reason)")
                }
            }
        }
        return mistakes
    }
}
