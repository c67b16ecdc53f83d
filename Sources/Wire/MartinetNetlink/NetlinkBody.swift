/// The part of a message after the netlink header: bytes that grow attribute by attribute.
///
/// An attribute is a 16-bit length, a 16-bit type and a value, padded to 4 bytes (<linux/netlink.h>, `nlattr`). Values
/// come from this program; one that does not fit the 16-bit length is a programmer's error and traps.
package struct NetlinkBody: Hashable, Sendable {
    package private(set) var bytes: [UInt8]

    package init(header: [UInt8] = []) {
        bytes = header
        pad()
    }

    package mutating func attribute(_ type: UInt16, _ value: some Collection<UInt8>) {
        precondition(value.count <= 65_531, "a netlink attribute of \(value.count) bytes")
        bytes.append(native: UInt16(value.count + 4))
        bytes.append(native: type)
        bytes.append(contentsOf: value)
        pad()
    }

    /// Text with its ending zero (`NLA_STRING`, `NLA_NUL_STRING`).
    package mutating func attribute(_ type: UInt16, text: String) {
        attribute(type, Array(text.utf8) + [0])
    }

    package mutating func attribute<I: FixedWidthInteger>(_ type: UInt16, native value: I) {
        attribute(type, [UInt8](native: value))
    }

    package mutating func attribute<I: FixedWidthInteger>(_ type: UInt16, big value: I) {
        attribute(type, [UInt8](big: value))
    }

    /// An attribute that holds attributes, marked as such (`NLA_F_NESTED`).
    package mutating func nest(_ type: UInt16, _ content: (inout NetlinkBody) -> Void) {
        let start = bytes.count
        bytes.append(native: UInt16(0))
        bytes.append(native: type | 0x8000)
        content(&self)
        let length = bytes.count - start
        precondition(length <= 65_535, "a netlink attribute of \(length) bytes")
        let encoded = [UInt8](native: UInt16(length))
        bytes[start] = encoded[0]
        bytes[start + 1] = encoded[1]
    }

    /// Bytes as they are, such as the header that begins `VETH_INFO_PEER`.
    package mutating func raw(_ value: [UInt8]) {
        bytes += value
        pad()
    }

    private mutating func pad() {
        while bytes.count % 4 != 0 { bytes.append(0) }
    }
}
