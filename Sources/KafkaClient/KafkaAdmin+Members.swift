import CRDKafka

extension KafkaAdmin {
    /// The client ids of a group's members; none of a group that nobody is in.
    ///
    /// Who has died is among them until its session is over, and one that took the place of another with the same `group.instance.id` is told
    /// under the other's client id. Asks every broker and waits until all have answered or the time is over. The newer call, which asks the
    /// coordinator alone, ends the process in librdkafka 2.0.2 when the coordinator moves or goes away meanwhile
    /// (`rd_kafka_enq_once_del_source_return`).
    ///
    /// - Throws: retriable, as long as the group's coordinator does not answer.
    public func clientIDs(inGroup group: String, milliseconds: Int32 = 10_000) throws(KafkaError) -> [String] {
        let action = "look up the members of group \(group)"
        var list: UnsafePointer<rd_kafka_group_list>?
        let code = rd_kafka_list_groups(self.handle.native, group, &list, milliseconds)
        defer { if let list { rd_kafka_group_list_destroy(list) } }
        guard code == RD_KAFKA_RESP_ERR_NO_ERROR || code == RD_KAFKA_RESP_ERR__PARTIAL, let list else { throw KafkaError(code, action) }
        for index in 0..<Int(list.pointee.group_cnt) {
            let found = list.pointee.groups[index]
            guard let name = found.group, String(cString: name) == group else { continue }
            guard found.err == RD_KAFKA_RESP_ERR_NO_ERROR else { throw KafkaError(found.err, action) }
            return (0..<Int(found.member_cnt)).compactMap { found.members[$0].client_id.map { String(cString: $0) } }
        }
        // The broker that has not answered may be the one that knows.
        guard code == RD_KAFKA_RESP_ERR_NO_ERROR else { throw KafkaError(code, "\(action): not all brokers answer", isRetriable: true) }
        return []
    }
}
