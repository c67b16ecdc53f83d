import MartinetSchema

/// One parameter of an operation, without its description.
struct OpenAPIParameter: Hashable, Sendable {
    let name: String
    let isInPath: Bool
    /// `string`, `boolean` or `integer`.
    let type: String

    init(_ name: String, _ type: String = "string", inPath: Bool = false) {
        self.name = name
        self.type = type
        isInPath = inPath
    }

    static func precedes(_ a: OpenAPIParameter, _ b: OpenAPIParameter) -> Bool {
        a.name == b.name ? a.isInPath && !b.isInPath : a.name.precedes(b.name)
    }
}

/// One verb on one path, in terms that both dialects share.
struct OpenAPIOperation {
    enum Content {
        case type(ObjectType)
        case text
    }
    enum Body {
        case type(ObjectType, required: Bool)
        /// The media types of the patches that are taken.
        case patch([String])
    }

    let method: String
    let id: String
    var action: String?
    var kind: (group: String, version: String, name: String)?
    var parameters: [OpenAPIParameter] = []
    var body: Body?
    /// What the body may be written in; nil: whatever the server reads.
    var bodyTypes: [String]?
    var codes: [Int] = [200]
    var content: Content
    var produces: [String]
    /// What v2 says of bodies that are taken, also where there is none; nil says nothing.
    var consumes: [String]? = ["*/*"]

    init(_ method: String, _ id: String, content: Content, produces: [String]) {
        self.method = method
        self.id = id
        self.content = content
        self.produces = produces
    }
}

struct OpenAPIPath {
    let path: String
    let tag: String
    var operations: [OpenAPIOperation]

    /// Parameters that all operations share are said once, for the path.
    var shared: [OpenAPIParameter] {
        guard let first = operations.first else { return [] }
        let all = operations.dropFirst().reduce(Set(first.parameters)) { $0.intersection($1.parameters) }
        return all.sorted(by: OpenAPIParameter.precedes)
    }
}

enum MediaTypes {
    static let json = "application/json"
    static let yaml = "application/yaml"
    static let protobuf = "application/vnd.kubernetes.protobuf"
    static let stream = ";stream=watch"

    static func of(protobuf hasProtobuf: Bool, streams: Bool = false) -> [String] {
        [json, yaml] + (hasProtobuf ? [protobuf] : []) + (streams ? [json + stream] : [])
            + (streams && hasProtobuf ? [protobuf + stream] : [])
    }
}
