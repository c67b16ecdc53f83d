package import MartinetAddresses

/// Where a base chain sits in the kernel's path of a packet.
package struct NftHook: Hashable, Sendable {
    package enum Kind: String, Sendable {
        case nat, filter
    }
    /// `nf_inet_hooks` of <linux/netfilter.h>.
    package enum Place: UInt32, Sendable {
        case prerouting = 0
        case input, forward, output, postrouting
    }
    package var kind: Kind
    package var place: Place
    /// Lower runs earlier; -100 translates destinations, 0 filters, 100 translates sources.
    package var priority: Int32
    package var dropsByDefault: Bool

    package init(_ kind: Kind, _ place: Place, priority: Int32, dropsByDefault: Bool = false) {
        self.kind = kind
        self.place = place
        self.priority = priority
        self.dropsByDefault = dropsByDefault
    }
}

/// nfnetlink messages about one nftables table (<linux/netfilter/nfnetlink.h>, <linux/netfilter/nf_tables.h>).
///
/// They are parts of a transaction: between `batchBegin` and `batchEnd` in one datagram.
package struct NftRequests: Hashable, Sendable {
    package let table: String
    package let family: IPFamily

    package init(table: String, family: IPFamily) {
        self.table = table
        self.family = family
    }

    package static func batchBegin() -> NetlinkRequest { batch(16, "begin the transaction") }
    package static func batchEnd() -> NetlinkRequest { batch(17, "end the transaction") }

    private static func batch(_ type: UInt16, _ purpose: String) -> NetlinkRequest {
        // `nfgenmsg`: family, version, subsystem 10 (nftables) in network order.
        NetlinkRequest(type: type, flags: [], body: NetlinkBody(header: [0, 0, 0, 10]), purpose: purpose)
    }

    package func addTable() -> NetlinkRequest {
        request(0, .create, "add table \(table)") {
            $0.attribute(1, text: table)
            $0.attribute(2, big: UInt32(0))
        }
    }

    package func deleteTable() -> NetlinkRequest {
        request(2, [], "delete table \(table)") { $0.attribute(1, text: table) }
    }

    package func addChain(_ name: String, hook: NftHook? = nil) -> NetlinkRequest {
        request(3, .create, "add chain \(table)/\(name)") {
            $0.attribute(1, text: table)
            $0.attribute(3, text: name)
            guard let hook else { return }
            $0.nest(4) {
                $0.attribute(1, big: hook.place.rawValue)
                $0.attribute(2, big: hook.priority)
            }
            $0.attribute(5, big: UInt32(hook.dropsByDefault ? 0 : 1))
            $0.attribute(7, text: hook.kind.rawValue)
        }
    }

    package func deleteChain(_ name: String) -> NetlinkRequest {
        request(5, [], "delete chain \(table)/\(name)") {
            $0.attribute(1, text: table)
            $0.attribute(3, text: name)
        }
    }

    package func addRule(_ chain: String, _ expressions: [NftExpression]) -> NetlinkRequest {
        request(6, [.create, .append], "add a rule to \(table)/\(chain)") {
            $0.attribute(1, text: table)
            $0.attribute(2, text: chain)
            $0.nest(4) { list in
                for expression in expressions { expression.encode(into: &list) }
            }
        }
    }

    /// Removes every rule of a chain.
    package func flushChain(_ chain: String) -> NetlinkRequest {
        request(8, [], "flush chain \(table)/\(chain)") {
            $0.attribute(1, text: table)
            $0.attribute(2, text: chain)
        }
    }

    /// `id` is the set's number in the transaction.
    package func addSet(_ set: NftSet, id: UInt32) -> NetlinkRequest {
        request(9, .create, "add set \(table)/\(set.name)") {
            $0.attribute(1, text: table)
            $0.attribute(2, text: set.name)
            $0.attribute(3, big: set.flags)
            $0.attribute(4, big: NftSet.typeCode(set.key))
            $0.attribute(5, big: UInt32(NftSet.byteCount(set.key)))
            switch set.content {
            case .keys: break
            case .verdicts:
                $0.attribute(6, big: UInt32(0xFFFF_FF00))
                $0.attribute(7, big: UInt32(0))
            case .values(let parts):
                $0.attribute(6, big: NftSet.typeCode(parts))
                $0.attribute(7, big: UInt32(NftSet.byteCount(parts)))
            }
            let isConcatenatedRange = set.hasIntervals && set.key.count > 1
            if set.dynamicSize != nil || isConcatenatedRange {
                $0.nest(9) { description in
                    if let size = set.dynamicSize { description.attribute(1, big: size) }
                    guard isConcatenatedRange else { return }
                    description.nest(2) { fields in
                        for part in set.key {
                            fields.nest(1) { $0.attribute(1, big: UInt32(part.byteCount)) }
                        }
                    }
                }
            }
            $0.attribute(10, big: id)
        }
    }

    package func addElements(_ elements: [NftElement], to set: String) -> [NetlinkRequest] {
        elementRequests(12, .create, "add elements to \(table)/\(set)", set, elements)
    }

    package func deleteElements(_ elements: [NftElement], of set: String) -> [NetlinkRequest] {
        elementRequests(14, [], "delete elements of \(table)/\(set)", set, elements)
    }

    /// As many messages as the 16-bit length of the element list needs.
    private func elementRequests(
        _ type: UInt16, _ flags: NetlinkRequest.Flags, _ purpose: String, _ set: String, _ elements: [NftElement]
    ) -> [NetlinkRequest] {
        // An element takes less than 400 bytes: two keys, a value of 64 and a chain's name of 255 at most.
        stride(from: 0, to: elements.count, by: 150).map { start in
            request(type, flags, purpose) {
                $0.attribute(2, text: set)
                $0.attribute(1, text: table)
                $0.nest(3) { list in
                    for element in elements[start..<min(start + 150, elements.count)] { element.encode(into: &list) }
                }
            }
        }
    }

    package func dumpElements(of set: String) -> NetlinkRequest {
        var request = request(13, .dump, "list elements of \(table)/\(set)") {
            $0.attribute(1, text: table)
            $0.attribute(2, text: set)
        }
        request.flags = [.request, .dump]
        return request
    }

    /// Every chain of every table and family.
    package static func dumpChains() -> NetlinkRequest {
        NetlinkRequest(type: 0x0A04, flags: .dump, body: NetlinkBody(header: [0, 0, 0, 0]), purpose: "list chains")
    }

    private func request(
        _ type: UInt16, _ flags: NetlinkRequest.Flags, _ purpose: String, _ content: (inout NetlinkBody) -> Void
    ) -> NetlinkRequest {
        var body = NetlinkBody(header: [family.rawValue, 0, 0, 0])
        content(&body)
        return NetlinkRequest(type: 0x0A00 | type, flags: flags, body: body, purpose: purpose)
    }
}

