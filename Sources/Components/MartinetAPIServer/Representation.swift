import MartinetAPICore
import MartinetClient
import MartinetSchema
import MartinetTransport

/// The form in which a client wants its answer (RFC 9110, section 12.5.1, with Kubernetes' parameters).
struct Representation: Equatable {
    enum Encoding: String {
        case json = "application/json"
        case yaml = "application/yaml"
        case protobuf = "application/vnd.kubernetes.protobuf"
        case cbor = "application/cbor"
    }
    enum Form: Equatable {
        case whole
        /// `as=Table`
        case table
        /// `as=PartialObjectMetadata` or its list
        case metadata
    }

    var encoding = Encoding.json
    var form = Form.whole
    /// Whether the metadata of a list was asked for, not that of an object.
    var isListForm = false
    /// The `v` parameter of a transformed form.
    var version = "v1"
    /// A watch sends frames: the parameter `stream=watch` is in the content type.
    var isPretty = false

    /// The first acceptable clause, by quality and then by order; nil where none is.
    ///
    /// - Parameters:
    ///   - kind: what the answer is made of, where that is known: a custom kind has no protobuf.
    ///   - streams: whether the answer is a watch, which has no form in YAML.
    static func negotiate(
        _ headers: HTTPHeaderList, _ query: RequestQuery, for kind: Kind? = nil, streams: Bool = false
    ) -> Representation? {
        // What most clients send needs no weighing.
        if let accept = headers["accept"], accept == "application/json", query.isEmpty {
            var plain = Representation()
            plain.isPretty = isForEyes(headers["user-agent"] ?? "")
            return plain
        }
        var best: Representation?
        for clause in AcceptClause.all(headers) {
            guard let one = representation(clause.media, clause.parameters), one.suits(kind, streams: streams) else {
                continue
            }
            best = one
            break
        }
        best?.isPretty = isPretty(headers, query)
        return best
    }

    /// Whether an answer is indented: where that is asked for, or a person seems to read it.
    static func isPretty(_ headers: HTTPHeaderList, _ query: RequestQuery?) -> Bool {
        guard let query, query["pretty"] != nil else { return isForEyes(headers["user-agent"] ?? "") }
        return query.flag("pretty")
    }

    /// JSON of a transformed form, saying the version that was asked for; both have the same fields.
    func versioned(_ bytes: [UInt8]) -> [UInt8] {
        guard form != .whole, version != "v1" else { return bytes }
        return bytes.replacing(Array("\"meta.k8s.io/v1\"".utf8), with: Array("\"meta.k8s.io/\(version)\"".utf8))
    }

    private func suits(_ kind: Kind?, streams: Bool) -> Bool {
        // What nobody lists or reads, such as a review, has no metadata that a table could show.
        if form == .table, let kind, !kind.verbs.isEmpty, !kind.verbs.contains("list"), !kind.verbs.contains("get") {
            return false
        }
        return switch encoding {
        case .json, .cbor: true
        case .yaml: !streams
        // A table has no protobuf, and neither has what no protobuf was declared for.
        case .protobuf: form == .metadata || form == .whole && kind?.protobufPackage.isEmpty != true
        }
    }

    /// People who look with curl or a browser want to read it.
    private static func isForEyes(_ agent: String) -> Bool {
        agent.hasPrefix("curl") || agent.hasPrefix("Wget") || agent.hasPrefix("Mozilla/5.0")
    }

    private static func representation(_ media: String, _ parameters: [String: String]) -> Representation? {
        var result = Representation()
        switch media {
        case "application/json", "*/*", "application/*": break
        case "application/yaml": result.encoding = .yaml
        case "application/vnd.kubernetes.protobuf": result.encoding = .protobuf
        case "application/cbor", "application/cbor-seq": result.encoding = .cbor
        default: return nil
        }
        switch parameters["as"] {
        case nil: return result
        case "Table": result.form = .table
        case "PartialObjectMetadata": result.form = .metadata
        case "PartialObjectMetadataList": (result.form, result.isListForm) = (.metadata, true)
        default: return nil
        }
        guard parameters["g"] == "meta.k8s.io", ["v1", "v1beta1"].contains(parameters["v"] ?? "") else { return nil }
        result.version = parameters["v"] ?? "v1"
        return result
    }
}
