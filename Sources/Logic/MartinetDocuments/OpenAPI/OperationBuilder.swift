import MartinetSchema

/// The paths of a group-version: what can be done with each of its kinds, read off their verbs and subresources.
struct OperationBuilder {
    let group: String
    let version: String
    /// `core_v1`, `rbacAuthorization_v1`
    let tag: String
    private let root: String
    private let infix: String

    init(group: String, version: String) {
        self.group = group
        self.version = version
        root = group.isEmpty ? "/api/\(version)" : "/apis/\(group)/\(version)"
        let name = OperationBuilder.camel(group)
        tag = "\(name)_\(version)"
        infix = OperationBuilder.capitalized(name) + OperationBuilder.capitalized(version)
    }

    /// `rbac.authorization.k8s.io` → `rbacAuthorization`; the core group is `core`.
    static func camel(_ group: String) -> String {
        if group.isEmpty { return "core" }
        let short = group.hasSuffix(".k8s.io") ? String(group.dropLast(7)) : group
        let parts = short.split { $0 == "." || $0 == "-" }
        return parts.enumerated().map { $0 == 0 ? String($1) : capitalized(String($1)) }.joined()
    }

    static func capitalized(_ text: String) -> String { text.prefix(1).uppercased() + text.dropFirst() }

    /// Kinds whose deletion answers with the object instead of a `Status`, as upstream declares it.
    static let deletionAnswersObject: Set<String> = [
        "v1.Pod", "v1.Service", "v1.ServiceAccount", "v1.PersistentVolume", "v1.PersistentVolumeClaim",
        "v1.PodTemplate", "v1.ResourceQuota", "CSIDriver", "CSINode", "StorageClass", "VolumeAttachment",
        "VolumeAttributesClass", "DeviceClass", "ResourceClaim", "ResourceClaimTemplate", "ResourceSlice",
        "DeviceTaintRule", "ResourcePoolStatusRequest",
    ]

    private static let write = ["dryRun", "fieldManager", "fieldValidation"].map { OpenAPIParameter($0) }
    private static let list: [OpenAPIParameter] = [
        .init("allowWatchBookmarks", "boolean"), .init("continue"), .init("fieldSelector"), .init("labelSelector"),
        .init("limit", "integer"), .init("resourceVersion"), .init("resourceVersionMatch"),
        .init("sendInitialEvents", "boolean"), .init("shardSelector"), .init("timeoutSeconds", "integer"),
        .init("watch", "boolean"),
    ]
    private static let delete: [OpenAPIParameter] = [
        .init("dryRun"), .init("gracePeriodSeconds", "integer"),
        .init("ignoreStoreReadErrorWithClusterBreakingPotential", "boolean"), .init("orphanDependents", "boolean"),
        .init("propagationPolicy"),
    ]
    private static let pretty = OpenAPIParameter("pretty")
    private static let name = OpenAPIParameter("name", inPath: true)

    // MARK: - Paths

    func paths(for kinds: [Kind]) -> [OpenAPIPath] {
        var paths: [OpenAPIPath] = []
        let isCustom = kinds.allSatisfy(\.protobufPackage.isEmpty)
        if !isCustom, let list = Schema.builtin.type(named: "meta/v1.APIResourceList") {
            let id = "get\(infix)APIResources"
            var operation = OpenAPIOperation(
                "get", id, content: .type(list), produces: MediaTypes.of(protobuf: true))
            operation.consumes = operation.produces
            paths.append(OpenAPIPath(path: root + "/", tag: tag, operations: [operation]))
        }
        for kind in kinds where !kind.plural.isEmpty { paths += self.paths(of: kind) }
        return paths.filter { !$0.operations.isEmpty }.sorted { $0.path.precedes($1.path) }
    }

