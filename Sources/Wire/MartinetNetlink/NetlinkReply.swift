/// One message from the kernel.
package struct NetlinkReply: Sendable {
    package enum Kind: Hashable, Sendable {
        /// An object: a link, an address, a set element list.
        case data
        /// The end of a dump; the errno is 0 where it is whole.
        case done(errno: Int32)
        /// The answer to a request that asked for one, or that failed; 0 is success.
        case acknowledgement(errno: Int32, text: String?)
    }

    package let type: UInt16
    package let sequence: UInt32
    package let kind: Kind
    /// Whether a change during the dump made it inconsistent (`NLM_F_DUMP_INTR`).
    package let isInterrupted: Bool
    /// After the netlink header.
    package let payload: ArraySlice<UInt8>

    /// Reads every message of one datagram.
    package static func parse(_ datagram: some Collection<UInt8>) throws(NetlinkError) -> [NetlinkReply] {
        var rest = Array(datagram)[...]
        var replies: [NetlinkReply] = []
        while !rest.isEmpty {
            guard let length = rest.native(at: 0, as: UInt32.self), let type = rest.native(at: 4, as: UInt16.self),
                let flags = rest.native(at: 6, as: UInt16.self), let sequence = rest.native(at: 8, as: UInt32.self),
                length >= 16, UInt64(length) <= UInt64(rest.count)
            else { throw NetlinkError(.malformed, "a netlink message ends before its header says") }
            let payload = rest.dropFirst(16).prefix(Int(length) - 16)
            replies.append(
                NetlinkReply(
                    type: type, sequence: sequence, kind: try kind(type, flags, payload),
                    isInterrupted: flags & 0x10 != 0, payload: payload))
            rest = rest.dropFirst((Int(length) + 3) & ~3)
        }
        return replies
    }

    private static func kind(
        _ type: UInt16, _ flags: UInt16, _ payload: ArraySlice<UInt8>
    ) throws(NetlinkError) -> Kind {
        switch type {
        case 2:  // NLMSG_ERROR: errno, the request's header, and with NLM_F_ACK_TLVS attributes (`nlmsgerr_attrs`).
            guard let code = payload.native(at: 0, as: Int32.self) else {
                throw NetlinkError(.malformed, "a netlink acknowledgement without a code")
            }
            guard flags & 0x200 != 0, let length = payload.native(at: 4, as: UInt32.self) else {
                return .acknowledgement(errno: 0 &- code, text: nil)
            }
            // NLM_F_CAPPED: the request is cut to its header.
            let request = flags & 0x100 != 0 ? 16 : Int(min(UInt64(length), 1 << 20))
            let attributes = try NetlinkAttribute.parse(payload.dropFirst(4 + ((request + 3) & ~3)))
            return .acknowledgement(errno: 0 &- code, text: attributes.first(1)?.text)
        case 3:  // NLMSG_DONE
            let code = payload.native(at: 0, as: Int32.self) ?? 0
            return .done(errno: 0 &- code)
        default: return .data
        }
    }
}

extension ArraySlice<UInt8> {
    /// The number `offset` bytes after the start, in this machine's order; nil where the bytes end before it does.
    package func native<I: FixedWidthInteger>(at offset: Int, as type: I.Type) -> I? {
        let size = I.bitWidth / 8
        guard offset >= 0, count >= size, offset <= count - size else { return nil }
        var value: I = 0
        Swift.withUnsafeMutableBytes(of: &value) { target in
            for index in 0..<size { target[index] = self[startIndex + offset + index] }
        }
        return value
    }
}
