/// Which network addresses a document may be fetched from; checked on every address that is connected to, redirects included.
public enum AddressPolicy: Sendable, Hashable {
    /// Public addresses only (the default).
    case publicOnly
    /// Public addresses and these blocks.
    case publicAnd([AddressRange])
    /// Any address. Whoever can submit a job can then reach everything the worker reaches.
    case any

    /// Why the address must not be connected to; nil when it may be.
    public func refusal(of address: NetworkAddress) -> String? {
        switch self {
        case .any:
            return nil
        case .publicAnd(let ranges) where ranges.contains(where: { $0.contains(address) }):
            return nil
        case .publicOnly, .publicAnd:
            return Self.special(address)
        }
    }

    private static func special(_ address: NetworkAddress) -> String? {
        if let entry = Self.table.first(where: { $0.range.contains(address) }) { return entry.meaning }
        return nil
    }

    /// Blocks that are not the public internet: the IANA special-purpose registries (RFC 6890 and its updates), and multicast.
    static let special: [(block: String, meaning: String)] = [
        ("0.0.0.0/8", "unspecified"),
        ("10.0.0.0/8", "private"),
        ("100.64.0.0/10", "shared (carrier-grade NAT)"),
        ("127.0.0.0/8", "loopback"),
        ("169.254.0.0/16", "link-local"),
        ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "reserved"),
        ("192.0.2.0/24", "documentation"),
        ("192.88.99.0/24", "reserved"),
        ("192.168.0.0/16", "private"),
        ("198.18.0.0/15", "benchmarking"),
        ("198.51.100.0/24", "documentation"),
        ("203.0.113.0/24", "documentation"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved"),
        ("::/128", "unspecified"),
        ("::1/128", "loopback"),
        ("64:ff9b:1::/48", "private translation"),
        ("100::/64", "discard"),
        ("2001::/23", "protocol assignment"),
        ("2001:db8::/32", "documentation"),
        ("3fff::/20", "documentation"),
        ("5f00::/16", "segment routing"),
        ("fc00::/7", "private"),
        ("fe80::/10", "link-local"),
        ("fec0::/10", "private (site-local)"),
        ("ff00::/8", "multicast"),
    ]

    private static let table = Self.special.compactMap { entry in
        AddressRange(entry.block).map { (range: $0, meaning: entry.meaning) }
    }
}
