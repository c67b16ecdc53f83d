import MartinetAddresses
import MartinetNetlink
import Testing

/// What `nft` 1.0.6 itself sends for the same rules, recorded with strace; nft's notes to itself (user data) and the order
/// of attributes, which mean nothing to the kernel, are left out of the comparison.
@Suite struct NftGoldenTests {
    private let requests = NftRequests(table: "t", family: .v4)
    private let zero: [UInt8] = [0, 0, 0, 0]

    private func register(_ index: Int) -> NftRegister { NftRegister(index) }

    private func expressions(_ name: String) -> [NftExpression] {
        let first = register(0)
        let frontend: [NftExpression] = [
            .payload(.network, offset: 16, length: 4, into: first), .meta(.transportProtocol, into: register(1)),
            .payload(.transport, offset: 2, length: 2, into: register(2)),
        ]
        switch name {
        case "translated":
            return [
                .conntrack(.status, isOriginal: nil, into: first),
                .bitwise(first, into: first, mask: [UInt8](native: UInt32(0x20)), xor: zero),
                .compare(first, .notEqual, zero), .masquerade,
            ]
        case "leave":
            let network: [UInt8] = [10, 244, 0, 0]
            return [
                .payload(.network, offset: 12, length: 4, into: first),
                .bitwise(first, into: first, mask: [255, 255, 240, 0], xor: zero), .compare(first, .equal, network),
                .payload(.network, offset: 16, length: 4, into: first),
                .bitwise(first, into: first, mask: [255, 255, 240, 0], xor: zero),
                .compare(first, .notEqual, network), .masquerade,
            ]
        case "dispatch":
            return [.destinationKind(into: first), .compare(first, .equal, [UInt8](native: UInt32(2)))] + frontend
                + [.lookupVerdict(map: "m", key: first)]
        case "reset": return [.meta(.transportProtocol, into: first), .compare(first, .equal, [6]), .reject(.tcpReset)]
        case "refuse": return [.reject(.icmp(code: 3))]
        case "original":
            return [
                .conntrack(.destinationV4, isOriginal: true, into: first), .compare(first, .equal, [10, 96, 0, 1]),
                .counter, .verdict(.drop),
            ]
        case "bridge":
            return [
                .meta(.inputName, into: first), .compare(first, .equal, Array("martinet0".utf8) + zero + [0, 0, 0]),
                .verdict(.return),
            ]
        case "pick":
            return frontend + [
                .meta(.mark, into: register(3)), .lookupMap(map: "e", key: first, into: first),
                .translate(.destination, family: 2, address: first, port: register(1)),
            ]
        default: return []
        }
    }

    private func message(_ name: String) -> NetlinkRequest {
        let key: [UInt8] = [10, 96, 0, 1, 6, 0, 0, 0, 0, 80, 0, 0]
        switch name {
        case "chain": return requests.addChain("post", hook: NftHook(.nat, .postrouting, priority: 100))
        case "set":
            var set = NftSet("s", key: [.ipv4, .port])
            set.hasIntervals = true
            return requests.addSet(set, id: 1)
        case "verdictElement": return requests.addElements([NftElement(key, .verdict(.goto("pick")))], to: "m")[0]
        case "valueElement":
            let value: [UInt8] = [10, 244, 0, 1, 0x1F, 0x90, 0, 0]
            return requests.addElements([NftElement(key + [2, 0, 0, 0], .bytes(value))], to: "e")[0]
        default: return requests.addRule(["translated", "leave"].contains(name) ? "post" : "pick", expressions(name))
        }
    }

    @Test(arguments: golden.keys.sorted()) func ourBytesSayWhatNftSays(name: String) throws {
        let theirs = try #require(golden[name]).hexBytes
        let ours = message(name).body.bytes.dropFirst(4)
        #expect(canonical(ours, name) == canonical(theirs[...], name))
    }

    /// User data, and numbers that sets have within nft's transaction.
    private func isNote(_ type: UInt16, _ name: String, _ depth: Int) -> Bool {
        switch (depth, name) {
        case (0, "chain"): false
        case (0, "set"): type == 13 || type == 10
        case (0, "verdictElement"), (0, "valueElement"): type == 4
        case (0, _): type == 7
        case (_, "lookup"): type == 4
        default: false
        }
    }

    /// Inside a lookup's data its name; elsewhere that of the message.
    private func expression(_ parts: [(UInt16, String)], _ name: String) -> String {
        parts.last?.1 == "\(Array("lookup\0".utf8))" ? "lookup" : name
    }

    /// Attributes as text, sorted but for lists.
    private func canonical(_ bytes: ArraySlice<UInt8>, _ name: String, depth: Int = 0) -> String {
        var rest = bytes
        var parts: [(UInt16, String)] = []
        while let length = rest.native(at: 0, as: UInt16.self), let type = rest.native(at: 2, as: UInt16.self),
            length >= 4, Int(length) <= rest.count
        {
            let value = rest.dropFirst(4).prefix(Int(length) - 4)
            rest = rest.dropFirst((Int(length) + 3) & ~3)
            if isNote(type, name, depth) { continue }
            let text =
                type & 0x8000 != 0 ? canonical(value, expression(parts, name), depth: depth + 1) : "\(Array(value))"
            parts.append((type & 0x3FFF, text))
        }
        if !parts.allSatisfy({ $0.0 == 1 }) { parts.sort { $0.0 < $1.0 } }
        return "{" + parts.map { "\($0.0): \($0.1)" }.joined(separator: ", ") + "}"
    }
}

