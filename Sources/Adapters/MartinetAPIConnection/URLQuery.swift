import MartinetAPI
import MartinetClient
import MartinetSchema

/// The query string of a request.
enum URLQuery {
    static func text(_ request: APIRequest) -> String {
        let options = request.options
        var pairs: [(String, String)] = []
        func add(_ name: String, _ value: String) { if !value.isEmpty { pairs.append((name, value)) } }
        add("labelSelector", options.labelSelector)
        add("fieldSelector", options.fieldSelector)
        add("resourceVersion", options.resourceVersion)
        add("resourceVersionMatch", options.resourceVersionMatch)
        add("limit", options.limit > 0 ? String(options.limit) : "")
        add("continue", options.continue)
        add("at", options.past?.time ?? "")
        add("atRevision", options.past?.revision ?? "")
        add("history", options.past?.history ?? "")
        add("timeoutSeconds", options.timeoutSeconds.map(String.init) ?? "")
        add("allowWatchBookmarks", options.allowWatchBookmarks ? "true" : "")
        add("sendInitialEvents", options.sendInitialEvents ? "true" : options.refusesInitialEvents ? "false" : "")
        add("dryRun", options.dryRun ? "All" : "")
        add("fieldManager", options.fieldManager)
        add("fieldValidation", options.fieldValidation)
        add("force", options.force ? "true" : "")
        if request.verb == .watch { add("watch", "true") }
        return pairs.map { "\($0.0)=\(escape($0.1))" }.joined(separator: "&")
    }

    /// Escapes everything but the unreserved characters (RFC 3986, section 2.3).
    static func escape(_ text: String) -> String {
        var out: [UInt8] = []
        let hex = Array("0123456789ABCDEF".utf8)
        for byte in text.utf8 {
            switch byte {
            case 48...57, 65...90, 97...122, 45, 46, 95, 126: out.append(byte)
            default: out += [37, hex[Int(byte >> 4)], hex[Int(byte & 15)]]
            }
        }
        return String(decoding: out, as: UTF8.self)
    }
}

extension ResourceName {
    /// The path with every part escaped.
    var escapedPath: String {
        var escaped = self
        escaped.namespace = namespace.map(URLQuery.escape)
        escaped.name = name.map(URLQuery.escape)
        return escaped.description
    }
}

extension APIError {
    /// What a Status object says.
    init(status object: Object, code: Int) {
        guard object.type == Status.type else {
            self.init(code: code, reason: "InternalError", message: "the server refused without saying why")
            return
        }
        let status = Status(object: object)
        self.init(code: status.code == 0 ? code : Int(status.code), reason: status.reason, message: status.message)
        guard let details = status.details else { return }
        group = details.group
        kind = details.kind
        name = details.name
        retryAfterSeconds = details.retryAfterSeconds
        causes = details.causes.map { Cause(reason: $0.reason, field: $0.field, message: $0.message) }
    }
}
