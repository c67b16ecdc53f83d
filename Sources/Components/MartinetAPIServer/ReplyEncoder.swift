import MartinetStore
import MartinetAPI
import MartinetAPICore
import MartinetBase
import MartinetClient
import MartinetDocuments
import MartinetSchema
import MartinetTransport
import MartinetYAML

/// Puts an answer into the form that the client asked for.
struct ReplyEncoder {
    let representation: Representation
    /// What a Table's rows carry.
    let include: TableConverter.Include
    let now: Timestamp

    struct Encoded {
        let contentType: String
        let body: ResponseBody
    }

    func encode(_ reply: Reply) -> Encoded {
        switch (representation.form, reply) {
        case (.whole, .stored(let cached, _)):
            if representation.encoding == .json, !representation.isPretty { return plain(.bytes(cached.json)) }
            if representation.encoding == .protobuf, hasProtobuf(cached.type) { return plain(.bytes(cached.protobuf)) }
            return object(cached.object)
        case (.whole, .object(let tree, _)): return object(tree)
        case (.whole, .list(let list)): return self.list(list)
        case (.table, .stored(let cached, _)):
            var head = TableConverter.ListHead()
            head.resourceVersion = cached.object.metadata.resourceVersion
            return table(cached.type.kind, [cached.object], head)
        case (.table, .list(let list)): return table(list.kind, list.objects.map(\.object), head(list))
        case (.table, .object(let tree, _)): return object(tree)
        case (.metadata, .stored(let cached, _)): return object(PartialMetadata.object(cached.object) ?? cached.object)
        case (.metadata, .list(let list)):
            let objects = list.objects.map(\.object)
            if representation.encoding == .protobuf, let tree = PartialMetadata.tree(objects, head: head(list)) {
                return object(tree)
            }
            return text(PartialMetadata.list(objects, head: head(list)))
        case (.metadata, .object(let tree, _)): return object(tree)
        }
    }

    /// Why an answer has no form that was asked for: the metadata of one object and that of a list are two forms.
    func refusal(_ reply: Reply) -> APIError? {
        guard representation.form == .metadata else { return nil }
        switch reply {
        case .list: guard !representation.isListForm else { return nil }
        case .object(let tree, _) where tree.type == Status.type: return nil
        case .stored, .object: guard representation.isListForm else { return nil }
        }
        return APIError(
            code: 406, reason: "NotAcceptable",
            message: representation.isListForm
                ? "you requested PartialObjectMetadataList, but the requested object is not a list"
                : "you requested PartialObjectMetadata, but the requested object is a list")
    }

    private func head(_ list: Reply.List) -> TableConverter.ListHead {
        var head = TableConverter.ListHead()
        head.resourceVersion = String(list.revision.value)
        head.continue = list.continue
        head.remainingItemCount = list.remaining
        return head
    }

    private func table(_ kind: Kind?, _ objects: [Object], _ head: TableConverter.ListHead) -> Encoded {
        guard let kind, let table = TableConverter(kind: kind).table(objects, head: head, include: include, now: now)
        else {
            return object(Object(type: Status.type))
        }
        return object(table)
    }

    /// Lists are gathered from the bytes of their objects: nothing is parsed or encoded.
    private func list(_ list: Reply.List) -> Encoded {
        guard representation.encoding == .json, !representation.isPretty else { return object(Reply.list(list).tree) }
        var meta = "\"resourceVersion\":\"\(list.revision.value)\""
        if !list.continue.isEmpty { meta += ",\"continue\":\"\(list.continue)\"" }
        if let remaining = list.remaining { meta += ",\"remainingItemCount\":\(remaining)" }
        let kind = list.kind.listType?.kind?.name ?? list.kind.name + "List"
        var pieces: [ArraySlice<UInt8>] = []
        pieces.reserveCapacity(list.objects.count * 2 + 2)
        pieces.append(
            Array(
                "{\"kind\":\"\(kind)\",\"apiVersion\":\"\(list.kind.apiVersion)\",\"metadata\":{\(meta)},\"items\":["
                    .utf8)[...])
        let comma: ArraySlice<UInt8> = [44]
        for (index, object) in list.objects.enumerated() {
            if index > 0 { pieces.append(comma) }
            pieces.append(object.json[...])
        }
        pieces.append([93, 125])
        return plain(.slices(pieces))
    }

    func object(_ object: Object) -> Encoded {
        switch representation.encoding {
        case .protobuf where hasProtobuf(object.type): plain(.bytes(ProtobufEncoder.encode(object)))
        case .cbor where representation.version == "v1": plain(.bytes(CBOREncoder.encode(object)))
        case .json, .protobuf, .yaml, .cbor: text(JSONEncoder.encode(object, pretty: representation.isPretty))
        }
    }

    /// An answer whose JSON is there, in the encoding that was asked for.
    private func text(_ bytes: [UInt8]) -> Encoded {
        let bytes = representation.versioned(bytes)
        switch representation.encoding {
        case .yaml: return plain(.bytes(yaml(bytes)))
        case .cbor:
            guard let tree = try? JSONDecoder.decodeAny(bytes).value else { return json(bytes) }
            return plain(.bytes(CBOREncoder.encode(tree)))
        case .json, .protobuf: return json(bytes)
        }
    }

    private func yaml(_ bytes: [UInt8]) -> [UInt8] {
        // What was just encoded can be read.
        guard let node = try? YAML.readJSON(bytes).first else { return bytes }
        return YAML.write(node)
    }

    private func json(_ bytes: [UInt8]) -> Encoded {
        Encoded(contentType: Representation.Encoding.json.rawValue, body: .bytes(bytes))
    }

    /// In the encoding that was asked for, untransformed.
    private func plain(_ body: ResponseBody) -> Encoded {
        Encoded(contentType: representation.encoding.rawValue, body: body)
    }

    private func hasProtobuf(_ type: ObjectType) -> Bool { type.kind?.protobufPackage.isEmpty == false }
}

extension APIError {
    /// The Status that says it.
    var status: Status {
        let details = StatusDetails {
            $0.name = name
            $0.group = group
            $0.kind = kind
            $0.retryAfterSeconds = retryAfterSeconds
            $0.causes = ViewList(
                causes.map { cause in
                    StatusCause { ($0.reason, $0.message, $0.field) = (cause.reason, cause.message, cause.field) }
                })
        }
        return Status {
            $0.status = "Failure"
            $0.message = message
            $0.reason = reason
            if !details.object.isEmpty { $0.details = details }
            $0.code = Int32(truncatingIfNeeded: code)
            if !continueToken.isEmpty { $0.metadata.continue = continueToken }
        }
    }
}
