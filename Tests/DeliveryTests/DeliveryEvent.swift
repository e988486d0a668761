/// What can happen to a worker's delivery machine.
///
/// Choices count modulo what there is to choose from.
enum DeliveryEvent: Sendable, Hashable {
    /// A source arrives with what its group has committed.
    case assign(source: Int)
    /// Its owner reads as many records as there is room for, at most so many.
    case read(source: Int, count: Int)
    /// Its owner gets records without having asked for room.
    case pushed(source: Int, count: Int)
    /// A record comes again that was taken in before.
    case repeated(source: Int, choice: Int)
    /// A runner takes a started record; a poisonous one ends the process.
    case begin(choice: Int)
    /// A runner has ended, with outputs to publish.
    case handled(choice: Int, outputs: Int)
    /// A runner has ended with a failure that is to be retried.
    case failed(choice: Int)
    /// A retry's time has come.
    case due(choice: Int)
    /// An output of a publishing record is durable.
    case acknowledged(choice: Int)
    /// A source is about to leave.
    case revoke(source: Int)
    /// A source that was revoked has left; `lost` without a commit.
    case retire(source: Int, lost: Bool, commitSucceeds: Bool)
    /// A commit is sent; whether the broker takes it is known here, its answer comes later.
    case commit(succeeds: Bool)
    /// The broker's answer to some commit arrives.
    case answer(choice: Int)
    /// The worker's process is killed, and another one takes its place.
    case kill
    /// The worker's process loses its session and all it has, and lives on somewhere; another one takes its place.
    case stall
    /// The group tells who is in it.
    case hear(source: Int, isLast: Bool)
    /// The owner loses patience with a record that runs alone.
    case openGate

    static func any(sources: Int, using generator: inout SeededGenerator) -> DeliveryEvent {
        let source = generator.below(sources)
        let choice = generator.below(64)
        switch generator.below(100) {
        case 0..<5: return .assign(source: source)
        case 5..<21: return .read(source: source, count: 1 + generator.below(6))
        case 21..<23: return .pushed(source: source, count: 1 + generator.below(4))
        case 23..<25: return .repeated(source: source, choice: choice)
        case 25..<41: return .begin(choice: choice)
        case 41..<43: return .hear(source: source, isLast: generator.below(2) == 0)
        case 43..<55: return .handled(choice: choice, outputs: generator.below(4))
        case 55..<59: return .failed(choice: choice)
        case 59..<63: return .due(choice: choice)
        case 63..<79: return .acknowledged(choice: choice)
        case 79..<80: return .revoke(source: source)
        case 80..<82: return .retire(source: source, lost: generator.below(4) == 0, commitSucceeds: generator.below(4) != 0)
        case 82..<89: return .commit(succeeds: generator.below(4) != 0)
        case 89..<98: return .answer(choice: choice)
        default:
            switch generator.below(3) {
            case 0: return .kill
            case 1: return .stall
            default: return .openGate
            }
        }
    }

    /// Smaller numbers, the smallest first.
    var simpler: [DeliveryEvent] {
        func below(_ number: Int, from lowest: Int = 0) -> [Int] { Array((lowest..<max(lowest, number)).prefix(4)) }
        return switch self {
        case .read(let source, let count): below(count, from: 1).map { .read(source: source, count: $0) }
        case .pushed(let source, let count):
            [.read(source: source, count: count)] + below(count, from: 1).map { .pushed(source: source, count: $0) }
        case .repeated(let source, let choice): below(choice).map { .repeated(source: source, choice: $0) }
        case .begin(let choice): below(choice).map { .begin(choice: $0) }
        case .handled(let choice, let outputs):
            below(choice).map { .handled(choice: $0, outputs: outputs) } + below(outputs).map { .handled(choice: choice, outputs: $0) }
        case .failed(let choice): [.handled(choice: choice, outputs: 0)] + below(choice).map { .failed(choice: $0) }
        case .due(let choice): below(choice).map { .due(choice: $0) }
        case .acknowledged(let choice): below(choice).map { .acknowledged(choice: $0) }
        case .answer(let choice): below(choice).map { .answer(choice: $0) }
        case .assign, .revoke, .retire, .commit, .kill, .stall, .hear, .openGate: []
        }
    }
}
