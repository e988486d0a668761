import KafkaClient
import Testing

@testable import WorkerRuntime

@Suite("Workers that have left their group")
struct DepartedWorkersTests {
    @Test("have one successor, the next in the order of ids, which ends each of them once")
    func successor() {
        var watchers = ["a", "b", "d"].map { DepartedWorkers(own: $0) }
        func look(_ present: Set<String>, now: Int64) -> [[String]] {
            watchers.indices.map { watchers[$0].look(present, now: now) }
        }
        #expect(look(["a", "b", "c", "d", "e"], now: 0) == [[], [], []])
        #expect(look(["a", "b", "c", "d", "e"], now: 1) == [[], [], []])
        #expect(look(["a", "b", "d", "e"], now: 2) == [[], [], ["c"]])
        #expect(look(["a", "b", "d"], now: 3) == [["e"], [], []])
        #expect(look(["a", "b", "d"], now: 4) == [[], [], []])
        // The successor goes too, before anybody can know whether it was done.
        #expect(look(["a", "b"], now: 5) == [["c", "d"], [], []])
    }

    @Test("are no business of one that is no member itself, and none once they are back")
    func absence() {
        var watch = DepartedWorkers(own: "a")
        #expect(watch.look(["a", "b", "c"], now: 0) == [])
        #expect(watch.look(["b"], now: 1) == [])
        #expect(watch.look(["a", "b", "c"], now: 2) == [])
        #expect(watch.look(["a", "c"], now: 3) == [])
        #expect(watch.look(["a", "b", "c"], now: 4) == [])
        #expect(watch.look(["a", "b"], now: 5) == ["c"])
        // Back, and gone once more.
        #expect(watch.look(["a", "b", "c"], now: 6) == [])
        #expect(watch.look(["a", "b"], now: 7) == ["c"])
    }

    @Test("are forgotten after a minute")
    func memory() {
        var watch = DepartedWorkers(own: "a")
        #expect(watch.look(["a", "b", "c"], now: 0) == [])
        #expect(watch.look(["a", "c"], now: 1) == [])
        #expect(watch.look(["a"], now: DepartedWorkers.memory + 1) == ["c"])
    }

    @Test("are known by the client ids of their consumers")
    func clientIDs() {
        var configuration = WorkerConfiguration()
        for id in ["w", "host-1-2", "-", "a-consumer-g", "ü"] {
            configuration.workerID = id
            for process in [0, 1, 4_711, .max] as [UInt32] {
                let clientID = configuration.consumerConfiguration(group: "g", identity: process)["client.id"] ?? ""
                #expect(GroupMember(clientID, group: "g")?.workerID == id)
                #expect(process == 0 || GroupMember(clientID, group: "g")?.process == process)
                #expect(GroupMember(clientID, group: "h") == nil)
            }
        }
        for other in ["", "rdkafka", "-consumer-g", "w-consumer-g", "w-!-consumer-g", "w-zzzzzzzzz-consumer-g", "7-consumer-g"] {
            #expect(GroupMember(other, group: "g") == nil)
        }
    }
}
