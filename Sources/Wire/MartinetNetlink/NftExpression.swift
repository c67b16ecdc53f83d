/// A 32-bit register of the nftables machine, 0...15. A longer value takes those that follow. Every fourth one has an
/// older name too, of 16 bytes (`NFT_REG_1` is `NFT_REG32_00`), which nft and the kernel's own dumps prefer.
package struct NftRegister: Hashable, Sendable {
    package let index: Int
    package init(_ index: Int) {
        precondition((0...15).contains(index), "nftables has 16 registers")
        self.index = index
    }
    var wire: UInt32 { UInt32(index % 4 == 0 ? 1 + index / 4 : 8 + index) }
}

/// What happens to a packet.
package enum NftVerdict: Hashable, Sendable {
    case drop, accept, `return`
    case jump(String)
    case goto(String)

    /// `nft_verdicts`; drop and accept are netfilter's own (<linux/netfilter.h>).
    var code: Int32 {
        switch self {
        case .drop: 0
        case .accept: 1
        case .return: -5
        case .jump: -3
        case .goto: -4
        }
    }

    var chain: String? {
        switch self {
        case .jump(let chain), .goto(let chain): chain
        case .drop, .accept, .return: nil
        }
    }
}

/// One step of a rule, as the kernel's nftables machine runs it (<linux/netfilter/nf_tables.h>).
package enum NftExpression: Hashable, Sendable {
    package enum Header: UInt32, Sendable {
        case network = 1
        case transport = 2
    }
    package enum Meta: UInt32, Sendable {
        case mark = 3
        case inputName = 6
        case outputName = 7
        case transportProtocol = 16
    }
    /// `nft_ct_keys`; the last four are of a direction.
    package enum Conntrack: UInt32, Sendable {
        case state = 0
        case status = 2
        case transportProtocol = 10
        case destinationPort = 12
        case destinationV4 = 20
        case destinationV6 = 22
    }
    package enum Comparison: UInt32, Sendable {
        case equal = 0
        case notEqual, less, lessOrEqual, greater, greaterOrEqual
    }
    package enum SetUpdate: UInt32, Sendable {
        case add = 0
        case update, delete
    }
    package enum Translation: UInt32, Sendable {
        case source = 0
        case destination = 1
    }
    /// `nft_reject_types`.
    package enum Rejection: Hashable, Sendable {
        case icmp(code: UInt8)
        case tcpReset
    }

    case meta(Meta, into: NftRegister)
    case payload(Header, offset: UInt32, length: UInt32, into: NftRegister)
    case compare(NftRegister, Comparison, [UInt8])
    case bitwise(NftRegister, into: NftRegister, mask: [UInt8], xor: [UInt8])
    case immediate([UInt8], into: NftRegister)
    case verdict(NftVerdict)
    /// Goes on only where the set has the key.
    case lookup(set: String, key: NftRegister, isInverted: Bool = false)
    case lookupMap(map: String, key: NftRegister, into: NftRegister)
    case lookupVerdict(map: String, key: NftRegister)
    /// Changes a set from the packet's path; the time-out is in milliseconds.
    case dynamicSet(set: String, SetUpdate, key: NftRegister, data: NftRegister?, timeout: UInt64?)
    case translate(Translation, family: UInt8, address: NftRegister, port: NftRegister?)
    case masquerade
    /// A random number from `offset` to `offset + modulus - 1`, in this machine's byte order.
    case random(modulus: UInt32, offset: UInt32, into: NftRegister)
    /// The kind of the destination address (`RTN_LOCAL` 2 is one of this machine), in this machine's byte order.
    case destinationKind(into: NftRegister)
    case conntrack(Conntrack, isOriginal: Bool?, into: NftRegister)
    case reject(Rejection)
    case counter

    /// Appends it as an element of an expression list.
    func encode(into list: inout NetlinkBody) {
        list.nest(1) { element in  // NFTA_LIST_ELEM
            element.attribute(1, text: name)
            element.nest(2) { encodeData(into: &$0) }
        }
    }

    private var name: String {
        switch self {
        case .meta: "meta"
        case .payload: "payload"
        case .compare: "cmp"
        case .bitwise: "bitwise"
        case .immediate, .verdict: "immediate"
        case .lookup, .lookupMap, .lookupVerdict: "lookup"
        case .dynamicSet: "dynset"
        case .translate: "nat"
        case .masquerade: "masq"
        case .random: "numgen"
        case .destinationKind: "fib"
        case .conntrack: "ct"
        case .reject: "reject"
        case .counter: "counter"
        }
    }

    private func encodeData(into body: inout NetlinkBody) {
        switch self {
        case .meta(let key, let into):
            body.attribute(2, big: key.rawValue)
            body.attribute(1, big: into.wire)
        case .payload(let header, let offset, let length, let into):
            body.attribute(1, big: into.wire)
            body.attribute(2, big: header.rawValue)
            body.attribute(3, big: offset)
            body.attribute(4, big: length)
        case .compare(let register, let comparison, let value):
            body.attribute(1, big: register.wire)
            body.attribute(2, big: comparison.rawValue)
            body.nest(3) { $0.attribute(1, value) }
        case .bitwise(let register, let into, let mask, let xor):
            body.attribute(1, big: register.wire)
            body.attribute(2, big: into.wire)
            body.attribute(3, big: UInt32(mask.count))
            body.nest(4) { $0.attribute(1, mask) }
            body.nest(5) { $0.attribute(1, xor) }
        case .immediate(let value, let into):
            body.attribute(1, big: into.wire)
            body.nest(2) { $0.attribute(1, value) }
        case .verdict(let verdict):
            body.attribute(1, big: UInt32(0))  // NFT_REG_VERDICT
            body.nest(2) { NftElement.encode(verdict, into: &$0) }
        case .lookup, .lookupMap, .lookupVerdict, .dynamicSet: encodeSetUse(into: &body)
        case .translate(let kind, let family, let address, let port):
            body.attribute(1, big: kind.rawValue)
            body.attribute(2, big: UInt32(family))
            body.attribute(3, big: address.wire)
            if let port { body.attribute(5, big: port.wire) }
        case .masquerade, .counter: break
        case .random(let modulus, let offset, let into):
            body.attribute(1, big: into.wire)
            body.attribute(2, big: modulus)
            body.attribute(3, big: UInt32(1))
            body.attribute(4, big: offset)
        case .destinationKind(let into):
            body.attribute(1, big: into.wire)
            body.attribute(2, big: UInt32(3))  // NFT_FIB_RESULT_ADDRTYPE
            body.attribute(3, big: UInt32(2))  // NFTA_FIB_F_DADDR
        case .conntrack(let key, let isOriginal, let into):
            body.attribute(2, big: key.rawValue)
            body.attribute(1, big: into.wire)
            if let isOriginal { body.attribute(3, native: UInt8(isOriginal ? 0 : 1)) }
        case .reject(.icmp(let code)):
            body.attribute(1, big: UInt32(0))
            body.attribute(2, native: code)
        case .reject(.tcpReset):
            body.attribute(1, big: UInt32(1))
            body.attribute(2, native: UInt8(0))
        }
    }

    private func encodeSetUse(into body: inout NetlinkBody) {
        switch self {
        case .lookup(let set, let key, let isInverted):
            body.attribute(2, big: key.wire)
            body.attribute(1, text: set)
            if isInverted { body.attribute(5, big: UInt32(1)) }
        case .lookupMap(let map, let key, let into):
            body.attribute(2, big: key.wire)
            body.attribute(3, big: into.wire)
            body.attribute(1, text: map)
        case .lookupVerdict(let map, let key):
            body.attribute(2, big: key.wire)
            body.attribute(3, big: UInt32(0))
            body.attribute(1, text: map)
        case .dynamicSet(let set, let update, let key, let data, let timeout):
            body.attribute(4, big: key.wire)
            if let data { body.attribute(5, big: data.wire) }
            body.attribute(3, big: update.rawValue)
            if let timeout { body.attribute(6, big: timeout) }
            body.attribute(1, text: set)
        default: break
        }
    }
}
