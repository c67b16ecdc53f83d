import MartinetBase

/// A scalar with its tag and quotes, turned into a value.
struct TaggedScalar {
    let file: String
    let mark: Mark

    struct Facts {
        var isMergeKey = false
    }

    private static let prefix = "tag:yaml.org,2002:"

    func value(
        _ bytes: UnsafeBufferPointer<UInt8>, plain: Bool, tag: String?
    ) throws(YAMLError) -> (YAMLNode.Value, Facts) {
        var facts = Facts()
        if bytes.count == 2, bytes[0] == UInt8(ascii: "<"), bytes[1] == UInt8(ascii: "<") {
            facts.isMergeKey = plain || tag == Self.prefix + "merge"
        }
        guard let tag else {
            guard plain else { return (.string(String(decoding: bytes, as: UTF8.self)), facts) }
            return (Self.plainValue(Scalar.resolve(bytes), bytes), facts)
        }
        guard tag.hasPrefix(Self.prefix) else { return (.string(String(decoding: bytes, as: UTF8.self)), facts) }
        return (try tagged(bytes, String(tag.dropFirst(Self.prefix.count))), facts)
    }

    private static func plainValue(_ scalar: Scalar, _ bytes: UnsafeBufferPointer<UInt8>) -> YAMLNode.Value {
        switch scalar {
        case .null: .null
        case .bool(let flag): .bool(flag)
        case .int(let number): .int(number)
        case .uint(let number): .uint(number)
        case .double(let number): .double(number)
        case .timestamp, .string: .string(String(decoding: bytes, as: UTF8.self))
        }
    }

    /// `!!int` and its kin insist on what the scalar is; `!!binary` is decoded; other tags leave a string.
    private func tagged(_ bytes: UnsafeBufferPointer<UInt8>, _ tag: String) throws(YAMLError) -> YAMLNode.Value {
        let text = String(decoding: bytes, as: UTF8.self)
        let scalar = Scalar.resolve(bytes)
        switch (tag, scalar) {
        case ("str", _): return .string(text)
        case ("bool", .bool), ("int", .int), ("int", .uint), ("float", .double), ("null", .null):
            return Self.plainValue(scalar, bytes)
        case ("timestamp", .timestamp): return .string(text)
        case ("float", .int(let number)): return .double(Double(number))
        case ("bool", _), ("int", _), ("float", _), ("null", _), ("timestamp", _):
            throw YAMLError(
                .tag, file: file, mark: mark, message: "\(text.prefix(40).debugDescription) is no !!\(tag)",
                expected: "leave the tag out, or write a value of that type")
        case ("binary", _):
            guard let data = Base64.decode(bytes: bytes) else {
                throw YAMLError(
                    .tag, file: file, mark: mark, message: "a !!binary value is no base64",
                    expected: "only A-Z, a-z, 0-9, + and /, padded with =")
            }
            return .string(String(decoding: data, as: UTF8.self))
        default: return .string(text)
        }
    }

    /// What a scalar is as a key of a JSON object, or why it cannot be one.
    static func key(_ value: YAMLNode.Value) -> (String?, String) {
        switch value {
        case .string(let text): (text, "")
        case .bool(let flag): (flag ? "true" : "false", "")
        case .int(let number): (String(number), "")
        case .double(let number): (GoFloat.shortest(Float(number)), "")
        case .uint(let number): (nil, "the number \(number) is too large for a key")
        case .null: (nil, "null cannot be a key")
        case .list, .map: (nil, "a list or a map cannot be a key")
        }
    }
}
