import CRDKafka
import Testing

@testable import KafkaClient

@Suite("Kafka error")
struct KafkaErrorTests {
    @Test(
        "is retriable for what passes by itself",
        arguments: [
            RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, RD_KAFKA_RESP_ERR__TIMED_OUT, RD_KAFKA_RESP_ERR__QUEUE_FULL,
            RD_KAFKA_RESP_ERR_NOT_COORDINATOR, RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE, RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS,
        ].map(\.rawValue)
    )
    func retriable(_ code: Int32) {
        let error = KafkaError(rd_kafka_resp_err_t(code))
        #expect(error.isRetriable && !error.isFatal && error.code == code)
        #expect(error.description.contains("retriable") && error.description.contains(error.name) && !error.message.isEmpty)
    }

    @Test(
        "is not retriable for what stays wrong",
        arguments: [
            RD_KAFKA_RESP_ERR__INVALID_ARG, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
            RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, RD_KAFKA_RESP_ERR__AUTHENTICATION,
        ].map(\.rawValue)
    )
    func permanent(_ code: Int32) {
        let error = KafkaError(rd_kafka_resp_err_t(code))
        #expect(!error.isRetriable && !error.isFatal && !error.description.contains("retriable"))
    }

    @Test("is fatal when the client is lost", arguments: [RD_KAFKA_RESP_ERR__FATAL, RD_KAFKA_RESP_ERR__FENCED].map(\.rawValue))
    func fatal(_ code: Int32) {
        let error = KafkaError(rd_kafka_resp_err_t(code))
        #expect(error.isFatal && error.description.contains("fatal"))
        #expect(KafkaError(RD_KAFKA_RESP_ERR__TRANSPORT, "x", isRetriable: false, isFatal: true).isFatal)
    }

    @Test("knows a producer whose place another one has taken")
    func fenced() {
        for code in [RD_KAFKA_RESP_ERR__FENCED, RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH, RD_KAFKA_RESP_ERR_PRODUCER_FENCED] {
            #expect(KafkaError(code).isFenced)
        }
        #expect(!KafkaError(RD_KAFKA_RESP_ERR__FATAL).isFenced && !KafkaError(RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID).isFenced)
    }

    @Test("knows what is too large and what does not exist")
    func kinds() {
        #expect(KafkaError(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE).isMessageTooLarge)
        #expect(KafkaError(RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE).isMessageTooLarge)
        #expect(!KafkaError(RD_KAFKA_RESP_ERR__TRANSPORT).isMessageTooLarge)
        #expect(KafkaError(unknownTopic: "nowhere").isUnknownTopicOrPartition)
        #expect(KafkaError(unknownTopic: "nowhere").description.contains("nowhere"))
        #expect(KafkaError(RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION).isUnknownTopicOrPartition)
        #expect(!KafkaError(RD_KAFKA_RESP_ERR__FAIL).isUnknownTopicOrPartition)
    }
}
