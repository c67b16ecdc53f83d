import MartinetEtcdMessages
import Testing

@Suite struct EtcdMessagesTests {
    @Test("a message is written as protoc writes it, and read back")
    func vectors() throws {
        var request = RangeRequest()
        request.key = Array("foo".utf8)
        request.end = Array("fop".utf8)
        request.limit = 300
        request.sortOrder = .descend
        request.serializable = true
        let bytes: [UInt8] = [
            0x0A, 3, 0x66, 0x6F, 0x6F, 0x12, 3, 0x66, 0x6F, 0x70, 0x18, 0xAC, 0x02, 0x28, 2, 0x38, 1,
        ]
        #expect(request.encoded == bytes)
        #expect(try RangeRequest(decoding: bytes) == request)
    }

    @Test("a member of a union is written even where it is zero")
    func unions() throws {
        var compare = Compare()
        compare.target = .mod
        compare.key = [0x61]
        compare.modRevision = 0
        #expect(compare.encoded == [0x10, 2, 0x1A, 1, 0x61, 0x30, 0])
        #expect(try Compare(decoding: compare.encoded).modRevision == 0)
    }

    @Test("negative numbers, nested transactions and unknown fields survive")
    func nesting() throws {
        var inner = TxnRequest()
        var put = PutRequest()
        put.key = [1]
        put.lease = -5
        var op = RequestOp()
        op.put = put
        inner.success = [op]
        var outer = TxnRequest()
        var nested = RequestOp()
        nested.transaction = Boxed(inner)
        outer.failure = [nested, op]
        // Field 99, of two bytes, is nobody's.
        let bytes = outer.encoded + [0x9A, 0x06, 2, 7, 7]
        #expect(try TxnRequest(decoding: bytes) == outer)
    }

    @Test("what is no message is refused and never traps")
    func malformed() throws {
        for bytes: [UInt8] in [
            [0x0A], [0x0A, 5, 1], [0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F], [0x0B], [0x80],
            [0x00], [0x09, 1, 2], Array(repeating: 0xFF, count: 20),
        ] {
            #expect(throws: EtcdMessageError.self) { try RangeRequest(decoding: bytes) }
        }
        var deep = TxnRequest()
        for _ in 0..<40 {
            var op = RequestOp()
            op.transaction = Boxed(deep)
            deep = TxnRequest()
            deep.success = [op]
        }
        #expect(throws: EtcdMessageError.self) { try TxnRequest(decoding: deep.encoded) }
        // Every prefix and every single changed byte of a real message: any answer, no trap.
        var response = WatchResponse()
        var event = EtcdEvent()
        var kv = KeyValue()
        kv.key = Array("key".utf8)
        kv.modRevision = 1 << 40
        event.kv = kv
        response.events = [event]
        let bytes = response.encoded
        for count in 0..<bytes.count {
            _ = try? WatchResponse(decoding: bytes.prefix(count))
            for bit in 0..<8 {
                var changed = bytes
                changed[count] ^= 1 << UInt8(bit)
                _ = try? WatchResponse(decoding: changed)
            }
        }
    }

    @Test("frames come out the same however they are split")
    func framing() throws {
        let messages: [[UInt8]] = [[], [1], Array(repeating: 7, count: 300)]
        let wire = messages.flatMap { GRPCFraming.frame($0) }
        for size in [1, 2, 3, 5, 7, wire.count] {
            var framing = GRPCFraming(messageMax: 1000)
            var found: [[UInt8]] = []
            for start in stride(from: 0, to: wire.count, by: size) {
                framing.append(Array(wire[start..<min(wire.count, start + size)]))
                while let message = try framing.next() { found.append(message) }
            }
            #expect(found == messages)
            #expect(!framing.isInside)
        }
        var small = GRPCFraming(messageMax: 10)
        small.append([0, 0xFF, 0xFF, 0xFF, 0xFF])
        #expect(throws: GRPCStatus.self) { try small.next() }
    }

    @Test("a status goes through its trailers unchanged")
    func status() {
        let status = GRPCStatus(.outOfRange, "100 % größer\n")
        let trailers = Dictionary(uniqueKeysWithValues: status.trailers)
        #expect(GRPCStatus(status: trailers["grpc-status"], message: trailers["grpc-message"]) == status)
        #expect(GRPCStatus(status: nil, message: nil).code == .unknown)
    }

    @Test("the end of a prefix is the next key that does not have it")
    func ranges() {
        #expect(KeyRange(prefix: [0x61]).end == [0x62])
        #expect(KeyRange(prefix: [0x61, 0xFF]).end == [0x62])
        #expect(KeyRange(prefix: []).isUnbounded)
        #expect(KeyRange(prefix: [0xFF]).contains([0xFF, 3]))
        #expect(!KeyRange(prefix: [0x61]).contains([0x62]))
    }
}
