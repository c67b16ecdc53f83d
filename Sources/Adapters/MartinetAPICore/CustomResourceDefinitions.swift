import MartinetAPI
import MartinetBase
import MartinetClient
import MartinetCustomResources
import MartinetManagedFields
package import MartinetSchema
import MartinetStore

// What a CustomResourceDefinition does to the registry.
//
// A definition is first given its status (accepted names, Established); the write that establishes it is also what makes
// its versions served, on the store's thread: no object of it can be written before its cache is there, and none is missed.
extension Registry {
    static let definitionKind = "CustomResourceDefinition"
    /// Keeps a definition until its objects are gone.
    static let cleanupFinalizer = "customresourcecleanup.apiextensions.k8s.io"

    /// Follows a definition. Runs on the store's thread, or before the registry is used.
    ///
    /// - Parameter object: nil once it is gone.
    func definitionChanged(_ name: String, _ object: Object?) {
        guard let object else { return setCustom(name, []) }
        let definition = CustomResourceDefinition(object: object)
        if definition.metadata.deletionTimestamp != nil {
            if definition.metadata.finalizers.contains(Registry.cleanupFinalizer) {
                waiting.submit { self.deleteObjects(of: name) }
            }
            return
        }
        if definition.status.conditions.contains(where: { $0.type == "Established" && $0.status == "True" }) {
            serve(definition)
        }
        if withStatus(definition).object != object { waiting.submit { self.writeStatus(name) } }
    }

    private func serve(_ definition: CustomResourceDefinition) {
        let name = definition.metadata.name
        do {
            let versions = try CustomResources.served(definition)
            let storage = versions.first { $0.isStorage }?.kind
            let before = custom(name)
            let served = versions.filter(\.isServed)
            let conversion = conversion(of: definition, versions)
            let isSame =
                before.map(\.kind) == served.map(\.kind) && before.first?.conversion?.spec == conversion?.spec
                && before.map(\.storageKind) == served.map { $0.isStorage ? nil : storage }
            guard !isSame else { return }
            func cache(_ kind: Kind) -> ResourceCache {
                ResourceCache(
                    prefix: ServedResource.prefix(group: kind.group, plural: kind.plural), reached: reached,
                    logged: store.revision)
            }
            // Where somebody outside converts, one cache serves all versions.
            let shared = conversion.map { cache($0.storage.kind) }
            let resources = served.map { version in
                ServedResource(
                    kind: version.kind, fingerprint: version.fingerprint, strategy: version.strategy,
                    cache: shared ?? cache(version.kind), storageKind: version.isStorage ? nil : storage,
                    converter: conversion.map { WebhookVersions(conversion: $0) } ?? CustomVersions(),
                    deprecation: version.deprecationWarning, conversion: conversion)
            }
            for resource in shared == nil ? resources[...] : resources.prefix(1) { try load(resource) }
            setCustom(name, resources)
        } catch {
            // Validation has let it through: it is told, and what was served before stays.
            log.error("custom resource cannot be served", [("name", name), ("error", "\(error)")])
        }
    }

    /// How objects get from one version to another where a webhook does it; nil where nobody needs to.
    private func conversion(
        of definition: CustomResourceDefinition, _ versions: [ServedCustomVersion]
    ) -> WebhookConversion? {
        guard let spec = definition.spec.conversion, spec.strategy == "Webhook", versions.count > 1 else { return nil }
        let all = versions.map { WebhookConversion.Version(kind: $0.kind, strategy: $0.strategy) }
        guard let index = versions.firstIndex(where: \.isStorage) else { return nil }
        return WebhookConversion(
            spec: spec.object, versions: all, storage: all[index], caller: webhooks.caller, runtime: runtime)
    }

