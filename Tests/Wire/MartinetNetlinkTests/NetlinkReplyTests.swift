import MartinetAddresses
import MartinetNetlink
import Testing

@Suite struct NetlinkReplyTests {
    @Test func aRefusalCarriesTheKernelsText() throws {
        // NLMSG_ERROR with NLM_F_CAPPED | NLM_F_ACK_TLVS: -EEXIST, the request's header, NLMSGERR_ATTR_MSG "no".
        var bytes: [UInt8] = []
        bytes.append(native: UInt32(44))
        bytes.append(native: UInt16(2))
        bytes.append(native: UInt16(0x300))
        bytes.append(native: UInt32(7))
        bytes.append(native: UInt32(0))
        bytes.append(native: Int32(-17))
        bytes.append(native: UInt32(900))
        bytes += [UInt8](repeating: 0, count: 12)
        bytes += [7, 0, 1, 0] + Array("no\0".utf8) + [0]
        let replies = try NetlinkReply.parse(bytes)
        #expect(replies.map(\.kind) == [.acknowledgement(errno: 17, text: "no")])
        #expect(replies.first?.sequence == 7)
    }

    @Test func noBytesTrapTheParser() {
        // Every truncation and every one-byte change of a real message is read or refused.
        let request = LinkRequests.add(.bridge, LinkSettings())
        let whole = NetlinkRequest.encode([request, request], sequence: 1)
        for length in 0...whole.count {
            read(Array(whole.prefix(length)))
        }
        for index in whole.indices {
            for value: UInt8 in [0, 1, 3, 4, 127, 128, 255] {
                var changed = whole
                changed[index] = value
                read(changed)
            }
        }
        var error = [UInt8](native: UInt32(20)) + [2, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0]
        error.append(native: Int32.min)
        read(error)
    }

    private func read(_ bytes: [UInt8]) {
        guard let replies = try? NetlinkReply.parse(bytes) else { return }
        for reply in replies {
            _ = try? Link(reply)
            _ = try? LinkAddress(reply)
            _ = try? Route(reply)
            _ = try? NetlinkAttribute.parse(reply.payload)
        }
    }
}
