import MartinetAPICore
import MartinetClient
import MartinetSchema
import MartinetYAML

/// Turns the body of a request into an object, whatever it is encoded in.
struct BodyDecoder {
    static let accepted = [
        "application/json", "application/yaml", "application/vnd.kubernetes.protobuf", "application/cbor",
    ]

    let contentType: String
    /// `Ignore`, `Warn` or `Strict`.
    let validation: String
    /// What was unknown or twice, for Warning headers.
    private(set) var warnings: [String] = []

    init(contentType: String?, validation: String) {
        let media = (contentType ?? "").split(separator: ";").first.map { $0.trimmingBlanks.lowercased() } ?? ""
        self.contentType = media.isEmpty ? "application/json" : media
        self.validation = validation.isEmpty ? "Warn" : validation
    }

    /// An object of the type, or of one of the alternatives that its apiVersion and kind name.
    mutating func decode(_ body: [UInt8], as type: ObjectType) throws(APIError) -> Object {
        switch contentType {
        case "application/json": return try decodeJSON(body, as: type)
        case "application/yaml", "application/x-yaml", "text/yaml":
            return try decodeJSON(try BodyDecoder.json(fromYAML: body), as: type)
        case "application/vnd.kubernetes.protobuf": return try decodeProtobuf(body, as: type)
        case "application/cbor":
            let json: [UInt8]
            do throws(DecodeError) {
                json = try CBORDecoder.json(from: body)
            } catch {
                throw APIError.badRequest("the CBOR body cannot be decoded: \(error) (byte \(error.offset))")
            }
            return try decodeJSON(json, as: type)
        default: throw APIError.unsupportedMediaType(contentType, BodyDecoder.accepted)
        }
    }

    /// YAML as JSON: the same tree in the other spelling. Members that come twice come twice.
    static func json(fromYAML body: [UInt8]) throws(APIError) -> [UInt8] {
        do {
            let limits = YAMLLimits(keepsDuplicates: true)
            let documents = try YAML.read(body, file: "request body", limits: limits)
            guard documents.count == 1, let document = documents.first else {
                throw APIError.badRequest("expected one YAML document, found \(documents.count)")
            }
            var json: [UInt8] = []
            write(document, to: &json)
            return json
        } catch let error as APIError {
            throw error
        } catch {
            throw APIError.badRequest("error decoding YAML: \(error)")
        }
    }

    /// The keys of a YAML document that stand twice in their map, as upstream tells of them.
    static func repeatedKeys(inYAML body: [UInt8]) -> [String] {
        guard let document = try? YAML.read(body, file: "request body", limits: YAMLLimits(keepsDuplicates: true)).first
        else { return [] }
        var found: [String] = []
        collectRepeatedKeys(document, &found)
        return found
    }

    private static func collectRepeatedKeys(_ node: YAMLNode, _ found: inout [String]) {
        switch node.value {
        case .list(let nodes): for node in nodes { collectRepeatedKeys(node, &found) }
        case .map(let entries):
            var seen: Set<String> = []
            for entry in entries {
                if !seen.insert(entry.key).inserted {
                    found.append("line \(entry.keyMark.line): key \(entry.key.debugDescription) already set in map")
                }
                collectRepeatedKeys(entry.node, &found)
            }
        default: break
        }
    }

    private static func write(_ node: YAMLNode, to json: inout [UInt8]) {
        switch node.value {
        case .null: json += "null".utf8
        case .bool(let flag): json += (flag ? "true" : "false").utf8
        case .int(let number): json += String(number).utf8
        case .uint(let number): json += String(number).utf8
        case .double(let number): json += JSONEncoder.encode(Value.double(number))
        case .string(let text): json += JSONEncoder.encode(Value.string(text))
        case .list(let nodes):
            json.append(91)
            for (index, node) in nodes.enumerated() {
                if index > 0 { json.append(44) }
                write(node, to: &json)
            }
            json.append(93)
        case .map(let entries):
            json.append(123)
            for (index, entry) in entries.enumerated() {
                if index > 0 { json.append(44) }
                json += JSONEncoder.encode(Value.string(entry.key))
                json.append(58)
                write(entry.node, to: &json)
            }
            json.append(125)
        }
    }

    private mutating func decodeJSON(_ body: [UInt8], as type: ObjectType) throws(APIError) -> Object {
        let result: JSONDecoder.Result
        do throws(DecodeError) {
            result = try JSONDecoder.decode(body, as: type)
        } catch {
            let (line, column) = DecodeError.position(of: error.offset, in: body)
            throw APIError.badRequest(
                "\(type.kind?.name ?? "the object") in version \"\(type.kind?.version ?? "")\" cannot be handled as a \(type.kind?.name ?? "object"): \(error) (line \(line), column \(column))"
            )
        }
        try check(apiVersion: result.apiVersion, kind: result.kind, type)
        if !result.issues.isEmpty, validation != "Ignore" {
            let texts = result.issues.map(\.description)
            if validation == "Strict" {
                throw APIError.badRequest(
                    "\(type.kind?.name ?? "the object") in version \"\(type.kind?.version ?? "")\" cannot be handled as a \(type.kind?.name ?? "object"): strict decoding error: \(texts.joined(separator: ", "))"
                )
            }
            warnings += texts
        }
        return result.object
    }

    private func decodeProtobuf(_ body: [UInt8], as type: ObjectType) throws(APIError) -> Object {
        guard type.kind?.protobufPackage.isEmpty == false else {
            throw APIError.unsupportedMediaType(contentType, ["application/json", "application/yaml"])
        }
        var named: (apiVersion: String, kind: String)?
        let object: Object
        do throws(DecodeError) {
            let envelope = try ProtobufDecoder.envelope(body)
            named = (envelope.apiVersion, envelope.kind)
            object = try ProtobufDecoder.decode(envelope.body, as: type)
        } catch {
            throw APIError.badRequest("the protobuf body cannot be decoded: \(error) (byte \(error.offset))")
        }
        if let named { try check(apiVersion: named.apiVersion, kind: named.kind, type) }
        return object
    }

    /// Options and other shared kinds come under any group's version.
    private func check(apiVersion: String, kind: String, _ type: ObjectType) throws(APIError) {
        guard let expected = type.kind else { return }
        // What a built-in resource is sent needs not say what it is; a custom one must.
        let isBuiltin = !expected.protobufPackage.isEmpty
        guard isBuiltin || !kind.isEmpty || expected.name.hasSuffix("Options") else {
            throw APIError.badRequest("Object 'Kind' is missing: expected \(expected.name)")
        }
        let kind = kind.isEmpty ? expected.name : kind
        let apiVersion = apiVersion.isEmpty && isBuiltin ? expected.apiVersion : apiVersion
        guard kind == expected.name, apiVersion == expected.apiVersion || expected.name.hasSuffix("Options") else {
            throw APIError.badRequest(
                "the object provided is unrecognized: expected \(expected.apiVersion), Kind=\(expected.name), found \(apiVersion), Kind=\(kind)"
            )
        }
    }
}

extension StringProtocol {
    var trimmingBlanks: String {
        var text = self[...]
        while text.first == " " || text.first == "\t" { text = text.dropFirst() }
        while text.last == " " || text.last == "\t" { text = text.dropLast() }
        return String(text)
    }
}