    private func paths(of kind: Kind) -> [OpenAPIPath] {
        let scope = kind.isNamespaced ? "/namespaces/{namespace}" : ""
        let collection = "\(root)\(scope)/\(kind.plural)"
        let item = collection + "/{name}"
        let watch = "\(root)/watch\(scope)/\(kind.plural)"
        let namespaced = kind.isNamespaced ? "Namespaced" : ""
        var paths = [
            OpenAPIPath(path: collection, tag: tag, operations: collectionOperations(kind, namespaced)),
            OpenAPIPath(path: item, tag: tag, operations: itemOperations(kind, namespaced)),
        ]
        // Of custom resources the old paths of watches are not published.
        if kind.verbs.contains("watch"), !isCustom(kind) {
            paths.append(
                OpenAPIPath(
                    path: watch, tag: tag,
                    operations: [self.watch(kind, id: "\(namespaced)\(kind.name)List", list: true)]))
            paths.append(
                OpenAPIPath(
                    path: watch + "/{name}", tag: tag,
                    operations: [self.watch(kind, id: "\(namespaced)\(kind.name)", list: false)]))
        }
        if kind.isNamespaced, kind.verbs.contains("list") {
            var all = list(kind, id: "\(kind.name)ForAllNamespaces")
            all.parameters.removeAll { $0.name == "namespace" }
            paths.append(OpenAPIPath(path: "\(root)/\(kind.plural)", tag: tag, operations: [all]))
            if kind.verbs.contains("watch"), !isCustom(kind) {
                var all = self.watch(kind, id: "\(kind.name)ListForAllNamespaces", list: true)
                all.parameters.removeAll { $0.name == "namespace" }
                paths.append(OpenAPIPath(path: "\(root)/watch/\(kind.plural)", tag: tag, operations: [all]))
            }
        }
        for subresource in kind.subresources {
            paths += self.paths(of: subresource, kind, at: "\(item)/\(subresource.name)", namespaced)
        }
        return paths
    }

    // MARK: - Operations

    /// Whether a kind has no protobuf form: such are all custom ones, and no other.
    private func isCustom(_ kind: Kind) -> Bool { kind.protobufPackage.isEmpty }

    private func operation(
        _ method: String, _ verb: String, _ suffix: String, kind: (group: String, version: String, name: String),
        action: String, content: OpenAPIOperation.Content, produces: [String], parameters: [OpenAPIParameter]
    ) -> OpenAPIOperation {
        var operation = OpenAPIOperation(method, "\(verb)\(infix)\(suffix)", content: content, produces: produces)
        operation.kind = kind
        operation.action = action
        operation.parameters = parameters
        return operation
    }

    private func place(_ kind: Kind, named: Bool) -> [OpenAPIParameter] {
        (kind.isNamespaced ? [OpenAPIParameter("namespace", inPath: true)] : []) + (named ? [Self.name] : [])
    }

    private func identity(_ kind: Kind) -> (group: String, version: String, name: String) {
        (kind.group, kind.version, kind.name)
    }

    private func list(_ kind: Kind, id: String) -> OpenAPIOperation {
        operation(
            "get", "list", id, kind: identity(kind), action: "list", content: .type(kind.listType ?? kind.type),
            produces: MediaTypes.of(protobuf: !isCustom(kind), streams: !isCustom(kind)),
            parameters: place(kind, named: false) + Self.list + [Self.pretty])
    }

    private func watch(_ kind: Kind, id: String, list: Bool) -> OpenAPIOperation {
        operation(
            "get", "watch", id, kind: identity(kind), action: list ? "watchlist" : "watch",
            content: Schema.builtin.type(named: "meta/v1.WatchEvent").map { .type($0) } ?? .text,
            produces: MediaTypes.of(protobuf: !kind.protobufPackage.isEmpty, streams: true),
            parameters: place(kind, named: !list) + Self.list + [Self.pretty])
    }

    private func collectionOperations(_ kind: Kind, _ namespaced: String) -> [OpenAPIOperation] {
        var operations: [OpenAPIOperation] = []
        if kind.verbs.contains("list") { operations.append(list(kind, id: "\(namespaced)\(kind.name)")) }
        if kind.verbs.contains("create") {
            operations.append(
                create(kind.type, identity(kind), id: "\(namespaced)\(kind.name)", place(kind, named: false)))
        }
        if kind.verbs.contains("deletecollection"), isCustom(kind) {
            var delete = deletion(
                kind, id: "Collection\(namespaced)\(kind.name)", action: "deletecollection",
                place(kind, named: false) + Self.list + [Self.pretty])
            delete.body = nil
            operations.append(delete)
        } else if kind.verbs.contains("deletecollection") {
            let repeated = Set(["allowWatchBookmarks", "watch"])
            var parameters = place(kind, named: false) + Self.list.filter { !repeated.contains($0.name) }
            parameters += Self.delete + [Self.pretty]
            operations.append(
                deletion(kind, id: "Collection\(namespaced)\(kind.name)", action: "deletecollection", parameters))
        }
        return operations
    }