    /// The schemas of custom kinds as their definitions have them, for what is published.
    package var definedSchemas: [Kind: Value] {
        var schemas: [Kind: Value] = [:]
        for definition in definitions {
            for resource in custom(definition.metadata.name) {
                guard
                    let version = definition.spec.versions.first(where: { $0.name == resource.kind.version }),
                    let schema = version.schema?.openAPIV3Schema,
                    let tree = try? JSONDecoder.decodeAny(JSONEncoder.encode(schema.object)).value
                else { continue }
                schemas[resource.kind] = tree
            }
        }
        return schemas
    }

    /// The definition as it must be: with its names and conditions, and kept until its objects are gone.
    private func withStatus(_ definition: CustomResourceDefinition) -> CustomResourceDefinition {
        var result = definition
        let others = definitions.filter { $0.metadata.name != definition.metadata.name }
        result.status = AcceptedNames.status(
            of: definition, others: others, builtins: BuiltinResources.kinds, now: runtime.now())
        if !result.metadata.finalizers.contains(Registry.cleanupFinalizer) {
            result.metadata.finalizers.append(Registry.cleanupFinalizer)
        }
        return result
    }

    private var definitionResource: ServedResource? {
        served[ResourceName(group: "apiextensions.k8s.io", version: "v1", plural: "customresourcedefinitions")]
    }

    private var definitions: [CustomResourceDefinition] {
        let objects = definitionResource?.cache.page(Selection(), from: nil, limit: 0, at: nil)?.objects ?? []
        return objects.map { CustomResourceDefinition(object: $0.object) }
    }

    /// A write of the system's own: metadata and status at once, again when another came between.
    private func writeStatus(_ name: String) {
        guard let resource = definitionResource,
            let current = resource.cache.get(resource.key(namespace: nil, name: name))
        else { return }
        var object = withStatus(CustomResourceDefinition(object: current.object)).object
        guard object != current.object else { return }
        fieldManager(resource, subresource: "status").update(
            live: current.object, known: current.managed, object: &object, name: "kube-apiserver", now: runtime.now())
        guard let bytes = try? encode(object, resource) else { return }
        write(.update(current.key, bytes, modified: current.revision), current.key, resource) {
            result in
            if case .failure(let error) = result, error.isConflict { self.waiting.submit { self.writeStatus(name) } }
        }
    }

    /// Deletes what a definition that is going defines, then lets the definition go.
    private func deleteObjects(of name: String) {
        let all = custom(name)
        // What lies in the storage version is deleted without anybody converting it.
        guard let resource = all.first(where: { $0.storageKind == nil }) ?? all.first else {
            return releaseDefinition(name)
        }
        let left = resource.cache.page(Selection(), from: nil, limit: 0, at: nil)?.objects ?? []
        guard !left.isEmpty else { return releaseDefinition(name) }
        var request = APIRequest(.deletecollection, ResourceName(resource.kind))
        request.resource.namespace = nil
        do throws(APIError) {
            try deleteCollection(request, resource, .server) { _ in
                // Objects with finalizers take their time.
                self.waiting.submit(after: .milliseconds(50)) { self.deleteObjects(of: name) }
            }
        } catch {
            waiting.submit(after: .seconds(1)) { self.deleteObjects(of: name) }
        }
    }

    private func releaseDefinition(_ name: String) {
        guard let resource = definitionResource,
            let current = resource.cache.get(resource.key(namespace: nil, name: name))
        else { return }
        var object = current.object
        var metadata = object.metadata
        metadata.finalizers.removeAll { $0 == Registry.cleanupFinalizer }
        object.metadata = metadata
        let done: Completion = { result in
            if case .failure(let error) = result, error.isConflict {
                self.waiting.submit { self.releaseDefinition(name) }
            }
        }
        let request = APIRequest(.update, ResourceName(resource.kind, name: name))
        if isDone(object, resource) { return remove(current, request, resource, answering: nil, done) }
        guard let bytes = try? encode(object, resource) else { return }
        write(.update(current.key, bytes, modified: current.revision), current.key, resource, done)
    }
}