private let golden: [String: String] = [
    "chain":
        "060001007400000009000300706f737400000000080007006e61740008000500000000011400048008000100000000040800"
        + "020000000064",
    "translated":
        "060001007400000009000200706f737400000000a80004802000018007000100637400001400028008000200000000020800"
        + "010000000001440001800c000100626974776973650034000280080001000000000108000200000000010800030000000004"
        + "0c00048008000100200000000c00058008000100000000002c00018008000100636d70002000028008000100000000010800"
        + "0200000000010c000380080001000000000014000180090001006d6173710000000004000280",
    "leave":
        "060001007400000009000200706f73740000000060010480340001800c0001007061796c6f61640024000280080001000000"
        + "00010800020000000001080003000000000c0800040000000004440001800c00010062697477697365003400028008000100"
        + "00000001080002000000000108000300000000040c00048008000100fffff0000c00058008000100000000002c0001800800"
        + "0100636d700020000280080001000000000108000200000000000c000380080001000af40000340001800c0001007061796c"
        + "6f616400240002800800010000000001080002000000000108000300000000100800040000000004440001800c0001006269"
        + "747769736500340002800800010000000001080002000000000108000300000000040c00048008000100fffff0000c000580"
        + "08000100000000002c00018008000100636d700020000280080001000000000108000200000000010c000380080001000af4"
        + "000014000180090001006d6173710000000004000280",
    "dispatch":
        "0600010074000000090002007069636b00000000180104802800018008000100666962001c00028008000300000000020800"
        + "02000000000308000100000000012c00018008000100636d700020000280080001000000000108000200000000000c000380"
        + "0800010002000000340001800c0001007061796c6f6164002400028008000100000000010800020000000001080003000000"
        + "0010080004000000000424000180090001006d65746100000000140002800800020000000010080001000000000934000180"
        + "0c0001007061796c6f61640024000280080001000000000a0800020000000002080003000000000208000400000000023400"
        + "01800b0001006c6f6f6b757000002400028008000200000000010800030000000000060001006d0000000800040000000002",
    "reset":
        "0600010074000000090002007069636b000000007800048024000180090001006d6574610000000014000280080002000000"
        + "001008000100000000012c00018008000100636d700020000280080001000000000108000200000000000c00038005000100"
        + "06000000240001800b00010072656a65637400001400028008000100000000010500020000000000",
    "refuse":
        "0600010074000000090002007069636b0000000028000480240001800b00010072656a656374000014000280080001000000"
        + "00000500020003000000",
    "original":
        "0600010074000000090002007069636b000000009c0004802800018007000100637400001c00028008000200000000140800"
        + "01000000000105000300000000002c00018008000100636d700020000280080001000000000108000200000000000c000380"
        + "080001000a600001140001800c000100636f756e7465720004000280300001800e000100696d6d6564696174650000001c00"
        + "02800800010000000000100002800c0002800800010000000000",
    "bridge":
        "0600010074000000090002007069636b000000009000048024000180090001006d6574610000000014000280080002000000"
        + "000608000100000000013800018008000100636d70002c000280080001000000000108000200000000001800038014000100"
        + "6d617274696e65743000000000000000300001800e000100696d6d6564696174650000001c00028008000100000000001000"
        + "02800c00028008000100fffffffb",
    "pick":
        "0600010074000000090002007069636b0000000018010480340001800c0001007061796c6f61640024000280080001000000"
        + "000108000200000000010800030000000010080004000000000424000180090001006d657461000000001400028008000200"
        + "000000100800010000000009340001800c0001007061796c6f61640024000280080001000000000a08000200000000020800"
        + "030000000002080004000000000224000180090001006d65746100000000140002800800020000000003080001000000000b"
        + "340001800b0001006c6f6f6b7570000024000280080002000000000108000300000000010600010065000000080004000000"
        + "000330000180080001006e617400240002800800010000000001080002000000000208000300000000010800050000000009",
    "verdictElement":
        "0600010074000000060002006d0000000800040000000002380003803400018014000180100001000a600001060000000050"
        + "00001c0002801800028008000100fffffffc090002007069636b00000000",
    "set":
        "06000100740000000600020073000000080003000000008408000400000001cd080005000000000808000a00000000012000"
        + "09801c0002800c00018008000100000000040c000180080001000000000214000d00000400000000030800040d0000000100",
    "valueElement":
        "060001007400000006000200650000000800040000000003300003802c00018018000180140001000a600001060000000050"
        + "000002000000100002800c0001000af400011f900000",
]

extension String {
    fileprivate var hexBytes: [UInt8] {
        let digits = Array(utf8)
        return stride(from: 0, to: digits.count - 1, by: 2).compactMap {
            UInt8(String(decoding: digits[$0...($0 + 1)], as: UTF8.self), radix: 16)
        }
    }
}
