/// One message for the kernel: type, flags, a fixed header and attributes (netlink(7), RFC 3549).
package struct NetlinkRequest: Hashable, Sendable {
    package struct Flags: OptionSet, Hashable, Sendable {
        package let rawValue: UInt16
        package init(rawValue: UInt16) { self.rawValue = rawValue }

        package static let request = Flags(rawValue: 0x1)
        package static let acknowledge = Flags(rawValue: 0x4)
        /// All objects of the kind (`NLM_F_ROOT | NLM_F_MATCH`).
        package static let dump = Flags(rawValue: 0x300)
        package static let replace = Flags(rawValue: 0x100)
        package static let exclusive = Flags(rawValue: 0x200)
        package static let create = Flags(rawValue: 0x400)
        package static let append = Flags(rawValue: 0x800)
    }

    package var type: UInt16
    package var flags: Flags
    /// The family's own header and the attributes, without the netlink header.
    package var body: NetlinkBody
    /// What is asked, in words, for the text of an error: `add link martinet0`.
    package var purpose: String

    package init(type: UInt16, flags: Flags, body: NetlinkBody, purpose: String) {
        self.type = type
        self.flags = flags.union(.request)
        self.body = body
        self.purpose = purpose
    }

    /// Appends the message to `bytes`, padded to 4 bytes as the next one must begin (`NLMSG_ALIGN`).
    package func encode(sequence: UInt32, into bytes: inout [UInt8]) {
        let length = body.bytes.count + 16
        precondition(length <= Int(UInt32.max), "a netlink message of 4 GiB")
        bytes.append(native: UInt32(length))
        bytes.append(native: type)
        bytes.append(native: flags.rawValue)
        bytes.append(native: sequence)
        bytes.append(native: UInt32(0))
        bytes += body.bytes
        while bytes.count % 4 != 0 { bytes.append(0) }
    }

    /// Requests in one datagram, numbered from `sequence`.
    package static func encode(_ requests: [NetlinkRequest], sequence: UInt32) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(requests.reduce(0) { $0 + $1.body.bytes.count + 20 })
        for (index, request) in requests.enumerated() {
            request.encode(sequence: sequence &+ UInt32(truncatingIfNeeded: index), into: &bytes)
        }
        return bytes
    }
}

extension [UInt8] {
    /// In this machine's byte order, as netlink headers and most rtnetlink values are.
    package mutating func append<I: FixedWidthInteger>(native value: I) {
        Swift.withUnsafeBytes(of: value) { append(contentsOf: $0) }
    }

    /// In network byte order, as nfnetlink values are.
    package mutating func append<I: FixedWidthInteger>(big value: I) {
        Swift.withUnsafeBytes(of: value.bigEndian) { append(contentsOf: $0) }
    }

    package init<I: FixedWidthInteger>(big value: I) {
        self = []
        append(big: value)
    }

    package init<I: FixedWidthInteger>(native value: I) {
        self = []
        append(native: value)
    }
}
