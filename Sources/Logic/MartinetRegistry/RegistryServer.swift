import MartinetImageSpec

/// A registry as a value: a request in, a response out (OCI distribution-spec 1.1; docker's token authentication).
///
/// Holds everything in memory. What it is given is verified: a blob that is not its digest, or a manifest that is no
/// JSON of a known type, is refused with the specification's error codes.
package struct RegistryServer: Sendable {
    package struct Request: Sendable {
        package var method: String
        package var host: String
        /// Path and query, as on the request line.
        package var target: String
        package var headers: [(String, String)]
        package var body: [UInt8]

        package init(method: String, host: String, target: String, headers: [(String, String)] = [], body: [UInt8] = [])
        {
            self.method = method
            self.host = host
            self.target = target
            self.headers = headers
            self.body = body
        }

        func header(_ name: String) -> String? {
            headers.first { $0.0.lowercased() == name.lowercased() }?.1
        }
    }

    package struct Response: Sendable {
        package var status: Int
        package var headers: [(String, String)]
        package var body: [UInt8]

        package init(status: Int, headers: [(String, String)], body: [UInt8]) {
            self.status = status
            self.headers = headers
            self.body = body
        }
    }

    /// Who may do what: anybody may pull unless `pullNeedsLogin`; pushing needs one of the users.
    package struct Authentication: Sendable {
        package enum Scheme: Sendable { case bearer, basic }
        package var scheme: Scheme
        /// Where tokens are given out; a path of this server for itself.
        package var realm: String
        package var service: String
        package var users: [String: String]
        package var pullNeedsLogin: Bool

        package init(
            scheme: Scheme = .bearer, realm: String, service: String, users: [String: String],
            pullNeedsLogin: Bool = false
        ) {
            self.scheme = scheme
            self.realm = realm
            self.service = service
            self.users = users
            self.pullNeedsLogin = pullNeedsLogin
        }
    }

    struct Manifest: Sendable {
        var mediaType: String
        var content: [UInt8]
    }

    struct Repository: Sendable {
        var manifests: [ContentDigest: Manifest] = [:]
        var tags: [String: ContentDigest] = [:]
        var blobs: Set<ContentDigest> = []
    }

    package var authentication: Authentication?
    /// Another host that blobs are fetched from, as a content delivery network would be; nil to serve them directly.
    package var blobHost: String?
    package let uploadBytesMax: Int
    var repositories: [String: Repository] = [:]
    var blobs: [ContentDigest: [UInt8]] = [:]
    var uploads: [String: (repository: String, content: [UInt8])] = [:]
    var tokens: [String: Set<String>] = [:]
    private var counter = 0

    package init(authentication: Authentication? = nil, blobHost: String? = nil, uploadBytesMax: Int = 1 << 30) {
        self.authentication = authentication
        self.blobHost = blobHost
        self.uploadBytesMax = uploadBytesMax
    }

    /// Makes every token worthless, as time would.
    package mutating func expireTokens() { tokens = [:] }

    mutating func nextID() -> String {
        counter += 1
        return ContentDigest(of: "registry \(counter)").short
    }

    package mutating func handle(_ request: Request) -> Response {
        let parts = request.target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let path = String(parts.first ?? "")
        let query = Query(parts.count == 2 ? String(parts[1]) : "")
        if let blobHost, request.host == blobHost { return delivered(path, request) }
        if path == "/token" { return token(request, query) }
        guard path == "/v2" || path.hasPrefix("/v2/") else { return problem(404, "NOT_FOUND", "no such page") }
        let rest = path.dropFirst(4).split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard let route = Route(rest) else { return problem(404, "NAME_INVALID", "no such repository name or page") }
        if let refusal = refusal(of: request, route) { return refusal }
        switch route {
        case .ping: return Response(status: 200, headers: [json], body: Array("{}".utf8))
        case .catalog: return page("repositories", repositories.keys.sorted(), query)
        case .tags(let name):
            guard let repository = repositories[name] else {
                return problem(404, "NAME_UNKNOWN", "no repository \(name)")
            }
            return page("tags", repository.tags.keys.sorted(), query, name: name)
        case .manifest(let name, let reference): return manifest(name, reference, request)
        case .blob(let name, let digest): return blob(name, digest, request)
        case .upload(let name, let id): return upload(name, id, request, query)
        }
    }

    enum Route {
        case ping, catalog
        case tags(String)
        case manifest(String, String)
        case blob(String, String)
        case upload(String, String?)

        var repository: String? {
            switch self {
            case .ping, .catalog: nil
            case .tags(let name), .manifest(let name, _), .blob(let name, _), .upload(let name, _): name
            }
        }

        /// Repository names have slashes themselves: routes are told from their ends.
        init?(_ parts: [String]) {
            if parts.allSatisfy(\.isEmpty) { self = .ping; return }
            if parts == ["_catalog"] { self = .catalog; return }
            func name(_ dropped: Int) -> String { parts.dropLast(dropped).joined(separator: "/") }
            guard parts.count >= 3 else { return nil }
            let last = parts[parts.count - 1]
            if parts.count >= 4, parts[parts.count - 3] == "blobs", parts[parts.count - 2] == "uploads" {
                self = .upload(name(3), last.isEmpty ? nil : last)
            } else if parts[parts.count - 2] == "blobs", last == "uploads" {
                self = .upload(name(2), nil)
            } else if parts[parts.count - 2] == "manifests" {
                self = .manifest(name(2), last)
            } else if parts[parts.count - 2] == "blobs" {
                self = .blob(name(2), last)
            } else if parts[parts.count - 2] == "tags", last == "list" {
                self = .tags(name(2))
            } else {
                return nil
            }
            guard let repository, ImageReference.isPath(repository) else { return nil }
        }
    }

    // MARK: - Answers

    var json: (String, String) { ("Content-Type", "application/json") }

    func problem(_ status: Int, _ code: String, _ message: String, headers: [(String, String)] = []) -> Response {
        let body = (try? ImageJSON.encode(Problem(errors: [.init(code: code, message: message)]))) ?? []
        return Response(status: status, headers: [json] + headers, body: body)
    }

    private struct Problem: Encodable {
        struct Item: Encodable {
            var code: String
            var message: String
        }
        var errors: [Item]
    }

    private func page(_ key: String, _ all: [String], _ query: Query, name: String? = nil) -> Response {
        var list = all[...]
        if let last = query["last"] { list = list.drop { $0 <= last } }
        var headers = [json]
        if let text = query["n"], let count = Int(text), count >= 0, count < list.count {
            list = list.prefix(count)
            let path = name.map { "/v2/\($0)/tags/list" } ?? "/v2/_catalog"
            if let last = list.last { headers.append(("Link", "<\(path)?n=\(count)&last=\(last)>; rel=\"next\"")) }
        }
        struct Tags: Encodable {
            var name: String
            var tags: [String]
        }
        let body =
            name.map { try? ImageJSON.encode(Tags(name: $0, tags: Array(list))) }
            ?? (try? ImageJSON.encode([key: Array(list)]))
        return Response(status: 200, headers: headers, body: body ?? [])
    }
}

/// The query of an address, percent-decoded.
struct Query {
    private var values: [(String, String)] = []

    init(_ text: String) {
        for pair in text.split(separator: "&").prefix(64) {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            values.append((Query.decode(parts[0]), parts.count == 2 ? Query.decode(parts[1]) : ""))
        }
    }

    subscript(name: String) -> String? { values.first { $0.0 == name }?.1 }
    func all(_ name: String) -> [String] { values.filter { $0.0 == name }.map(\.1) }

    private static func decode(_ text: Substring) -> String {
        var out: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.count >= 2,
                let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            {
                out.append(value)
                rest = rest.dropFirst(2)
            } else {
                out.append(byte == UInt8(ascii: "+") ? 32 : byte)
            }
        }
        return String(decoding: out, as: UTF8.self)
    }
}
