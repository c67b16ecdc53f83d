import MartinetAPICore
import MartinetDocuments
import MartinetTransport

/// Which document is asked for, and in which of the forms that the client accepts.
struct DocumentPlace: Hashable, Sendable {
    enum Form: Hashable, Sendable {
        case json
        /// Of `/openapi/v2`.
        case protobuf
        /// Of `/api` and `/apis`, all groups in one.
        case aggregated(Discovery.Format)
    }
    let path: String
    let form: Form

    /// Legacy and aggregated discovery are objects of the schema, which come in every encoding.
    var isObject: Bool { !path.hasPrefix("/openapi") && path != "/version" }
    var isOpenAPI: Bool { path.hasPrefix("/openapi/") }

    /// The best form that is accepted, with the encoding that an object comes in; nil where none is.
    static func negotiate(_ path: String, _ headers: HTTPHeaderList) -> (DocumentPlace, Representation.Encoding)? {
        for clause in AcceptClause.all(headers) {
            if let form = DocumentPlace.form(path, clause) { return (DocumentPlace(path: path, form: form.0), form.1) }
        }
        return nil
    }

    private static func form(_ path: String, _ clause: AcceptClause) -> (Form, Representation.Encoding)? {
        if path == "/openapi/v2" {
            if clause.matches("application/json") { return (.json, .json) }
            let types = [OpenAPIDocuments.protobufMediaType, OpenAPIDocuments.olderProtobufMediaType]
            return types.contains(clause.media) ? (.protobuf, .json) : nil
        }
        // What is no object comes as JSON; who wants nothing but text is told in JSON all the same, as upstream does.
        if path == "/version" { return (.json, .json) }
        if path.hasPrefix("/openapi") { return clause.matches("application/json") ? (.json, .json) : nil }
        let encodings: [Representation.Encoding] = [.json, .yaml, .protobuf, .cbor]
        guard let encoding = encodings.first(where: { clause.matches($0.rawValue) }) else { return nil }
        guard let name = clause.parameters["as"] else { return (.json, encoding) }
        guard name == "APIGroupDiscoveryList", clause.parameters["g"] == "apidiscovery.k8s.io",
            path == "/api" || path == "/apis",
            let format = Discovery.Format.allCases.first(where: { $0.rawValue == clause.parameters["v"] })
        else { return nil }
        return (.aggregated(format), encoding)
    }
}
