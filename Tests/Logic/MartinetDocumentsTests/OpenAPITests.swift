import MartinetDocuments
import MartinetSchema
import MartinetTesting
import Testing

@Suite struct OpenAPITests {
    static let isRecorded = SharedFiles.root != nil
    static let documents = OpenAPIDocuments(kinds: Schema.builtin.kinds.filter(\.isServedByDefault))
    static let all = OpenAPIDocuments(kinds: Schema.builtin.kinds.filter { !$0.isLegacy })

    /// Where two documents differ, as paths; lists are compared as a whole.
    static func differences(_ ours: Value, _ theirs: Value, at path: String, into found: inout [String]) {
        guard ours != theirs else { return }
        guard case .map(let left) = ours, case .map(let right) = theirs else {
            found.append("\(path): \(ours.json.prefix(160)) instead of \(theirs.json.prefix(160))")
            return
        }
        for entry in right.entries {
            guard let value = left[entry.key] else {
                found.append("\(path)/\(entry.key): missing, \(entry.value.json.prefix(160))")
                continue
            }
            differences(value, entry.value, at: "\(path)/\(entry.key)", into: &found)
        }
        for entry in left.entries where right[entry.key] == nil {
            found.append("\(path)/\(entry.key): too much, \(entry.value.json.prefix(160))")
        }
    }

    private func value(_ document: ServedDocument?) throws -> Value {
        try JSONDecoder.decodeAny(try #require(document).bytes).value
    }

    @Test(
        .enabled(if: isRecorded, "the shared answers are not beside this clone"), arguments: ["default", "all"])
    func theV3DocumentsDifferInWhatIsListedOnly(config: String) throws {
        let documents = config == "all" ? Self.all : Self.documents
        let bytes = SharedFiles.read("upstream-answers/openapi-v3-\(config).json")
        let recorded = try JSONDecoder.decodeAny(bytes).value["documents"]
        var total = 0
        for name in recorded.members.map(\.key) {
            var found: [String] = []
            guard let document = documents.v3(name) else {
                print("openapi v3 \(config) \(name): missing")
                total += 1
                continue
            }
            let ours = Self.withoutDescriptions(try value(document))
            Self.differences(ours, recorded[name], at: "", into: &found)
            if !found.isEmpty { print("openapi v3 \(config) \(name): \(found.count) differences") }
            for line in found { print("   \(line)") }
            total += found.count
        }
        let names = Set(recorded.members.map(\.key))
        let extra = documents.names3.filter { !names.contains($0) }
        print("openapi v3 \(config): \(total) differences, \(extra) too much")
        #expect(total == 0)
        #expect(extra == [])
    }

    /// Descriptions of operations and responses; a property may be called so.
    static func withoutDescriptions(_ value: Value) -> Value {
        switch value {
        case .map(let map):
            var kept = map.entries
            kept.removeAll { if $0.key == "description", case .string = $0.value { true } else { false } }
            return .map(Map(unsorted: kept.map { .init(key: $0.key, value: withoutDescriptions($0.value)) }))
        case .list(let values): return .list(values.map(withoutDescriptions))
        default: return value
        }
    }

    @Test(.enabled(if: isRecorded, "the shared answers are not beside this clone"))
    func theV2DocumentDiffersInWhatIsListedOnly() throws {
        let recorded = try JSONDecoder.decodeAny(SharedFiles.read("upstream-answers/openapi-v2-default.json")).value
        let shared = recorded["parameters"]
        /// References to shared parameters are followed: ours are written out.
        func resolved(_ value: Value) -> Value {
            switch value {
            case .map(let map):
                if map.count == 1, case .string(let text)? = map["$ref"], text.hasPrefix("#/parameters/") {
                    return shared[String(text.dropFirst(13))]
                }
                return .map(Map(unsorted: map.entries.map { .init(key: $0.key, value: resolved($0.value)) }))
            case .list(let values): return .list(values.map(resolved))
            default: return value
            }
        }
        let ours = Self.withoutDescriptions(try value(Self.documents.v2(asProtobuf: false)))
        var found: [String] = []
        for part in ["swagger", "info", "security", "securityDefinitions", "definitions", "paths"] {
            Self.differences(ours[part], resolved(recorded[part]), at: part, into: &found)
        }
        print("openapi v2: \(found.count) differences")
        for line in found.prefix(60) { print("   \(line)") }
        #expect(found.count == 0)
    }

    @Test func theProtobufOfV2HoldsEveryPathAndDefinition() throws {
        let (json, protobuf) = (Self.documents.v2(asProtobuf: false), Self.documents.v2(asProtobuf: true))
        let tree = try value(json)
        var counts: [UInt64: Int] = [:]
        for field in try fields(protobuf.bytes[...]) where field.number == 8 || field.number == 9 {
            counts[field.number] = try fields(field.body).count
        }
        #expect(counts[8] == tree["paths"].members.count)
        #expect(counts[9] == tree["definitions"].members.count)
        print("openapi v2: \(json.bytes.count) bytes of JSON, \(protobuf.bytes.count) of protobuf")
    }

    private func fields(_ bytes: ArraySlice<UInt8>) throws -> [(number: UInt64, body: ArraySlice<UInt8>)] {
        var rest = bytes
        func varint() throws -> UInt64 {
            var (value, shift): (UInt64, UInt64) = (0, 0)
            while true {
                let next = rest.popFirst()
                let byte = try #require(next)
                value |= UInt64(byte & 0x7F) << shift
                if byte < 0x80 { return value }
                shift += 7
            }
        }
        var found: [(number: UInt64, body: ArraySlice<UInt8>)] = []
        while !rest.isEmpty {
            let tag = try varint()
            try #require(tag & 7 == 2)
            let length = Int(try varint())
            try #require(length <= rest.count)
            found.append((tag >> 3, rest.prefix(length)))
            rest = rest.dropFirst(length)
        }
        return found
    }

    @Test func theIndexNamesEachDocumentWithItsHash() throws {
        let names = Self.documents.names3
        let documents = try names.map { ($0, try #require(Self.documents.v3($0))) }
        let index = try value(Self.documents.index())
        for (name, document) in documents {
            let url = index["paths"][name]["serverRelativeURL"].text
            #expect(url == "/openapi/v3/\(name)?hash=\(document.hash)")
        }
        #expect(Self.documents.v3("apis/none/v1") == nil)
        #expect(Self.documents.v3("") == nil)
    }
}
