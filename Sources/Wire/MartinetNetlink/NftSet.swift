/// A set or map of an nftables table.
package struct NftSet: Hashable, Sendable {
    /// The parts that keys are made of, by their numbers in nft's own list of types; the kernel only keeps them for the
    /// tools that print.
    package enum Part: UInt32, Sendable {
        case ipv4 = 7
        case ipv6 = 8
        case transportProtocol = 12
        case port = 13
        case mark = 19

        /// Bytes without padding.
        package var byteCount: Int {
            switch self {
            case .ipv4, .mark: 4
            case .ipv6: 16
            case .transportProtocol: 1
            case .port: 2
            }
        }
    }

    package enum Content: Hashable, Sendable {
        case keys
        case verdicts
        case values([Part])
    }

    package var name: String
    package var key: [Part]
    package var content: Content
    /// Whether keys are ranges.
    package var hasIntervals = false
    /// Whether rules add to it; such a set has a size and its elements have a time-out.
    package var dynamicSize: UInt32?

    package init(_ name: String, key: [Part], content: Content = .keys) {
        self.name = name
        self.key = key
        self.content = content
    }

    /// Each part is padded to a register of 4 bytes where there are several.
    static func byteCount(_ parts: [Part]) -> Int {
        parts.count == 1 ? parts[0].byteCount : parts.reduce(0) { $0 + ($1.byteCount + 3) & ~3 }
    }

    /// Types of a concatenation are 6 bits each, the last one lowest.
    static func typeCode(_ parts: [Part]) -> UInt32 { parts.reduce(0) { $0 << 6 | $1.rawValue } }

    var flags: UInt32 {
        var flags: UInt32 = 0
        if hasIntervals { flags |= 0x4 }
        if content != .keys { flags |= 0x8 }
        if dynamicSize != nil { flags |= 0x10 | 0x20 }
        if hasIntervals, key.count > 1 { flags |= 0x80 }
        return flags
    }
}

/// An element of a set or map.
package struct NftElement: Hashable, Sendable {
    package enum Value: Hashable, Sendable {
        case none
        case verdict(NftVerdict)
        case bytes([UInt8])
    }

    package var key: [UInt8]
    /// The last key of a range in a concatenated interval set.
    package var keyEnd: [UInt8]?
    /// Marks the first key after a range in a plain interval set (`NFT_SET_ELEM_INTERVAL_END`).
    package var isIntervalEnd = false
    package var value: Value
    /// In milliseconds.
    package var timeout: UInt64?

    package init(_ key: [UInt8], _ value: Value = .none) {
        self.key = key
        self.value = value
    }

    func encode(into list: inout NetlinkBody) {
        list.nest(1) { element in
            element.nest(1) { $0.attribute(1, key) }
            if let keyEnd { element.nest(10) { $0.attribute(1, keyEnd) } }
            switch value {
            case .none: break
            case .verdict(let verdict): element.nest(2) { NftElement.encode(verdict, into: &$0) }
            case .bytes(let bytes): element.nest(2) { $0.attribute(1, bytes) }
            }
            if isIntervalEnd { element.attribute(3, big: UInt32(1)) }
            if let timeout { element.attribute(4, big: timeout) }
        }
    }

    static func encode(_ verdict: NftVerdict, into body: inout NetlinkBody) {
        body.nest(2) {
            $0.attribute(1, big: verdict.code)
            if let chain = verdict.chain { $0.attribute(2, text: chain) }
        }
    }
}
