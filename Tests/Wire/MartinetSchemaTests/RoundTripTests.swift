import MartinetSchema
import MartinetTesting
import Testing

@Suite struct RoundTripTests {
    static let folder = "upstream-api/roundtrip"
    static let names = SharedFiles.names(in: folder, suffix: ".json")

    private func type(_ name: String, _ json: [UInt8]) throws -> ObjectType {
        // A watch event carries no type of its own.
        if name == "core.v1.WatchEvent" { return try #require(Schema.builtin.type(named: "meta/v1.WatchEvent")) }
        let meta = try JSONDecoder.typeMeta(of: json)
        let (version, kind) = (try #require(meta.apiVersion), try #require(meta.kind))
        return try #require(
            Schema.builtin.type(named: "\(version).\(kind)") ?? Schema.builtin.type(named: "meta/v1.\(kind)"),
            "no type for \(version) \(kind)")
    }

    @Test(.enabled(if: !names.isEmpty, "the shared vectors are not beside this clone"), arguments: names)
    func everyEncodingOfAKindBecomesTheOthersByteForByte(name: String) throws {
        let json = SharedFiles.read("\(Self.folder)/\(name).json")
        let protobuf = SharedFiles.read("\(Self.folder)/\(name).pb")
        let type = try type(name, json)
        let fromJSON = try JSONDecoder.decode(json, as: type)
        #expect(fromJSON.issues.map(\.description) == [])
        let envelope = try ProtobufDecoder.envelope(protobuf)
        let fromProtobuf = try ProtobufDecoder.decode(envelope.body, as: type)
        let text = String(decoding: json, as: UTF8.self)
        #expect(String(decoding: JSONEncoder.encode(fromJSON.object, pretty: true), as: UTF8.self) == text)
        #expect(String(decoding: JSONEncoder.encode(fromProtobuf, pretty: true), as: UTF8.self) == text)
        let encoded = ProtobufEncoder.envelope(
            apiVersion: envelope.apiVersion, kind: envelope.kind, body: ProtobufEncoder.encodeBody(fromJSON.object))
        #expect(encoded == protobuf)
        #expect(fromJSON.object == fromProtobuf)
        let fromCBOR = try CBORDecoder.decode(CBOREncoder.encode(fromJSON.object), as: type)
        #expect(fromCBOR.issues.map(\.description) == [])
        #expect(fromCBOR.object == fromJSON.object)
        let compact = try JSONDecoder.decode(JSONEncoder.encode(fromJSON.object), as: type)
        #expect(compact.object == fromJSON.object)
    }
}
