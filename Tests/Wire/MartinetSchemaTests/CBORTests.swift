import MartinetSchema
import Testing

@Suite struct CBORTests {
    private func json(_ bytes: [UInt8]) throws -> String {
        String(decoding: try CBORDecoder.json(from: bytes), as: UTF8.self)
    }

    /// Examples of RFC 8949, appendix A, as far as JSON has a word for them.
    @Test(
        arguments: [
            ([0x00], "0"), ([0x18, 0x64], "100"), ([0x1A, 0x00, 0x0F, 0x42, 0x40], "1000000"), ([0x20], "-1"),
            ([0x39, 0x03, 0xE7], "-1000"), ([0xF9, 0x3E, 0x00], "1.5"), ([0xF9, 0x00, 0x01], "5.960464477539063e-8"),
            ([0xF9, 0xC4, 0x00], "-4"), ([0xFA, 0x47, 0xC3, 0x50, 0x00], "100000"),
            ([0xFB, 0x3F, 0xF1, 0x99, 0x99, 0x99, 0x99, 0x99, 0x9A], "1.1"), ([0xF4], "false"), ([0xF6], "null"),
            ([0x44, 0x01, 0x02, 0x22, 0x5C], #""\u0001\u0002\"\\""#), ([0x62, 0x22, 0x5C], #""\"\\""#),
            ([0x83, 0x01, 0x02, 0x03], "[1,2,3]"),
            ([0xA2, 0x61, 0x61, 0x01, 0x61, 0x62, 0x82, 0x02, 0x03], #"{"a":1,"b":[2,3]}"#),
            ([0xD9, 0xD9, 0xF7, 0xA0], "{}"), ([0xD6, 0x43, 0x01, 0x02, 0x03], #""AQID""#),
        ] as [([UInt8], String)])
    func anItemSaysWhatJSONSays(bytes: [UInt8], text: String) throws {
        #expect(try json(bytes) == text)
    }

    @Test(
        arguments: [
            [], [0x18], [0x5F, 0x41, 0x61, 0xFF], [0x9F, 0xFF], [0xF7], [0xF9, 0x7C, 0x00], [0xA1, 0x01, 0x02],
            [0x42, 0xFF, 0xFE],
            [0x00, 0x00], [0x9B, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
            [0xBB, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
            [0x5B, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
            [0x1B, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], [0x1C],
            [UInt8](repeating: 0x81, count: 100_000), [UInt8](repeating: 0xC1, count: 100_000),
        ] as [[UInt8]])
    func whatJSONCannotSayIsRefused(bytes: [UInt8]) {
        #expect(throws: DecodeError.self) { try CBORDecoder.json(from: bytes) }
    }

    @Test func cutAnywhereItIsRefused() throws {
        let type = try #require(Schema.builtin.type(named: "v1.Pod"))
        let object = try JSONDecoder.decode(
            Array(#"{"metadata":{"name":"a"},"spec":{"containers":[{"name":"c"}]}}"#.utf8), as: type)
        let bytes = CBOREncoder.encode(object.object)
        for count in 0..<bytes.count {
            #expect(throws: DecodeError.self) { try CBORDecoder.decode(Array(bytes[..<count]), as: type) }
        }
    }

    @Test func unknownAndRepeatedFieldsAreFoundByTheirPaths() throws {
        let type = try #require(Schema.builtin.type(named: "v1.ConfigMap"))
        // {"metadata": {"name": "a", "nmae": "b", "name": "c"}}
        let bytes: [UInt8] =
            [0xA1, 0x48] + Array("metadata".utf8) + [0xA3, 0x44] + Array("name".utf8) + [0x41, 97, 0x44]
            + Array("nmae".utf8) + [0x41, 98, 0x44] + Array("name".utf8) + [0x41, 99]
        let result = try CBORDecoder.decode(bytes, as: type)
        #expect(
            result.issues.map(\.description).sorted() == [
                #"duplicate field "metadata.name""#, #"unknown field "metadata.nmae""#,
            ])
    }
}
