import CCurl
import Glibc

/// An IPv4 or IPv6 address, without port or zone.
public struct NetworkAddress: Sendable, Hashable, CustomStringConvertible {
    /// 4 or 16 bytes in network order.
    let bytes: [UInt8]

    /// Parses the usual text form: `192.0.2.1` or `2001:db8::1`, no brackets; nil for anything else.
    public init?(_ text: String) {
        guard text.utf8.count <= 45 else { return nil }
        var v4 = in_addr()
        var v6 = in6_addr()
        if inet_pton(AF_INET, text, &v4) == 1 {
            self.bytes = withUnsafeBytes(of: v4) { Array($0) }
        } else if inet_pton(AF_INET6, text, &v6) == 1 {
            self.bytes = withUnsafeBytes(of: v6) { Array($0) }
        } else {
            return nil
        }
    }

    /// The address inside a socket address; nil for a family that is neither IPv4 nor IPv6.
    init?(_ address: UnsafePointer<sockaddr>) {
        let raw = UnsafeRawPointer(address)
        switch Int32(address.pointee.sa_family) {
        case AF_INET:
            self.bytes = withUnsafeBytes(of: raw.loadUnaligned(as: sockaddr_in.self).sin_addr) { Array($0) }
        case AF_INET6:
            self.bytes = withUnsafeBytes(of: raw.loadUnaligned(as: sockaddr_in6.self).sin6_addr) { Array($0) }
        default:
            return nil
        }
    }

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// The IPv4 address that an IPv6 address stands for: v4-mapped, v4-compatible, NAT64 with the well-known prefix, or 6to4.
    var embeddedIPv4: NetworkAddress? {
        guard self.bytes.count == 16 else { return nil }
        let isZero = { (range: Range<Int>) in self.bytes[range].allSatisfy { $0 == 0 } }
        if isZero(0..<10), self.bytes[10] == 0xff, self.bytes[11] == 0xff { return Self(bytes: Array(self.bytes[12...])) }
        if isZero(0..<12), !isZero(12..<15) { return Self(bytes: Array(self.bytes[12...])) }
        if self.bytes.starts(with: [0x00, 0x64, 0xff, 0x9b]), isZero(4..<12) { return Self(bytes: Array(self.bytes[12...])) }
        if self.bytes.starts(with: [0x20, 0x02]) { return Self(bytes: Array(self.bytes[2..<6])) }
        return nil
    }

    /// The usual text form.
    public var description: String {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let family = self.bytes.count == 4 ? AF_INET : AF_INET6
        guard inet_ntop(family, self.bytes, &text, socklen_t(text.count)) != nil else { return "?" }
        return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}

/// A block of addresses in CIDR form.
public struct AddressRange: Sendable, Hashable, CustomStringConvertible {
    let network: NetworkAddress
    let prefixLength: Int

    /// Parses `10.0.0.0/8`, `fd00::/8`, or a single address; nil for anything else.
    ///
    /// Bits beyond the prefix are ignored.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let network = NetworkAddress(String(first)) else { return nil }
        let width = network.bytes.count * 8
        if parts.count == 2 {
            guard parts[1].utf8.allSatisfy({ (48...57).contains($0) }), let length = Int(parts[1]), length <= width else { return nil }
            self.prefixLength = length
        } else {
            self.prefixLength = width
        }
        self.network = network
    }

    /// Whether the address, or the IPv4 address it stands for, lies in the block.
    public func contains(_ address: NetworkAddress) -> Bool {
        if self.holds(address) { return true }
        return address.embeddedIPv4.map(self.holds) ?? false
    }

    private func holds(_ address: NetworkAddress) -> Bool {
        guard address.bytes.count == self.network.bytes.count else { return false }
        let whole = self.prefixLength / 8
        guard address.bytes.prefix(whole) == self.network.bytes.prefix(whole) else { return false }
        let rest = self.prefixLength % 8
        return rest == 0 || (address.bytes[whole] ^ self.network.bytes[whole]) >> (8 - rest) == 0
    }

    /// Address and prefix length.
    public var description: String { "\(self.network)/\(self.prefixLength)" }
}
