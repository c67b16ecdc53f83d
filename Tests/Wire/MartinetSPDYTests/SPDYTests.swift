import MartinetSPDY
import Testing

@Suite("SPDY/3.1 framing")
struct SPDYTests {
    static let frames: [SPDYFrame] = [
        .settings([.init(flags: 1, id: 4, value: 100), .init(flags: 0, id: 7, value: 65_535)]),
        .synStream(
            id: 1, associated: 0, priority: 3, fin: false, unidirectional: false,
            ["streamtype": "error", "port": "80", "requestid": "0"]),
        .synStream(
            id: 3, associated: 1, priority: 0, fin: true, unidirectional: true,
            ["streamtype": "data", "port": "80", "requestid": "0", "x": "grüße\0second"]),
        .synReply(id: 1, fin: false, [:]),
        .data(id: 3, fin: false, Array("hello".utf8)), .data(id: 3, fin: true, []),
        .ping(7), .windowUpdate(id: 3, delta: 65_536), .headers(id: 1, fin: true, ["a": ""]),
        .reset(id: 3, status: SPDYFrame.ResetStatus.cancel), .goAway(lastGood: 3, status: 0),
    ]

    static func encoded() throws -> [UInt8] {
        var encoder = SPDYEncoder()
        var bytes: [UInt8] = []
        for frame in frames { bytes += try encoder.encode(frame) }
        return bytes
    }

    /// Joins the pieces of a data frame, as a stream's reader does.
    static func joined(_ frames: [SPDYFrame]) -> [SPDYFrame] {
        frames.reduce(into: []) { out, frame in
            if case .data(let id, let fin, let more) = frame, case .data(id, false, let before)? = out.last,
                !more.isEmpty
            {
                out[out.count - 1] = .data(id: id, fin: fin, before + more)
            } else {
                out.append(frame)
            }
        }
    }

    @Test("any split of the bytes gives the same frames", arguments: [1, 2, 3, 7, 64, 100_000])
    func dripFeed(step: Int) throws {
        let bytes = try SPDYTests.encoded()
        var decoder = SPDYDecoder()
        var frames: [SPDYFrame] = []
        for start in stride(from: 0, to: bytes.count, by: step) {
            try decoder.feed(Array(bytes[start..<min(start + step, bytes.count)]), &frames)
        }
        #expect(SPDYTests.joined(frames) == SPDYTests.frames)
    }

    @Test("the first header block begins as every SPDY/3 block does: zlib with the dictionary 0xe3c6a7c2")
    func dictionary() throws {
        var encoder = SPDYEncoder()
        let bytes = try encoder.encode(.synReply(id: 1, fin: false, [:]))
        #expect(Array(bytes[0..<4]) == [0x80, 3, 0, 2])
        #expect(bytes[12] == 0x78 && Array(bytes[14..<18]) == [0xE3, 0xC6, 0xA7, 0xC2])
    }

    @Test("what breaks the rules is an error and never a trap, at every truncation and with every byte changed")
    func hostile() throws {
        let bytes = try SPDYTests.encoded()
        var generator = UInt64(42)
        for index in bytes.indices {
            for flip in [UInt8(0x01), 0x80, 0xFF] {
                var changed = bytes
                changed[index] ^= flip
                var decoder = SPDYDecoder()
                var frames: [SPDYFrame] = []
                do { try decoder.feed(changed, &frames) } catch {}
            }
        }
        for _ in 0..<300 {
            var noise: [UInt8] = []
            for _ in 0..<200 {
                generator = generator &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                noise.append(UInt8(truncatingIfNeeded: generator >> 56))
            }
            if generator & 1 == 0 { noise.replaceSubrange(0..<4, with: [0x80, 3, 0, UInt8(generator >> 8 & 15)]) }
            noise[4] = 0
            noise[5] = 0
            var decoder = SPDYDecoder()
            var frames: [SPDYFrame] = []
            do { try decoder.feed(noise, &frames) } catch {}
        }
    }

    @Test("a frame or a header block above the limits is refused before it takes memory")
    func limits() throws {
        func refusal(_ bytes: [UInt8]) -> SPDYError.Code? {
            var decoder = SPDYDecoder()
            var frames: [SPDYFrame] = []
            do { try decoder.feed(bytes, &frames) } catch { return error.code }
            return nil
        }
        #expect(refusal([0x80, 3, 0, 1, 0, 0xFF, 0xFF, 0xFF]) == .tooLarge)
        #expect(refusal([0x80, 2, 0, 6, 0, 0, 0, 4]) == .malformed)
        #expect(refusal([0, 0, 0, 0, 0, 0, 0, 4]) == .malformed)
        #expect(refusal([0x80, 3, 0, 4, 0, 0, 0, 4, 0xFF, 0xFF, 0xFF, 0xFF]) == .malformed)
        #expect(refusal([0x80, 3, 0, 5, 0, 0, 0, 1, 9, 0x80, 3, 0, 6, 0, 0, 0, 4, 0, 0, 0, 1]) == nil)
        var encoder = SPDYEncoder()
        var bomb = SPDYHeaders()
        bomb.append("a", String(repeating: "x", count: 2 << 20))
        #expect(refusal(try encoder.encode(.synReply(id: 1, fin: false, bomb))) == .tooLarge)
        var many = SPDYHeaders()
        for index in 0...1000 { many.append("n\(index)", "") }
        var other = SPDYEncoder()
        #expect(refusal(try other.encode(.synReply(id: 1, fin: false, many))) == .tooLarge)
    }
}
