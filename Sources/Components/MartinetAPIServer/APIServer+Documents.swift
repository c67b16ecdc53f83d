import MartinetAPI
import MartinetAPICore
import MartinetBase
import MartinetClient
import MartinetDocuments
import MartinetSchema
import MartinetTransport

extension APIServer {
    /// Answers with a document: negotiated, unless the client has it already, and compressed where that is accepted.
    func document(_ path: String, _ request: HTTPRequest, _ exchange: any Exchange) throws(APIError) {
        guard let (place, encoding) = DocumentPlace.negotiate(path, request.headers) else {
            throw APIError(
                code: 406, reason: "NotAcceptable",
                message: "none of the media types that are accepted is one of this document")
        }
        let query = RequestQuery(request.query)
        let isPretty = place.isObject && Representation.isPretty(request.headers, query)
        let form = Representation(encoding: encoding, isPretty: isPretty)
        let isPlain = !place.isObject || form.encoding == .json && !form.isPretty
        let packed = isPlain && place.isOpenAPI && AcceptClause.acceptsGzip(request.headers)
        find(place, packed: packed) { [self] made in
            guard let made else { return fail(.noSuchPath, request, Representation(), exchange) }
            let answer = DocumentAnswer(
                place: place, made: made, form: form, isPlain: isPlain, isPacked: packed, now: registry.runtime.now())
            answer.send(request.headers, hash: query?["hash"] ?? "", compression, exchange)
        }
    }
}

extension APIServer {
    /// A document of this server, or of all servers together where others have a part in it.
    private func find(
        _ place: DocumentPlace, packed: Bool, _ then: @escaping @Sendable (DocumentSet.Made?) -> Void
    ) {
        guard let aggregator = forwarding?.aggregator, aggregator.merges(place.path) else {
            return documents.find(place, packed: packed, then)
        }
        let plain = DocumentPlace(path: place.path, form: .json)
        documents.find(place, packed: false) { [self] local in
            documents.find(plain, packed: false) { plain in
                // Merging takes its time: it leaves the event loop.
                aggregator.executor.submit {
                    let merged = aggregator.document(place.path, local: local?.document, plain: plain?.document)
                    then(merged.map(DocumentSet.Made.init) ?? local)
                }
            }
        }
    }
}

/// How a document is sent: with its hash as the ETag, or only the word that it has not changed (RFC 9110, section 13).
private struct DocumentAnswer {
    let place: DocumentPlace
    let made: DocumentSet.Made
    let form: Representation
    let isPlain: Bool
    /// Whether the client takes gzip.
    let isPacked: Bool
    let now: Timestamp

    func send(_ asked: HTTPHeaderList, hash: String, _ compression: AnswerCompression, _ exchange: any Exchange) {
        let document = made.document
        var headers = [("etag", document.etag), ("vary", "Accept")]
        if place.isOpenAPI, place.path != "/openapi/v2", place.path != "/openapi/v3", !hash.isEmpty {
            // A document under its own hash never changes; under another one there is none any more.
            guard hash == document.hash else {
                return exchange.respond(301, [("location", "\(place.path)?hash=\(document.hash)")], .bytes([]))
            }
            headers.append(("cache-control", "public, immutable, max-age=31536000"))
        } else if case .aggregated = place.form {
            headers.append(("cache-control", "public"))
        } else {
            headers.append(("cache-control", "no-cache, private"))
        }
        if DocumentAnswer.has(asked, document.etag) { return exchange.respond(304, headers, .empty) }
        guard isPlain else { return sendObject(asked, headers, compression, exchange) }
        if isPacked, let packed = made.packed {
            headers += [("content-encoding", "gzip"), ("vary", "Accept-Encoding")]
            return exchange.respond(200, [("content-type", document.contentType)] + headers, .bytes(packed))
        }
        compression.respond(
            200, [("content-type", document.contentType)] + headers, .bytes(document.bytes),
            acceptsGzip: !place.isOpenAPI && AcceptClause.acceptsGzip(asked), exchange)
    }

    /// Discovery in another encoding than JSON, or for eyes.
    private func sendObject(
        _ asked: HTTPHeaderList, _ headers: [(String, String)], _ compression: AnswerCompression,
        _ exchange: any Exchange
    ) {
        // What was just encoded can be read.
        guard let meta = try? JSONDecoder.typeMeta(of: made.document.bytes), let kind = meta.kind,
            let type = DocumentAnswer.type(kind, meta.apiVersion ?? "v1"),
            let object = try? JSONDecoder.decode(made.document.bytes, as: type).object
        else {
            return exchange.respond(
                200, [("content-type", made.document.contentType)] + headers, .bytes(made.document.bytes))
        }
        let encoded = ReplyEncoder(representation: form, include: .none, now: now).object(object)
        compression.respond(
            200, [("content-type", encoded.contentType)] + headers, encoded.body,
            acceptsGzip: AcceptClause.acceptsGzip(asked), exchange)
    }

    private static func type(_ kind: String, _ apiVersion: String) -> ObjectType? {
        Schema.builtin.type(named: apiVersion == "v1" ? "meta/v1.\(kind)" : "\(apiVersion).\(kind)")
    }

    /// Whether a client says that it has what this ETag names (section 13.1.2: compared weakly).
    private static func has(_ asked: HTTPHeaderList, _ etag: String) -> Bool {
        asked.tokens("if-none-match").contains { $0 == "*" || $0 == etag || $0 == "W/\(etag)" }
    }
}
