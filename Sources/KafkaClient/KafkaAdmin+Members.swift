import CRDKafka

extension KafkaAdmin {
    /// The client ids of a group's members.
    ///
    /// Who has died is among them until its session is over. Empty when the group's coordinator does not answer. Asks every broker and waits until all have answered or the time is over. The newer call, which asks the coordinator alone, ends the process in
    /// librdkafka 2.0.2 when the coordinator moves or goes away meanwhile (`rd_kafka_enq_once_del_source_return`).
    public func clientIDs(ofGroup group: String, milliseconds: Int32 = 10_000) throws(KafkaError) -> [String] {
        var list: UnsafePointer<rd_kafka_group_list>?
        let code = rd_kafka_list_groups(self.handle.native, group, &list, milliseconds)
        guard code == RD_KAFKA_RESP_ERR_NO_ERROR || code == RD_KAFKA_RESP_ERR__PARTIAL, let list else {
            throw KafkaError(code, "look up the members of group \(group)")
        }
        defer { rd_kafka_group_list_destroy(list) }
        var ids: [String] = []
        for index in 0..<Int(list.pointee.group_cnt) {
            let found = list.pointee.groups[index]
            guard let name = found.group, String(cString: name) == group, found.err == RD_KAFKA_RESP_ERR_NO_ERROR else { continue }
            for member in 0..<Int(found.member_cnt) {
                if let id = found.members[member].client_id { ids.append(String(cString: id)) }
            }
        }
        return ids
    }
}
