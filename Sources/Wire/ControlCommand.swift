public import JSON
public import Orchestration

/// What the whole fleet is told, on the compacted control topic under the key of its scope.
///
/// The newest record of a scope counts; a null value under the same key withdraws what was said. A command names no tenant: who may write to
/// the control topic may cancel any request, disable any component and define any experiment.
public struct ControlCommand: Sendable, Hashable {
    /// CloudEvents type of a command.
    public static let type = "fleet.control.v1"
    /// Bytes that the value of a command about an experiment may have; 64 KiB.
    ///
    /// Definitions are kept by who takes part in experiments.
    public static let experimentBytes = 64 << 10

    /// What is to be done, and to what.
    public var order: ControlOrder
    /// Why, for people; stands in what comes of it: the reply of a cancelled request, say.
    ///
    /// At most 1 KiB.
    public var reason: String?
    /// Who wants it, for people; stands where the reason does.
    ///
    /// At most 1 KiB.
    public var issuedBy: String?
    /// When it was given: milliseconds since 1970.
    public var time: Int64?

    /// Creates a command from its members, which are not checked.
    public init(_ order: ControlOrder, reason: String? = nil, issuedBy: String? = nil, time: Int64? = nil) {
        self.order = order
        self.reason = reason
        self.issuedBy = issuedBy
        self.time = time
    }

    /// The record's key, and that of its withdrawal.
    public var key: [UInt8] { self.order.scope.key }

    /// The value and headers of the record.
    ///
    /// - Parameter time: milliseconds since 1970, of the event.
    public func encode(source: String, time: Int64) -> (value: [UInt8], headers: RecordHeaders) {
        var writer = JSONWriter(reservingCapacity: 192)
        writer.beginObject()
        writer.member("command", self.order.name)
        if case .define(_, let definition) = self.order { writer.member("definition", definition) }
        writer.member("reason", self.reason)
        writer.member("issued_by", self.issuedBy)
        writer.member("time", self.time.map { WireTime.text($0) })
        writer.endObject()
        var headers = RecordHeaders(reservingCapacity: 256)
        headers.append("ce_specversion", "1.0")
        headers.append("ce_id", "\(self.order.scope).\(self.order.name).\(time)")
        headers.append("ce_type", ControlCommand.type)
        headers.append("ce_source", source)
        headers.append("ce_time", time: time)
        headers.append("content-type", "application/json")
        return (writer.bytes, headers)
    }
}

/// What a command wants.
public enum ControlOrder: Sendable, Hashable {
    /// The request with this id, as its context or else its event has it, is cancelled.
    case cancel(requestID: String)
    /// Something about a component that is learned about.
    case component(ComponentID, ComponentOrder)
    /// An experiment of this name begins, or goes on by another definition.
    case define(experiment: String, definition: JSONObject)
    /// The experiment of this name ends; everybody gets what they would get without it.
    case stop(experiment: String)

    /// The scope whose record holds the command.
    public var scope: ControlScope {
        switch self {
        case .cancel(let requestID): .request(requestID)
        case .component(let component, _): .component(component)
        case .define(let name, _), .stop(let name): .experiment(name)
        }
    }

    /// The name on the wire.
    public var name: String {
        switch self {
        case .cancel: "cancel"
        case .component(_, let order): order.rawValue
        case .define: "define"
        case .stop: "stop"
        }
    }
}

/// What may be said about a component; the raw value is the text on the wire.
public enum ComponentOrder: String, CaseIterable, Sendable, Hashable {
    /// It is not chosen until it is enabled or the command is withdrawn, whatever its health.
    case disable
    /// It is chosen like any other again; the rewards to come say how healthy it is.
    case enable
    /// What was learned about it is forgotten, once; whether it may be chosen stays as it is.
    case reset
}

/// What a command is about: the key of its record.
public enum ControlScope: Sendable, Hashable, CustomStringConvertible {
    /// `request/<request id>`.
    case request(String)
    /// `component/<type>/<id>`.
    case component(ComponentID)
    /// `experiment/<name>`.
    case experiment(String)

    static let requestPrefix = "request/"
    static let componentPrefix = "component/"
    static let experimentPrefix = "experiment/"

    /// The key as text.
    public var description: String {
        switch self {
        case .request(let id): ControlScope.requestPrefix + id
        case .component(let component): ControlScope.componentPrefix + component.description
        case .experiment(let name): ControlScope.experimentPrefix + name
        }
    }

    /// The key of the records about it.
    public var key: [UInt8] { Array(self.description.utf8) }
}
