/// OpenAPI 2.0 as protobuf: gnostic's `openapi.v2.Document` (openapiv2/OpenAPIv2.proto), written from the JSON tree.
///
/// Only what Martinet's documents contain is encoded; numbers in comments are avoided by keeping each message's fields
/// together in one function.
enum GnosticEncoder {
    static func encode(_ tree: JSONTree) -> [UInt8] {
        let out = ProtoBytes()
        out.text(1, tree["swagger"])
        out.message(2) { info in
            info.text(1, tree["info"]?["title"])
            info.text(2, tree["info"]?["version"])
        }
        out.message(8) { paths in
            for member in tree["paths"]?.members ?? [] {
                paths.message(2) { named in
                    named.text(1, member.key)
                    named.message(2) { path($0, member.value) }
                }
            }
        }
        out.message(9) { schemas($0, tree["definitions"]) }
        for requirement in tree["security"]?.items ?? [] {
            out.message(12) { out in
                for member in requirement.members {
                    out.message(1) { named in
                        named.text(1, member.key)
                        named.message(2) { values in for item in member.value.items { values.text(1, item) } }
                    }
                }
            }
        }
        out.message(13) { definitions in
            for member in tree["securityDefinitions"]?.members ?? [] {
                definitions.message(1) { named in
                    named.text(1, member.key)
                    named.message(2) { item in
                        item.message(2) { key in
                            key.text(1, member.value["type"])
                            key.text(2, member.value["name"])
                            key.text(3, member.value["in"])
                        }
                    }
                }
            }
        }
        return out.bytes
    }

    private static let methods: [(number: UInt64, name: String)] = [
        (2, "get"), (3, "put"), (4, "post"), (5, "delete"), (6, "options"), (7, "head"), (8, "patch"),
    ]

    private static func path(_ out: ProtoBytes, _ tree: JSONTree) {
        for (number, name) in methods {
            guard let operation = tree[name] else { continue }
            out.message(number) { self.operation($0, operation) }
        }
        for parameter in tree["parameters"]?.items ?? [] { out.message(9) { self.parameter($0, parameter) } }
    }

    private static func operation(_ out: ProtoBytes, _ tree: JSONTree) {
        for tag in tree["tags"]?.items ?? [] { out.text(1, tag) }
        out.text(5, tree["operationId"])
        for type in tree["produces"]?.items ?? [] { out.text(6, type) }
        for type in tree["consumes"]?.items ?? [] { out.text(7, type) }
        for parameter in tree["parameters"]?.items ?? [] { out.message(8) { self.parameter($0, parameter) } }
        out.message(9) { responses in
            for member in tree["responses"]?.members ?? [] {
                responses.message(1) { named in
                    named.text(1, member.key)
                    named.message(2) { value in
                        value.message(1) { response in
                            response.text(1, member.value["description"])
                            guard let schema = member.value["schema"] else { return }
                            response.message(2) { item in item.message(1) { self.schema($0, schema) } }
                        }
                    }
                }
            }
        }
        for scheme in tree["schemes"]?.items ?? [] { out.text(10, scheme) }
        extensions(13, out, tree)
    }

    private static func parameter(_ out: ProtoBytes, _ tree: JSONTree) {
        out.message(1) { parameter in
            if let schema = tree["schema"] {
                parameter.message(1) { body in
                    body.text(2, tree["name"])
                    body.text(3, tree["in"])
                    body.flag(4, tree["required"])
                    body.message(5) { self.schema($0, schema) }
                }
                return
            }
            let isInPath = tree["in"] == .string("path")
            parameter.message(2) { other in
                other.message(isInPath ? 4 : 3) { item in
                    item.flag(1, tree["required"])
                    item.text(2, tree["in"])
                    item.text(4, tree["name"])
                    item.text(isInPath ? 5 : 6, tree["type"])
                    item.flag(isInPath ? 19 : 20, tree["uniqueItems"])
                }
            }
        }
    }

    private static func schemas(_ out: ProtoBytes, _ tree: JSONTree?) {
        for member in tree?.members ?? [] {
            out.message(1) { named in
                named.text(1, member.key)
                named.message(2) { schema($0, member.value) }
            }
        }
    }

    private static func schema(_ out: ProtoBytes, _ tree: JSONTree) {
        out.text(1, tree["$ref"])
        out.text(2, tree["format"])
        out.text(4, tree["description"])
        out.number(7, tree["maximum"])
        out.number(9, tree["minimum"])
        out.int(11, tree["maxLength"])
        out.int(12, tree["minLength"])
        out.text(13, tree["pattern"])
        out.int(14, tree["maxItems"])
        out.int(15, tree["minItems"])
        for name in tree["required"]?.items ?? [] { out.text(19, name) }
        for value in tree["enum"]?.items ?? [] { out.message(20) { any($0, value) } }
        if let additional = tree["additionalProperties"] {
            out.message(21) { item in item.message(1) { schema($0, additional) } }
        }
        if let type = tree["type"] { out.message(22) { $0.text(1, type) } }
        if let items = tree["items"] { out.message(23) { list in list.message(1) { schema($0, items) } } }
        if let properties = tree["properties"] { out.message(25) { schemas($0, properties) } }
        extensions(31, out, tree)
    }

    private static func any(_ out: ProtoBytes, _ tree: JSONTree) {
        out.text(2, String(decoding: tree.bytes, as: UTF8.self) + "\n")
    }

    private static func extensions(_ number: UInt64, _ out: ProtoBytes, _ tree: JSONTree) {
        for member in tree.members where member.key.hasPrefix("x-") {
            out.message(number) { named in
                named.text(1, member.key)
                named.message(2) { any($0, member.value) }
            }
        }
    }
}

/// Protobuf's wire format, written into nested messages.
final class ProtoBytes {
    private(set) var bytes: [UInt8] = []

    private func varint(_ value: UInt64) {
        var value = value
        while value >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: value) | 0x80)
            value >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: value))
    }

    func message(_ number: UInt64, _ body: (ProtoBytes) -> Void) {
        let inner = ProtoBytes()
        body(inner)
        varint(number << 3 | 2)
        varint(UInt64(inner.bytes.count))
        bytes += inner.bytes
    }

    func text(_ number: UInt64, _ text: String) {
        varint(number << 3 | 2)
        varint(UInt64(text.utf8.count))
        bytes += text.utf8
    }

    func text(_ number: UInt64, _ tree: JSONTree?) { if case .string(let text) = tree { self.text(number, text) } }

    func flag(_ number: UInt64, _ tree: JSONTree?) {
        guard tree == .bool(true) else { return }
        varint(number << 3)
        varint(1)
    }

    func int(_ number: UInt64, _ tree: JSONTree?) {
        guard case .int(let value) = tree, value != 0 else { return }
        varint(number << 3)
        varint(UInt64(bitPattern: Int64(value)))
    }

    func number(_ number: UInt64, _ tree: JSONTree?) {
        guard case .int(let value) = tree, value != 0 else { return }
        varint(number << 3 | 1)
        for shift in stride(from: UInt64(0), to: 64, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: Double(value).bitPattern >> shift))
        }
    }
}

extension JSONTree {
    var members: [Member] { if case .object(let members) = self { members } else { [] } }
    var items: [JSONTree] { if case .list(let items) = self { items } else { [] } }
}