    private func create(
        _ type: ObjectType, _ kind: (group: String, version: String, name: String), id: String,
        _ place: [OpenAPIParameter]
    ) -> OpenAPIOperation {
        var create = operation(
            "post", "create", id, kind: kind, action: "post", content: .type(type), produces: produces(type),
            parameters: place + Self.write + [Self.pretty])
        create.body = .type(type, required: true)
        create.bodyTypes = bodyTypes(type)
        create.codes = [200, 201, 202]
        return create
    }

    private func produces(_ type: ObjectType) -> [String] {
        MediaTypes.of(protobuf: type.kind.map { !$0.protobufPackage.isEmpty } ?? true)
    }

    /// What bodies may be written in; nil: whatever the server reads.
    private func bodyTypes(_ type: ObjectType) -> [String]? {
        type.kind.map(isCustom) == true ? MediaTypes.of(protobuf: false) : nil
    }

    private func deletion(
        _ kind: Kind, id: String, action: String, _ parameters: [OpenAPIParameter]
    ) -> OpenAPIOperation {
        let answersObject =
            action == "delete"
            && (Self.deletionAnswersObject.contains(kind.name)
                || Self.deletionAnswersObject.contains("\(kind.apiVersion).\(kind.name)"))
        let answer = answersObject ? kind.type : Schema.builtin.type(named: "meta/v1.Status") ?? kind.type
        var delete = operation(
            "delete", "delete", id, kind: identity(kind), action: action, content: .type(answer),
            produces: produces(kind.type), parameters: parameters)
        if let options = Schema.builtin.type(named: "meta/v1.DeleteOptions") {
            delete.body = .type(options, required: false)
            delete.bodyTypes = bodyTypes(kind.type)
        }
        delete.codes = action == "delete" ? [200, 202] : [200]
        return delete
    }

    private func itemOperations(_ kind: Kind, _ namespaced: String) -> [OpenAPIOperation] {
        let id = "\(namespaced)\(kind.name)"
        var operations = readAndWrite(kind.verbs, kind.type, of: kind, identity(kind), id: id)
        if kind.verbs.contains("delete") {
            let parameters = place(kind, named: true) + Self.delete + [Self.pretty]
            let index = operations.firstIndex { $0.method == "patch" } ?? operations.count
            operations.insert(deletion(kind, id: id, action: "delete", parameters), at: index)
        }
        return operations
    }

    /// get, put and patch of an item or of one of its subresources.
    private func readAndWrite(
        _ verbs: [String], _ type: ObjectType, of kind: Kind,
        _ identity: (group: String, version: String, name: String),
        id: String
    ) -> [OpenAPIOperation] {
        let place = self.place(kind, named: true) + [Self.pretty]
        let produces = isCustom(kind) ? MediaTypes.of(protobuf: false) : self.produces(type)
        let identity = isCustom(kind) ? self.identity(kind) : identity
        var operations: [OpenAPIOperation] = []
        if verbs.contains("get") {
            operations.append(
                operation(
                    "get", "read", id, kind: identity, action: "get", content: .type(type), produces: produces,
                    parameters: place + (isCustom(kind) ? [OpenAPIParameter("resourceVersion")] : [])))
        }
        if verbs.contains("update") {
            var put = operation(
                "put", "replace", id, kind: identity, action: "put", content: .type(type), produces: produces,
                parameters: place + Self.write)
            put.body = .type(type, required: true)
            put.bodyTypes = isCustom(kind) ? MediaTypes.of(protobuf: false) : nil
            put.codes = [200, 201]
            operations.append(put)
        }
        if verbs.contains("patch") {
            var patch = operation(
                "patch", "patch", id, kind: identity, action: "patch", content: .type(type), produces: produces,
                parameters: place + Self.write + [OpenAPIParameter("force", "boolean")])
            let strategic = isCustom(kind) ? [] : ["application/strategic-merge-patch+json"]
            patch.body = .patch(
                ["application/json-patch+json", "application/merge-patch+json"] + strategic
                    + ["application/apply-patch+yaml"])
            patch.codes = isCustom(kind) ? [200] : [200, 201]
            operations.append(patch)
        }
        return operations
    }

