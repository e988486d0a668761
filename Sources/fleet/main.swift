import Delivery
import Glibc
import KafkaClient
import Observability
import WorkerRuntime
let arguments = CommandLine.arguments
let servers = arguments[2]
func show(_ r: BenchResult) { print("\(r.name) records \(r.records) seconds \(r.seconds) per_second \(Int(r.perSecond)) cpu_us \(r.cpuMicrosecondsPerRecord) rss \(r.maximumResidentMebibytes) allocs \(r.allocationsPerRecord ?? -1)") }
if arguments[1] == "seed" {
    let admin = try KafkaAdmin(configuration: KafkaConfiguration(bootstrapServers: servers), observer: KafkaObserver(logger: Logger(label: "a")))
    try admin.createTopics([TopicSpecification(name: "in", partitions: 8), TopicSpecification(name: "out", partitions: 8)])
    let producer = try KafkaProducer(configuration: KafkaConfiguration(bootstrapServers: servers).merging(["queue.buffering.max.messages": "1000000"]), observer: KafkaObserver(logger: Logger(label: "a")))
    let t = try producer.topic("in")
    let pad = String(repeating: "x", count: 180)
    for i in 0..<Int(arguments[3])! {
        let v = Array("{\"orchestrator\":\"echo\",\"context\":{\"tenant_id\":\"acme\",\"request_id\":\"0190b2f1-0000-7000-8000-\(1_000_000_000_000 + i)\",\"orchestration_depth\":0,\"metadata\":{}},\"kwargs\":{\"text\":\"\(pad)\",\"n\":\(i)}}".utf8)
        let k = Array("key-\(i % 1000)".utf8)
        while true {
            let o = k.withUnsafeBytes { k in v.withUnsafeBytes { v in producer.produce(to: t, key: k, value: v, headers: nil) } }
            if o == .accepted { break }
            producer.readReports { _, _ in }
            usleep(1000)
        }
    }
    while producer.queueLength > 0 { producer.flush(milliseconds: 100); producer.readReports { _, _ in } }
} else if arguments[1] == "limit" {
    show(try LimitBench(bootstrapServers: servers, input: "in", output: "out", group: arguments[4], records: Int(arguments[3])!, kafka: [:]).run())
} else {
    var c = WorkerConfiguration()
    c.bootstrapServers = servers
    c.groupID = arguments[4]
    c.recordLimit = Int(arguments[3])!
    c.concurrency = Int(arguments[5])!
    c.ordering = Ordering(rawValue: arguments[7])!
    c.signals = .off
    if arguments.count > 8 { AllocationCount.enable() }
    show(try await WorkerBench(configuration: c, input: "in", output: "out", delay: .microseconds(Int(arguments[6])!)).run())
}
