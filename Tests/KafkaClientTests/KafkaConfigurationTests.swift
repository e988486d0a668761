import KafkaClient
import Testing

@Suite("Kafka configuration")
struct KafkaConfigurationTests {
    @Test("keeps secrets out of its description")
    func redaction() {
        let secrets = [
            "sasl.password", "SASL.PASSWORD", "ssl.key.password", "ssl.keystore.password", "ssl.key.pem", "sasl.oauthbearer.client.secret",
            "sasl.oauthbearer.config", "sasl.jaas.config", "some.token",
        ]
        var configuration = KafkaConfiguration(bootstrapServers: "a:1,b:2")
        for name in secrets {
            configuration[name] = "hunter2"
            #expect(KafkaConfiguration.isSecret(name))
        }
        configuration["sasl.username"] = "worker"
        #expect(!"\(configuration)".contains("hunter2"))
        #expect(!String(describing: configuration).contains("hunter2"))
        for name in secrets { #expect("\(configuration)".contains("\(name)=[redacted]")) }
        #expect("\(configuration)".contains("bootstrap.servers=a:1,b:2") && "\(configuration)".contains("sasl.username=worker"))
        #expect(["client.id", "acks", "ssl.ca.location", "group.id"].allSatisfy { !KafkaConfiguration.isSecret($0) })
    }

    @Test("has one value for a name, the last one that was set")
    func merging() {
        var configuration = KafkaConfiguration(bootstrapServers: "a:1")
        #expect(configuration.bootstrapServers == "a:1" && configuration["acks"] == nil)
        configuration["acks"] = "1"
        let merged = configuration.merging(["acks": "all", "linger.ms": "7"])
        #expect(configuration["acks"] == "1" && configuration["linger.ms"] == nil)
        #expect(merged["acks"] == "all" && merged["linger.ms"] == "7")
        configuration.merge(["bootstrap.servers": "b:2"])
        #expect(configuration.bootstrapServers == "b:2")
        configuration["acks"] = nil
        #expect(configuration["acks"] == nil)
    }

    @Test("says of every property what librdkafka does not accept, and of secrets not which value")
    func mistakes() {
        let good = KafkaConfiguration(bootstrapServers: "a:1").merging(["acks": "all", "sasl.password": "hunter2"])
        #expect(good.mistakes().isEmpty)
        let bad = good.merging([
            "session.timeout.ms": "soon", "no.such.property": "hunter2", "security.protocol": "morse", "ssl.key.pem": "hunter2",
        ])
        let mistakes = bad.mistakes()
        #expect(mistakes.contains { $0.contains("session.timeout.ms") && $0.contains("soon") })
        #expect(mistakes.contains { $0.contains("no.such.property") && $0.contains("no such property") })
        #expect(mistakes.contains { $0.contains("security.protocol") && $0.contains("morse") })
        #expect(!mistakes.joined().contains("hunter2"), "a misspelt name may stand before a secret")
    }

    @Test("makes no client of a configuration with mistakes, and says all of them")
    func client() {
        let configuration = KafkaConfiguration(bootstrapServers: "a:1").merging(["no.such.property": "1", "acks": "perhaps"])
        for make in [
            { _ = try KafkaProducer(configuration: configuration, observer: .silent) },
            { _ = try KafkaAdmin(configuration: configuration, observer: .silent) },
        ] {
            let error = #expect(throws: KafkaError.self) { try make() }
            #expect(error?.message.contains("no.such.property") == true && error?.message.contains("acks") == true)
            #expect(error?.isRetriable == false)
        }
    }
}
