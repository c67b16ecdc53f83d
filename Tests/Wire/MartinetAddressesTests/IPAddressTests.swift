import MartinetAddresses
import Testing

@Suite struct IPAddressTests {
    @Test(arguments: [
        ("10.0.0.1", "10.0.0.1"), ("::", "::"), ("::1", "::1"), ("2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
        ("::ffff:1.2.3.4", "::ffff:102:304"), ("::1.2.3.4", "::102:304"), ("fe80::", "fe80::"),
        ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"), ("64:ff9b::10.0.0.1", "64:ff9b::a00:1"),
    ])
    func addressesAreWrittenCanonically(text: String, canonical: String) {
        #expect(IPAddress(text)?.description == canonical)
    }

    @Test(arguments: [
        "", "1.2.3", "1.2.3.256", "01.2.3.4", "1.2.3.4.5", "a.b.c.d", ":", ":::", "1::2::3", "1:2:3:4:5:6:7",
        "12345::", "1.2.3.4:5", "::g", "+1::", "1:2:3:4:5:6:7:8:9",
    ])
    func whatIsNoAddressIsRefused(text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test func networksKnowTheirAddresses() throws {
        let network = try #require(IPNetwork("10.44.0.0/24"))
        #expect(network.contains(IPAddress(10, 44, 0, 255)))
        #expect(!network.contains(IPAddress(10, 44, 1, 0)))
        #expect(network.address(at: 7)?.description == "10.44.0.7")
        #expect(network.address(at: 256) == nil)
        #expect(network.mask == [255, 255, 255, 0])
        #expect(try network.overlaps(#require(IPNetwork("10.0.0.0/8"))))
        #expect(try !network.overlaps(#require(IPNetwork("10.45.0.0/16"))))
        #expect(IPNetwork("10.44.0.1/24") == nil)
        #expect(IPNetwork("10.44.0.0/33") == nil)
        #expect(IPNetwork("0.0.0.0/0")?.contains(IPAddress(1, 2, 3, 4)) == true)
        #expect(IPNetwork("fd00::/64")?.address(at: 1)?.description == "fd00::1")
        #expect(IPNetwork("10.0.0.0/20")?.mask == [255, 255, 240, 0])
    }
}