    // MARK: - Subresources

    private func paths(
        of subresource: Kind.Subresource, _ kind: Kind, at path: String, _ namespaced: String
    ) -> [OpenAPIPath] {
        let served = ServedKind(subresource, of: kind)
        let identity = (served.group, served.version, served.name)
        let id = "\(namespaced)\(kind.name)\(Self.capitalized(subresource.name))"
        if served.name.hasSuffix("Options") { return connect(identity, kind, at: path, id: id) }
        let typeName =
            served.group.isEmpty
            ? "\(served.version).\(served.name)" : "\(served.group)/\(served.version).\(served.name)"
        let type =
            served.name == kind.name && !served.isForeign
            ? kind.type : Schema.builtin.type(named: typeName) ?? kind.type
        // A subresource with options of its own (`log` has PodLogOptions) answers with text.
        let options = "\(kind.apiVersion).\(kind.name)\(Self.capitalized(subresource.name))Options"
        if let options = Schema.builtin.type(named: options) {
            let read = operation(
                "get", "read", id, kind: identity, action: "get", content: .text,
                produces: ["text/plain"] + produces(type),
                parameters: place(kind, named: true) + [Self.pretty] + query(options))
            return [OpenAPIPath(path: path, tag: tag, operations: [read])]
        }
        var operations = readAndWrite(subresource.verbs, type, of: kind, identity, id: id)
        if subresource.verbs.contains("create") {
            operations.append(create(type, identity, id: id, place(kind, named: true)))
        }
        return [OpenAPIPath(path: path, tag: tag, operations: operations)]
    }

    /// Subresources that hand the connection on: attach, exec, portforward, proxy.
    private func connect(
        _ identity: (group: String, version: String, name: String), _ kind: Kind, at path: String, id: String
    ) -> [OpenAPIPath] {
        let prefix = identity.group.isEmpty ? identity.version : "\(identity.group)/\(identity.version)"
        guard let options = Schema.builtin.type(named: "\(prefix).\(identity.name)") else { return [] }
        let hasPath = options.field(named: "path") != nil
        let methods = hasPath ? ["get", "put", "post", "delete", "options", "head", "patch"] : ["get", "post"]
        func operations(_ suffix: String, _ more: [OpenAPIParameter]) -> [OpenAPIOperation] {
            methods.map { method in
                operation(
                    method, "connect", "", kind: identity, action: "connect", content: .text, produces: ["*/*"],
                    parameters: place(kind, named: true) + query(options) + more
                ).renamed("connect\(infix)\(Self.capitalized(method))\(id)\(suffix)")
            }
        }
        var paths = [OpenAPIPath(path: path, tag: tag, operations: operations("", []))]
        if hasPath {
            let more = [OpenAPIParameter("path", inPath: true)]
            paths.append(
                OpenAPIPath(path: path + "/{path}", tag: tag, operations: operations("WithPath", more)))
        }
        return paths
    }

    private func query(_ options: ObjectType) -> [OpenAPIParameter] {
        // Of a time upstream says nothing, although it is read.
        options.fields.filter { $0.scalar != .time }.map { field in
            switch field.scalar {
            case .bool: OpenAPIParameter(field.name, "boolean")
            case .int32, .int64, .uint32, .uint64: OpenAPIParameter(field.name, "integer")
            default: OpenAPIParameter(field.name)
            }
        }
    }
}

extension OpenAPIOperation {
    func renamed(_ id: String) -> OpenAPIOperation {
        var copy = OpenAPIOperation(method, id, content: content, produces: produces)
        copy.action = action
        copy.kind = kind
        copy.parameters = parameters
        copy.body = body
        copy.bodyTypes = bodyTypes
        copy.codes = codes
        return copy
    }
}
