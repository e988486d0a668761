import Testing

@testable import DomainOrchestrators

@Suite struct AddressPolicyTests {
    @Test(arguments: [
        ("0.0.0.0", "unspecified"), ("0.1.2.3", "unspecified"), ("10.0.0.1", "private"), ("10.255.255.255", "private"),
        ("100.64.0.1", "shared (carrier-grade NAT)"), ("100.127.255.255", "shared (carrier-grade NAT)"), ("127.0.0.1", "loopback"),
        ("127.255.255.254", "loopback"), ("169.254.169.254", "link-local"), ("172.16.0.1", "private"), ("172.31.255.255", "private"),
        ("192.0.0.8", "reserved"), ("192.0.2.1", "documentation"), ("192.168.1.1", "private"), ("198.18.0.1", "benchmarking"),
        ("198.19.255.255", "benchmarking"), ("224.0.0.1", "multicast"), ("239.255.255.255", "multicast"), ("240.0.0.1", "reserved"),
        ("255.255.255.255", "reserved"), ("::", "unspecified"), ("::1", "loopback"), ("fe80::1", "link-local"), ("febf::1", "link-local"),
        ("fec0::1", "private (site-local)"), ("fc00::1", "private"), ("fdff::1", "private"), ("ff02::1", "multicast"),
        ("2001:db8::1", "documentation"), ("2001::1", "protocol assignment"), ("::ffff:127.0.0.1", "loopback"),
        ("::ffff:10.1.2.3", "private"), ("::ffff:169.254.169.254", "link-local"), ("::10.0.0.1", "private"),
        ("64:ff9b::10.0.0.1", "private"), ("64:ff9b::7f00:1", "loopback"), ("64:ff9b:1::1", "private translation"),
        ("2002:7f00:1::1", "loopback"), ("2002:a00:1::", "private"), ("100::1", "discard"),
    ])
    func refusesWhatIsNotPublic(_ text: String, _ reason: String) throws {
        let address = try #require(NetworkAddress(text))
        #expect(AddressPolicy.publicOnly.refusal(of: address) == reason)
        #expect(AddressPolicy.any.refusal(of: address) == nil)
    }

    @Test(arguments: [
        "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.1",
        "169.253.255.255",
        "172.15.255.255", "172.32.0.0", "192.167.255.255", "198.17.255.255", "198.20.0.0", "223.255.255.255", "2606:4700::1111",
        "2a00:1450:4001::1", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1", "2001:200::1",
    ])
    func letsPublicAddressesThrough(_ text: String) throws {
        let address = try #require(NetworkAddress(text))
        #expect(AddressPolicy.publicOnly.refusal(of: address) == nil)
    }

    @Test func namedBlocksAreLetThroughAlsoInsideIPv6() throws {
        let policy = AddressPolicy.publicAnd([try #require(AddressRange("10.1.0.0/16")), try #require(AddressRange("fd00::/8"))])
        let refusal = { (text: String) throws in policy.refusal(of: try #require(NetworkAddress(text))) }
        #expect(try refusal("10.1.2.3") == nil)
        #expect(try refusal("::ffff:10.1.2.3") == nil)
        #expect(try refusal("fd12::1") == nil)
        #expect(try refusal("10.2.0.1") == "private")
        #expect(try refusal("127.0.0.1") == "loopback")
    }

    @Test func everyBlockOfTheTableParses() {
        for entry in AddressPolicy.special { #expect(AddressRange(entry.block) != nil, "\(entry.block)") }
    }

    @Test(arguments: [
        "", "1.2.3", "1.2.3.4.5", "1.2.3.4/33", "::/129", "1.2.3.4/-1", "1.2.3.4/", "[::1]", "fe80::1%eth0", "a/8", "1.2.3.4/8/8",
    ])
    func refusesToParse(_ text: String) {
        #expect(AddressRange(text) == nil)
    }

    @Test(arguments: ["192.0.2.1", "::1", "2001:db8::1", "::ffff:1.2.3.4"])
    func printsAsItParses(_ text: String) {
        #expect(NetworkAddress(text)?.description == text)
    }
}