/// A chain as the kernel lists it.
package struct NftChain: Hashable, Sendable {
    /// `NFPROTO_`: 1 is inet, 2 IPv4, 10 IPv6.
    package let family: UInt8
    package let table: String
    package let name: String
    /// For a base chain, `nf_inet_hooks`.
    package let place: UInt32?
    package let priority: Int32?
    package let dropsByDefault: Bool

    /// From an `NFT_MSG_NEWCHAIN` message; nil where it is another.
    package init?(_ reply: NetlinkReply) throws(NetlinkError) {
        guard reply.type == 0x0A03 else { return nil }
        guard let family = reply.payload.first else { throw NetlinkError(.malformed, "a chain without a header") }
        let attributes = try NetlinkAttribute.parse(reply.payload.dropFirst(4))
        let hook = try attributes.first(4)?.nested() ?? []
        self.family = family
        table = attributes.first(1)?.text ?? ""
        name = attributes.first(3)?.text ?? ""
        place = hook.first(1)?.big(as: UInt32.self)
        priority = hook.first(2)?.big(as: Int32.self)
        dropsByDefault = attributes.first(5)?.big(as: UInt32.self) == 0
    }
}

extension NftElement {
    /// The keys and values of an `NFT_MSG_NEWSETELEM` message; verdicts are left out.
    package static func parse(_ reply: NetlinkReply) throws(NetlinkError) -> [NftElement] {
        guard reply.type == 0x0A0C else { return [] }
        let attributes = try NetlinkAttribute.parse(reply.payload.dropFirst(4))
        var elements: [NftElement] = []
        for item in try attributes.first(3)?.nested() ?? [] where item.type == 1 {
            let parts = try item.nested()
            guard let key = try parts.first(1)?.nested().first(1)?.value else { continue }
            let data = try parts.first(2)?.nested().first(1)?.value
            elements.append(NftElement(Array(key), data.map { .bytes(Array($0)) } ?? .none))
        }
        return elements
    }
}

extension NftRequests {
    /// Removes a table, whether or not it is there.
    package static func removal(table: String, family: IPFamily) -> [NetlinkRequest] {
        let requests = NftRequests(table: table, family: family)
        return [requests.addTable(), requests.deleteTable()]
    }
}
