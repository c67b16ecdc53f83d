/// An attribute as the kernel sent it: its type without the flag bits, and its bytes.
package struct NetlinkAttribute: Sendable {
    package let type: UInt16
    package let value: ArraySlice<UInt8>

    /// Reads a run of attributes. Nesting is read by calling it again on a value, so that depth is the caller's.
    package static func parse(_ bytes: ArraySlice<UInt8>) throws(NetlinkError) -> [NetlinkAttribute] {
        var rest = bytes
        var attributes: [NetlinkAttribute] = []
        // Less than a header at the end is padding.
        while rest.count >= 4 {
            guard let length = rest.native(at: 0, as: UInt16.self), let type = rest.native(at: 2, as: UInt16.self),
                length >= 4, Int(length) <= rest.count
            else { throw NetlinkError(.malformed, "a netlink attribute ends before its header says") }
            attributes.append(
                NetlinkAttribute(type: type & 0x3FFF, value: rest.dropFirst(4).prefix(Int(length) - 4)))
            rest = rest.dropFirst((Int(length) + 3) & ~3)
        }
        return attributes
    }

    /// Up to the first zero; what is no UTF-8 is repaired.
    package var text: String { String(decoding: value.prefix { $0 != 0 }, as: UTF8.self) }

    package func native<I: FixedWidthInteger>(as type: I.Type) -> I? { value.native(at: 0, as: type) }
    package func big<I: FixedWidthInteger>(as type: I.Type) -> I? {
        value.native(at: 0, as: type).map(I.init(bigEndian:))
    }

    /// The attributes inside.
    package func nested() throws(NetlinkError) -> [NetlinkAttribute] { try NetlinkAttribute.parse(value) }
}

extension [NetlinkAttribute] {
    /// The first of `type`.
    package func first(_ type: UInt16) -> NetlinkAttribute? { first { $0.type == type } }
}
