import JSON
import Orchestration

/// What a record of the control topic says.
public enum ControlRecord: Sendable, Hashable {
    /// Something is to be done.
    case command(ControlCommand)
    /// What was said about a scope counts no longer.
    case withdrawn(ControlScope)
    /// A scope, a type or a command of a later version, named for people; to be ignored.
    case unknown(String)

    /// Reads a record of the control topic.
    ///
    /// - Throws: what breaks the contract, so that the record can only be ignored.
    public init(decoding record: RecordView, limits: WireLimits = .default) throws(WireError) {
        guard let key = record.key, !key.isEmpty else {
            throw WireError(.invalid, "the key is required: the scope, such as request/ and the request's id")
        }
        // A request's id may be as long as an attribute.
        var recordLimits = limits
        recordLimits.keyBytes = limits.attributeBytes + ControlScope.requestPrefix.utf8.count
        var headers = CloudEventHeaders()
        try headers.read(record, recordLimits)
        guard let text = String(validating: key.bindMemory(to: UInt8.self), as: UTF8.self) else {
            throw WireError(.invalid, "the key is not UTF-8")
        }
        guard let scope = try ControlScope(text, limits) else {
            self = .unknown("scope \(WireText.excerpt(ControlScope.kind(of: text)))")
            return
        }
        guard let value = record.value else {
            self = .withdrawn(scope)
            return
        }
        if let type = headers.event.type, type != ControlCommand.type {
            self = .unknown("type \(WireText.excerpt(type))")
            return
        }
        switch headers.mode {
        case .binary: break
        case .structured: throw WireError(.undecodable, "content-type application/cloudevents+json is not read here: use application/json")
        case .unsupported(let type): throw WireError(.undecodable, "content-type \(type) is not read here: use application/json")
        }
        if case .experiment = scope, value.count > ControlCommand.experimentBytes {
            throw WireError(
                .oversize,
                "the value has \(value.count) bytes, \(ControlCommand.experimentBytes) are allowed for an experiment"
            )
        }
        let reader = try MemberReader(parsing: Array(value), limits.json)
        let name = try reader.required(try reader.text("command"), "command", "a string")
        guard let order = try Self.order(name, scope, reader) else {
            self = .unknown("command \(WireText.excerpt(name))")
            return
        }
        self = .command(
            ControlCommand(
                order,
                reason: try Self.bounded(reader, "reason", limits),
                issuedBy: try Self.bounded(reader, "issued_by", limits),
                time: try Self.time(reader)
            )
        )
    }

    private static func order(_ name: String, _ scope: ControlScope, _ reader: MemberReader) throws(WireError) -> ControlOrder? {
        switch (scope, name) {
        case (.request(let id), "cancel"): return .cancel(requestID: id)
        case (.request, _): return nil
        case (.component(let component), _): return ComponentOrder(rawValue: name).map { .component(component, $0) }
        case (.experiment(let experiment), "define"):
            let definition = try reader.required(try reader.members("definition"), "definition", "an object")
            return .define(experiment: experiment, definition: definition)
        case (.experiment(let experiment), "stop"): return .stop(experiment: experiment)
        case (.experiment, _): return nil
        }
    }

    private static func bounded(_ reader: MemberReader, _ name: String, _ limits: WireLimits) throws(WireError) -> String? {
        let text = try reader.text(name)
        if let bytes = text?.utf8.count, bytes > limits.attributeBytes {
            throw WireError(.oversize, "\(name) has \(bytes) bytes, \(limits.attributeBytes) are allowed")
        }
        return text
    }

    private static func time(_ reader: MemberReader) throws(WireError) -> Int64? {
        guard let text = try reader.text("time") else { return nil }
        guard let time = WireTime.milliseconds(text) else {
            throw WireError(.invalid, "time must be an RFC 3339 time, found \(WireText.excerpt(text))")
        }
        return time
    }
}

extension ControlScope {
    /// Reads a key; nil for a scope that is not known here.
    ///
    /// - Throws: when the key names nothing, or by a name that is too long.
    fileprivate init?(_ key: String, _ limits: WireLimits) throws(WireError) {
        if let id = key.rest(after: ControlScope.requestPrefix) {
            guard !id.isEmpty else { throw WireError(.invalid, "the key names no request") }
            self = .request(id)
        } else if let name = key.rest(after: ControlScope.componentPrefix) {
            guard let slash = name.utf8.firstIndex(of: UInt8(ascii: "/")), slash > name.startIndex,
                name.utf8.index(after: slash) < name.endIndex
            else { throw WireError(.invalid, "the key names no component: component/, its type, / and its id") }
            guard let type = ComponentType(rawValue: String(name[..<slash])) else { return nil }
            let id = String(name[name.utf8.index(after: slash)...])
            try Self.bound(id, "the component's id", limits)
            self = .component(ComponentID(type, id))
        } else if let name = key.rest(after: ControlScope.experimentPrefix) {
            guard !name.isEmpty else { throw WireError(.invalid, "the key names no experiment") }
            try Self.bound(name, "the experiment's name", limits)
            self = .experiment(name)
        } else {
            return nil
        }
    }

    private static func bound(_ name: String, _ what: String, _ limits: WireLimits) throws(WireError) {
        guard name.utf8.count <= limits.keyBytes else {
            throw WireError(.oversize, "\(what) has \(name.utf8.count) bytes, \(limits.keyBytes) are allowed")
        }
    }

    /// What a key that is not known here is about, as far as can be told.
    fileprivate static func kind(of key: String) -> String {
        guard let rest = key.rest(after: ControlScope.componentPrefix) else { return key.firstPart }
        return ControlScope.componentPrefix + rest.firstPart
    }
}

extension String {
    /// What follows a prefix, byte by byte: no character that joins the one before changes what the prefix is.
    fileprivate func rest(after prefix: String) -> String? {
        self.utf8.starts(with: prefix.utf8) ? String(Substring(self.utf8.dropFirst(prefix.utf8.count))) : nil
    }

    fileprivate var firstPart: String { String(Substring(self.utf8.prefix { $0 != UInt8(ascii: "/") })) }
}
