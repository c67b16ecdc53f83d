import MartinetMetrics
package import MartinetAPICore
import MartinetBase
import MartinetAPI
import MartinetAuthorization
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
    let registry: Registry
    private let authenticator: Authenticator
    let documents: DocumentEndpoints
    let compression: AnswerCompression
    private let streams: any SerialExecutorPort
    private let nodes: (any NodeStreams)?
    let forwarding: Forwarding?
    private let impersonation: Impersonation
    private let discovery: IssuerDiscovery?
    let metrics: RequestMetrics
    let audit: AuditLog?
    package let health: HealthChecks
    let reports: any SerialExecutorPort

    package init(
        registry: Registry, authenticator: Authenticator, nodes: (any NodeStreams)? = nil,
        discovery: IssuerDiscovery? = nil, forwarding: Forwarding? = nil, audit: AuditLog? = nil
    ) {
        self.audit = audit
        metrics = RequestMetrics(runtime: registry.runtime)
        health = HealthChecks(runtime: registry.runtime) { [registry] in registry.storeFailure }
        reports = registry.runtime.executor(named: "martinet.apiserver.reports")
        self.discovery = discovery
        self.registry = registry
        self.forwarding = forwarding
        self.authenticator = authenticator
        self.nodes = nodes
        impersonation = Impersonation(authorizer: registry.authorizer)
        documents = DocumentEndpoints(registry: registry, others: discovery == nil ? [] : IssuerDiscovery.paths)
        compression = AnswerCompression(runtime: registry.runtime)
        streams = registry.runtime.executor(named: "martinet.apiserver.watches")
    }

    /// From now on `/readyz` says so.
    package func becomeReady() { health.becomeReady() }

    package func handle(_ request: HTTPRequest, _ plain: any Exchange) {
        let exchange = PassedExchange(plain, metrics)
        guard let query = RequestQuery(request.query), let path = RequestPath(request.path) else {
            return fail(.badRequest("the URL is not validly encoded"), request, Representation(), exchange)
        }
        switch authenticator.outcome(request) {
        case .found(let identity):
            metrics.accepted.add()
            handle(request, query, path, as: identity, exchange)
        case .refused: refuse(request, query, path, exchange)
        case .asks(let token):
            // Whoever waits for somebody else's answer does it away from the event loop.
            authenticator.check(token, for: authenticator.configuration.audiences) { [self] outcome in
                guard case .accepted(let identity, _) = outcome else { return refuse(request, query, path, exchange) }
                metrics.accepted.add()
                handle(request, query, path, as: identity, exchange)
            }
        }
    }

    private func refuse(
        _ request: HTTPRequest, _ query: RequestQuery, _ path: RequestPath, _ exchange: any Exchange
    ) {
        metrics.refused.add()
        observe(flow(Identity(user: ""), path, request, query), request, query, exchange)
        fail(
            .unauthorized(), request, Representation.negotiate(request.headers, query) ?? Representation(), exchange)
    }

    private func handle(
        _ request: HTTPRequest, _ query: RequestQuery, _ path: RequestPath, as bearer: Identity,
        _ answering: any Exchange
    ) {
        let exchange =
            registry.authorizer.mayWait
            ? PatientExchange(answering) { [self] in handle(request, query, path, as: bearer, $0) } : answering
        let representation = Representation.negotiate(request.headers, query)
        do throws(APIError) {
            var identity = bearer
            var asked = flow(identity, path, request, query)
            observe(asked, request, query, exchange)
            if let wanted = try Impersonation.wanted(request.headers) {
                asked = try access(identity, path, request, query)
                identity = try impersonation.identity(wanted, by: identity, for: asked)
                asked = try access(identity, path, request, query)
                if audit != nil { PassedExchange.of(exchange)?.draft?.impersonates(asked) }
            }
            let (own, form) = (identity, representation ?? Representation())
            let refuse: @Sendable (APIError) -> Void = { [self] in fail($0, request, form, exchange) }
            inTurn(asked, path, exchange, refuse: refuse) { [self] exchange in
                do throws(APIError) {
                    if try passOn(path, request, query, own, exchange) { return }
                    switch path {
                    case .other(let path): try answer(path, request, query, own, exchange)
                    case .resource(let name): try dispatch(name, isWatch: false, request, query, own, exchange)
                    case .watch(let name): try dispatch(name, isWatch: true, request, query, own, exchange)
                    }
                } catch {
                    fail(error, request, form, exchange)
                }
            }
        } catch {
            fail(error, request, representation ?? Representation(), exchange)
        }
    }

    // MARK: - What is no resource

    private func answer(
        _ path: String, _ request: HTTPRequest, _ query: RequestQuery, _ identity: Identity, _ exchange: any Exchange
    ) throws(APIError) {
        if let refusal = registry.authorizer.refusal(APIServer.access(identity, path, request)) { throw refusal }
        guard request.method == "GET" || request.method == "HEAD" else {
            throw APIError.methodNotAllowed(request.method)
        }
        switch path {
        case "/":
            return exchange.respond(200, [("content-type", "application/json")], .bytes(documents.paths))
        default: break
        }
        if report(path, query, exchange) { return }
        if let found = discovery?.document(path) {
            return exchange.respond(
                200, [("content-type", found.contentType), ("cache-control", "public, max-age=3600")],
                .bytes(found.bytes))
        }
        try document(path, request, exchange)
    }

    /// What a request for something that is no resource asks for. A slash at the end makes it another path.
    private static func access(_ identity: Identity, _ path: String, _ request: HTTPRequest) -> AccessRequest {
        let isFolder = path != "/" && request.path.utf8.last == 47
        return AccessRequest(identity, verb: request.method.lowercased(), path: isFolder ? path + "/" : path)
    }

    /// What any request asks for.
    func access(
        _ identity: Identity, _ path: RequestPath, _ request: HTTPRequest, _ query: RequestQuery
    ) throws(APIError) -> AccessRequest {
        switch path {
        case .other(let path): return APIServer.access(identity, path, request)
        case .resource(let name): return access(identity, try verb(request.method, name, query), name, query)
        case .watch(let name): return access(identity, .watch, name, query)
        }
    }

    private func access(
        _ identity: Identity, _ verb: APIRequest.Verb, _ name: ResourceName, _ query: RequestQuery
    ) -> AccessRequest {
        var asked = APIRequest(verb, name)
        asked.options.fieldSelector = query["fieldSelector"] ?? ""
        return AccessRequest(identity, asked)
    }

    // MARK: - Resources

    /// Who may not ask is told that, and not what else is wrong with the request.
    private func dispatch(
        _ name: ResourceName, isWatch isWatchPath: Bool, _ http: HTTPRequest, _ query: RequestQuery,
        _ identity: Identity, _ exchange: any Exchange
    ) throws(APIError) {
        do throws(APIError) {
            try serve(name, isWatch: isWatchPath, http, query, identity, exchange)
        } catch {
            let asked = try? access(identity, isWatchPath ? .watch(name) : .resource(name), http, query)
            throw asked.flatMap { registry.authorizer.refusal($0) } ?? error
        }
    }

    private func serve(
        _ name: ResourceName, isWatch isWatchPath: Bool, _ http: HTTPRequest, _ query: RequestQuery,
        _ identity: Identity, _ exchange: any Exchange
    ) throws(APIError) {
        guard let resource = registry.served[name] else {
            // Who may not ask does not learn what there is.
            let asked = try access(identity, isWatchPath ? .watch(name) : .resource(name), http, query)
            if let refusal = registry.authorizer.refusal(asked) { throw refusal }
            throw APIError.noSuchPath
        }
        guard !isWatchPath || name.subresource.isEmpty && http.method == "GET" else { throw APIError.noSuchPath }
        if StreamRequest.subresources.contains(name.subresource), resource.kind.name == "Pod" {
            return try stream(name, http, query, identity, exchange)
        }
        let isWatch = isWatchPath || query.flag("watch") && name.name == nil && http.method == "GET"
        let suitable = Representation.negotiate(http.headers, query, for: resource.kind, streams: isWatch)
        guard let representation = suitable else {
            throw APIError(
                code: 406, reason: "NotAcceptable",
                message: "only the following media types are accepted: \(BodyDecoder.accepted.joined(separator: ", "))")
        }
        var request = APIRequest(isWatchPath ? .watch : try verb(http.method, name, query), name)
        request.options = try query.options(for: request.verb)
        request.options.isWatchPath = isWatchPath
        request.options.userAgent = http.headers["user-agent"] ?? ""
        if request.verb == .watch {
            return try watch(request, resource, query, identity, representation, exchange)
        }
        // Nobody's body is read who may not write; reading what is there needs none.
        if !http.body.isEmpty, let refusal = registry.refusal(identity, request) { throw refusal }
        let warnings = try readBody(&request, http, query, resource.kind)
        let notes = RequestNotes()
        request.notes = notes
        let draft = audit == nil ? nil : PassedExchange.of(exchange)?.draft
        draft?.sent(request, bytes: http.body.count)
        let final = request
        let include = try include(query, representation)
        let acceptsGzip = http.method == "GET" && AcceptClause.acceptsGzip(http.headers)
        registry.handle(final, as: identity) { [self] result in
            switch result {
            case .success(let reply):
                draft?.answered(reply)
                respond(
                    reply, ReplyEncoder(representation: representation, include: include, now: registry.runtime.now()),
                    warnings + [resource.deprecation].compactMap { $0 } + notes.warnings, acceptsGzip: acceptsGzip,
                    exchange)
            case .failure(let error): fail(error, http, representation, warnings: notes.warnings, exchange)
            }
        }
    }

    /// What a Table's rows are to carry; only who wants a Table can get that wrong.
    private func include(
        _ query: RequestQuery, _ representation: Representation
    ) throws(APIError) -> TableConverter.Include {
        let text = query["includeObject"] ?? ""
        if let include = TableConverter.Include(rawValue: text) { return include }
        guard text.isEmpty || representation.form != .table else {
            throw APIError.badRequest(
                "the parameter includeObject must be None, Metadata or Object, found \(text.debugDescription)")
        }
        return .metadata
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
        let media = http.headers["content-type"] ?? ""
        if !media.contains("protobuf"), !media.contains("cbor"), String(validating: http.body, as: UTF8.self) == nil {
            throw APIError.badRequest("the body is no UTF-8")
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
            // A body says all that there is to say: the parameters beside it are not looked at, dryRun among them.
            request.options.dryRun = false
        case .patch:
            let media = (http.headers["content-type"] ?? "").split(separator: ";").first.map { $0.trimmingBlanks } ?? ""
            if media == APIServer.applyCBOR || media == APIRequest.Patch.apply.rawValue {
                let isCBOR = media == APIServer.applyCBOR
                if !isCBOR, request.options.fieldValidation == "Strict" {
                    let repeated = BodyDecoder.repeatedKeys(inYAML: http.body)
                    guard repeated.isEmpty else {
                        throw APIError.badRequest(
                            "error strict decoding YAML: yaml: unmarshal errors:\n  \(repeated.joined(separator: "\n  "))"
                        )
                    }
                }
                request.patch = (.apply, try APIServer.configuration(http.body, isCBOR: isCBOR))
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
        kind.bodyType(ofSubresource: name.subresource) ?? kind.type
    }

    private func respond(
        _ reply: Reply, _ encoder: ReplyEncoder, _ warnings: [String], acceptsGzip: Bool, _ exchange: any Exchange
    ) {
        if let refusal = encoder.refusal(reply) { return fail(refusal, nil, encoder.representation, exchange) }
        let encoded = encoder.encode(reply)
        var code = 200
        switch reply {
        case .stored(_, let isNew): if isNew { code = 201 }
        case .object(_, let own): code = own
        case .list: break
        }
        var headers = [("content-type", encoded.contentType), ("cache-control", "no-cache, private")]
        headers += WarningHeaders.fields(warnings)
        compression.respond(code, headers, encoded.body, acceptsGzip: acceptsGzip, exchange)
    }

    func fail(
        _ error: APIError, _ request: HTTPRequest?, _ representation: Representation, warnings: [String] = [],
        _ exchange: any Exchange
    ) {
        if let patient = exchange as? PatientExchange, patient.triesAgain(after: error, registry.authorizer) {
            return
        }
        if audit != nil { PassedExchange.of(exchange)?.draft?.failed(error) }
        var plain = representation
        plain.form = .whole
        let encoder = ReplyEncoder(representation: plain, include: .none, now: registry.runtime.now())
        let encoded = encoder.object(error.status.object)
        var headers = [("content-type", encoded.contentType), ("cache-control", "no-cache, private")]
        if error.retryAfterSeconds > 0 { headers.append(("retry-after", String(error.retryAfterSeconds))) }
        headers += WarningHeaders.fields(warnings)
        exchange.respond(error.code, headers, encoded.body)
    }

    // MARK: - Streams

    private func watch(
        _ request: APIRequest, _ resource: ServedResource, _ query: RequestQuery, _ identity: Identity,
        _ representation: Representation, _ exchange: any Exchange
    ) throws(APIError) {
        let include = try include(query, representation)
        if registry.isAhead(request) {
            let (request, representation) = (request, representation)
            return registry.whenReached(request) { [self] error in
                if let error {
                    return sendError(error, resource, include, representation, exchange)
                }
                do throws(APIError) {
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
        let watch: RegistryWatch
        do throws(APIError) {
            watch = try registry.watch(request, as: identity, on: streams) { pending.deliver($0) }
        } catch {
            // What was asked for is in order, only it cannot be had: that is an event.
            guard error.code == 410 || error.code == 504 else { throw error }
            return sendError(error, resource, include, representation, exchange)
        }
        let stream = begin(resource, include, representation, exchange)
        stream.start(watch, options: request.options, on: streams)
        // Events come on the executor of the watches; the stream is there before the first of them.
        pending.attach(stream, on: streams)
    }

    private func begin(
        _ resource: ServedResource, _ include: TableConverter.Include, _ representation: Representation,
        _ exchange: any Exchange
    ) -> WatchStream {
        let outgoing = exchange.begin(
            200,
            [("content-type", WatchStream.contentType(representation)), ("cache-control", "no-cache, private")]
                + WarningHeaders.fields([resource.deprecation].compactMap { $0 }))
        return WatchStream(
            outgoing, representation: representation, kind: resource.kind, include: include, runtime: registry.runtime)
    }

    private func sendError(
        _ error: APIError, _ resource: ServedResource, _ include: TableConverter.Include,
        _ representation: Representation, _ exchange: any Exchange
    ) {
        begin(resource, include, representation, exchange).fail(error)
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
        registry.connect(name, pod: pod.object, identity, parameters: query.all) { [self] refusal in
            if let refusal { return fail(refusal, http, Representation(), exchange) }
            nodes.serve(request, pod: pod.object, exchange) { [self] error in
                fail(error, http, Representation(), exchange)
            }
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
