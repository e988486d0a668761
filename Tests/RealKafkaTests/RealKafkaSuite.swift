import KafkaProcess
import Testing

/// Everything that is proved against a real Apache Kafka: one broker for all, one test at a time.
@Suite(
    .serialized,
    .timeLimit(.minutes(TestLength.isLong ? 15 : 4)),
    .enabled(if: RealKafka.isAvailable, "\(RealKafka.unavailableReason ?? "")")
)
struct RealKafkaSuite {}
