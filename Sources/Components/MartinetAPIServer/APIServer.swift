package import MartinetAPICore
import MartinetBase
import MartinetAPI
import MartinetClient
import MartinetDocuments
import MartinetSchema
package import MartinetTransport
import Synchronization

/// The API over HTTP: finds out who asks for what, lets the registry answer, and puts the answer into the client's form.
///
/// Everything but streams is answered on the event loop that took the request, or on the store's thread where it had to
/// become durable first.
package final class APIServer: RequestHandler {
    private let registry: Registry
    private let authenticator: Authenticator
    private let documents: DocumentEndpoints
    private let streams: any SerialExecutorPort
    private let nodes: (any NodeStreams)?
    private let isReady = Mutex(false)

    package init(registry: Registry, authenticator: Authenticator, nodes: (any NodeStreams)? = nil) {
        self.registry = registry
        self.authenticator = authenticator
        self.nodes = nodes
        documents = DocumentEndpoints(registry: registry)
        streams = registry.runtime.executor(named: "martinet.apiserver.watches")
    }

    /// From now on `/readyz` says so.
    package func becomeReady() { isReady.withLock { $0 = true } }

    package func handle(_ request: HTTPRequest, _ exchange: any Exchange) {
        guard let query = RequestQuery(request.query), let path = RequestPath(request.path) else {
            return fail(.badRequest("the URL is not validly encoded"), request, Representation(), exchange)
        }
        let representation = Representation.negotiate(request.headers, query)
        do throws(APIError) {
            let identity = try authenticator.identity(request)
            switch path {
            case .other(let path): try answer(path, request, identity, exchange)
            case .resource(let name):
                try dispatch(name, request, query, identity, exchange)
            }
        } catch {
            fail(error, request, representation ?? Representation(), exchange)
        }
    }

    // MARK: - What is no resource

    private func answer(
        _ path: String, _ request: HTTPRequest, _ identity: Identity, _ exchange: any Exchange
    ) throws(APIError) {
        guard request.method == "GET" || request.method == "HEAD" else {
            throw APIError.methodNotAllowed(request.method)
        }
        switch path {
        case "/healthz", "/livez", "/livez/ping", "/healthz/ping": return exchange.respond(200, text: "ok")
        case "/readyz":
            return isReady.withLock { $0 } ? exchange.respond(200, text: "ok") : exchange.respond(503, text: "starting")
        case "/":
            guard identity != .anonymous else { break }
            return exchange.respond(200, [("content-type", "application/json")], .bytes(documents.paths))
        default: break
        }
        // Who somebody is decides nothing here, but that he is somebody does.
        guard identity != .anonymous || path == "/version" else { throw forbidden(path, identity) }
        guard let document = documents.document(path, request.headers) else { throw APIError.noSuchPath }
        let etag = document.etag
        if request.headers.tokens("if-none-match").contains(etag) {
            return exchange.respond(304, [("etag", etag)], .bytes([]))
        }
        var headers = [("content-type", document.contentType), ("etag", etag), ("vary", "Accept")]
        if path.hasPrefix("/openapi/v3/"), let hash = RequestQuery(request.query)?["hash"] {
            // A document under its own hash never changes; under another one there is none any more.
            guard hash == document.hash else {
                return exchange.respond(301, [("location", "\(path)?hash=\(document.hash)")], .bytes([]))
            }
            headers.append(("cache-control", "public, immutable, max-age=31536000"))
        }
        exchange.respond(200, headers, .bytes(document.bytes))
    }

    private func forbidden(_ path: String, _ identity: Identity) -> APIError {
        APIError(
            code: 403, reason: "Forbidden", message: "forbidden: User \"\(identity.user)\" cannot get path \"\(path)\"")
    }

    // MARK: - Resources

    private func dispatch(
        _ name: ResourceName, _ http: HTTPRequest, _ query: RequestQuery, _ identity: Identity,
        _ exchange: any Exchange
    ) throws(APIError) {
        guard let resource = registry.served[name] else { throw APIError.noSuchPath }
        if StreamRequest.subresources.contains(name.subresource), resource.kind.name == "Pod" {
            return try stream(name, http, query, identity, exchange)
        }
        let isWatch = query.flag("watch") && name.name == nil && http.method == "GET"
        let suitable = Representation.negotiate(http.headers, query, for: resource.kind, streams: isWatch)
        guard let representation = suitable else {
            throw APIError(
                code: 406, reason: "NotAcceptable",
                message: "only the following media types are accepted: \(BodyDecoder.accepted.joined(separator: ", "))")
        }
        var request = APIRequest(try verb(http.method, name, query), name)
        request.options = try query.options()
        request.options.userAgent = http.headers["user-agent"] ?? ""
        if request.verb == .watch {
            return try watch(request, resource, query, identity, representation, exchange)
        }
        let warnings = try readBody(&request, http, query, resource.kind)
        let notes = RequestNotes()
        request.notes = notes
        let final = request
        let include = TableConverter.Include(rawValue: query["includeObject"] ?? "") ?? .metadata
        registry.handle(final, as: identity) { [self] result in
            switch result {
            case .success(let reply):
                respond(
                    reply, ReplyEncoder(representation: representation, include: include, now: registry.runtime.now()),
                    warnings + [resource.deprecation].compactMap { $0 } + notes.warnings, exchange)
            case .failure(let error): fail(error, http, representation, warnings: notes.warnings, exchange)
            }
        }
    }

    private func verb(_ method: String, _ name: ResourceName, _ query: RequestQuery) throws(APIError) -> APIRequest.Verb
    {
        switch method {
        case "GET", "HEAD":
            if name.name == nil { return query.flag("watch") ? .watch : .list }
            return .get
        case "POST": return .create
        case "PUT": return .update
        case "PATCH": return .patch
        case "DELETE": return name.name == nil ? .deletecollection : .delete
        default: throw APIError.methodNotAllowed(method)
        }
    }

    private func readBody(
        _ request: inout APIRequest, _ http: HTTPRequest, _ query: RequestQuery, _ kind: Kind
    ) throws(APIError) -> [String] {
        if let coding = http.headers["content-encoding"], coding.lowercased() != "identity", !http.body.isEmpty {
            throw APIError.unsupportedMediaType("content-encoding \(coding)", ["identity"])
        }
        switch request.verb {
        case .create, .update:
            var decoder = BodyDecoder(
                contentType: http.headers["content-type"], validation: request.options.fieldValidation)
            guard !http.body.isEmpty else { throw APIError.badRequest("the request has no body") }
            request.object = try decoder.decode(http.body, as: bodyType(request.resource, kind))
            return decoder.warnings
        case .delete, .deletecollection:
            guard !http.body.isEmpty else {
                request.object = try query.deleteOptions()?.object
                return []
            }
            var decoder = BodyDecoder(
                contentType: http.headers["content-type"], validation: request.options.fieldValidation)
            request.object = try decoder.decode(http.body, as: DeleteOptions.type)
        case .patch:
            let media = (http.headers["content-type"] ?? "").split(separator: ";").first.map { $0.trimmingBlanks } ?? ""
            if media == APIServer.applyCBOR || media == APIRequest.Patch.apply.rawValue {
                request.patch = (.apply, try APIServer.configuration(http.body, isCBOR: media == APIServer.applyCBOR))
                return []
            }
            guard let type = APIRequest.Patch(rawValue: media) else {
                throw APIError.unsupportedMediaType(
                    media,
                    [
                        "application/json-patch+json", "application/merge-patch+json",
                        "application/strategic-merge-patch+json", "application/apply-patch+yaml",
                        APIServer.applyCBOR,
                    ])
            }
            request.patch = (type, http.body)
        case .get, .list, .watch: break
        }
        return []
    }

    private static let applyCBOR = "application/apply-patch+cbor"

    /// An applied configuration as JSON, whatever it came as.
    private static func configuration(_ body: [UInt8], isCBOR: Bool) throws(APIError) -> [UInt8] {
        guard isCBOR else { return try BodyDecoder.json(fromYAML: body) }
        do throws(DecodeError) {
            return try CBORDecoder.json(from: body)
        } catch {
            throw APIError.badRequest("error decoding CBOR: \(error) (byte \(error.offset))")
        }
    }

    /// The type of what is sent to a resource: its own, or that of a subresource with a kind of its own.
    private func bodyType(_ name: ResourceName, _ kind: Kind) -> ObjectType {
        guard let subresource = kind.subresources.first(where: { $0.name == name.subresource }),
            !subresource.kind.isEmpty,
            let type = Schema.builtin.type(named: subresource.kind)
        else { return kind.type }
        return type
    }

    private func respond(
        _ reply: Reply, _ encoder: ReplyEncoder, _ warnings: [String], _ exchange: any Exchange
    ) {
        let encoded = encoder.encode(reply)
        var code = 200
        switch reply {
        case .stored(_, let isNew): if isNew { code = 201 }
        case .object(_, let own): code = own
        case .list: break
        }
        var headers = [("content-type", encoded.contentType), ("cache-control", "no-cache, private")]
        headers += warnings.map(APIServer.header)
        exchange.respond(code, headers, encoded.body)
    }

    /// A warning as RFC 7234 has it (section 5.5), with upstream's code and agent.
    private static func header(_ warning: String) -> (String, String) {
        ("warning", "299 - \"\(warning.replacing("\\", with: "\\\\").replacing("\"", with: "\\\""))\"")
    }

    private func fail(
        _ error: APIError, _ request: HTTPRequest?, _ representation: Representation, warnings: [String] = [],
        _ exchange: any Exchange
    ) {
        var plain = representation
        plain.form = .whole
        let encoder = ReplyEncoder(representation: plain, include: .none, now: registry.runtime.now())
        let encoded = encoder.object(error.status.object)
        var headers = [("content-type", encoded.contentType), ("cache-control", "no-cache, private")]
        if error.retryAfterSeconds > 0 { headers.append(("retry-after", String(error.retryAfterSeconds))) }
        headers += warnings.map(APIServer.header)
        exchange.respond(error.code, headers, encoded.body)
    }

    // MARK: - Streams

    private func watch(
        _ request: APIRequest, _ resource: ServedResource, _ query: RequestQuery, _ identity: Identity,
        _ representation: Representation, _ exchange: any Exchange
    ) throws(APIError) {
        let include = TableConverter.Include(rawValue: query["includeObject"] ?? "") ?? .metadata
        if registry.isAhead(request) {
            let (request, representation) = (request, representation)
            return registry.whenReached(request) { [self] error in
                do throws(APIError) {
                    if let error { throw error }
                    try open(request, resource, include, identity, representation, exchange)
                } catch {
                    fail(error, nil, representation, exchange)
                }
            }
        }
        try open(request, resource, include, identity, representation, exchange)
    }

    private func open(
        _ request: APIRequest, _ resource: ServedResource, _ include: TableConverter.Include, _ identity: Identity,
        _ representation: Representation, _ exchange: any Exchange
    ) throws(APIError) {
        let pending = PendingWatch()
        let watch = try registry.watch(request, as: identity, on: streams) { pending.deliver($0) }
        let outgoing = exchange.begin(
            200,
            [("content-type", WatchStream.contentType(representation)), ("cache-control", "no-cache, private")]
                + [resource.deprecation].compactMap { $0 }.map(APIServer.header))
        let stream = WatchStream(
            outgoing, representation: representation, kind: resource.kind, include: include, runtime: registry.runtime)
        stream.start(watch, options: request.options, on: streams)
        // Events come on the executor of the watches; the stream is there before the first of them.
        pending.attach(stream, on: streams)
    }

    private func stream(
        _ name: ResourceName, _ http: HTTPRequest, _ query: RequestQuery, _ identity: Identity, _ exchange: any Exchange
    ) throws(APIError) {
        let request = StreamRequest(resource: name, http: http)
        let check = APIRequest(name.subresource == "log" ? .get : .create, name)
        if let refusal = registry.refusal(identity, check) { throw refusal }
        guard let nodes else {
            throw APIError(
                code: 501, reason: "NotImplemented",
                message: "this server reaches no nodes: \(name.subresource) is not served")
        }
        let key = ResourceName(version: "v1", plural: "pods", namespace: name.namespace, name: name.name)
        guard let pod = registry.stored(key) else { throw APIError.notFound(key) }
        if let refusal = registry.connectRefusal(name, pod: pod.object, identity) { throw refusal }
        nodes.serve(request, pod: pod.object, exchange) { [self] error in
            fail(error, http, Representation(), exchange)
        }
    }
}

/// Holds back the first events of a watch until its stream is there. Both sides run on one executor.
private final class PendingWatch: Sendable {
    private let state = Mutex<(stream: WatchStream?, early: [WatchEvent])>((nil, []))

    func deliver(_ events: [WatchEvent]) {
        let stream = state.withLock { state in
            if state.stream == nil { state.early += events }
            return state.stream
        }
        stream?.send(events)
    }

    func attach(_ stream: WatchStream, on executor: any SerialExecutorPort) {
        executor.submit { [self] in
            let early = state.withLock { state in
                defer { state = (stream, []) }
                return state.early
            }
            if !early.isEmpty { stream.send(early) }
        }
    }
}
