import CRDKafka

/// Which partition a key belongs to: what the Java client, and every producer of the fleet, does unless told otherwise.
public enum KafkaPartitioner {
    /// The partition of a key among so many, by murmur2.
    ///
    /// - Parameter count: 1 or more.
    public static func partition(of key: [UInt8], among count: Int32) -> Int32 {
        // The topic is not looked at.
        key.withUnsafeBytes { rd_kafka_msg_partitioner_murmur2(nil, $0.baseAddress, $0.count, max(1, count), nil, nil) }
    }
}
