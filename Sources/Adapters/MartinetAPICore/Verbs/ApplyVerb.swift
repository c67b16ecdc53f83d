import MartinetAPI
import MartinetBase
import MartinetClient
import MartinetManagedFields
import MartinetSchema
import MartinetStrategies

// Server-side apply: the configuration says what its manager wants to be so, and the object remembers that it does.
extension Registry {
    static let fieldManagerBytesMax = 128
    private static let applyTries = 16

    func apply(
        _ document: [UInt8], _ request: APIRequest, _ resource: ServedResource, _ identity: Identity,
        _ completion: @escaping Completion
    ) throws(APIError) {
        let config = try Registry.configuration(document, request.options)
        apply(config, request, resource, identity, tries: 0, completion)
    }

    static func configuration(_ document: [UInt8], _ options: APIRequest.Options) throws(APIError) -> Value {
        let decoded: (value: Value, issues: [FieldIssue])
        do throws(DecodeError) {
            decoded = try JSONDecoder.decodeAny(document)
        } catch {
            throw APIError.badRequest("error decoding YAML: \(error.message)")
        }
        if options.fieldValidation == "Strict", !decoded.issues.isEmpty {
            let texts = decoded.issues.map(\.description).joined(separator: ", ")
            throw APIError.badRequest("error strict decoding YAML: \(texts)")
        }
        return decoded.value
    }

    private func apply(
        _ config: Value, _ request: APIRequest, _ resource: ServedResource, _ identity: Identity, tries: Int,
        _ completion: @escaping Completion
    ) {
        let manager = fieldManager(resource, subresource: request.resource.subresource)
        let application = FieldManager.Application(
            config: config, name: request.options.fieldManager, isForced: request.options.force, now: runtime.now())
        let key = resource.key(namespace: request.resource.namespace, name: request.resource.name ?? "")
        if resource.cache.get(key) != nil {
            return change(request, resource, identity, .done, completion) { current in
                try Registry.apply(application, manager, current.object, known: current.managed)
            }
        }
        do throws(APIError) {
            guard request.resource.subresource.isEmpty else { throw APIError.notFound(request.resource) }
            try checkCreation(request, identity)
            let creation = try creation(of: application, manager, request, resource)
            create(creation, resource, identity, .done, tries: 0) { result in
                // Somebody else was first: what there is now is applied to.
                if case .failure(let error) = result, error.isAlreadyExists, tries < Registry.applyTries {
                    return self.apply(config, request, resource, identity, tries: tries + 1, completion)
                }
                completion(result)
            }
        } catch {
            completion(.failure(error))
        }
    }

    private func creation(
        of application: FieldManager.Application, _ manager: FieldManager, _ request: APIRequest,
        _ resource: ServedResource
    ) throws(APIError) -> APIRequest {
        let object = try Registry.apply(application, manager, nil)
        let metadata = object.metadata
        if !metadata.uid.isEmpty {
            throw APIError.conflict(
                request.resource,
                "uid mismatch: the provided object specified uid \(metadata.uid), and no existing object was found")
        }
        try Registry.checkName(object, request.resource, resource.kind)
        var creation = request
        creation.verb = .create
        creation.resource.name = nil
        creation.object = object
        return creation
    }

    static func apply(
        _ application: FieldManager.Application, _ manager: FieldManager, _ current: Object?,
        known: ManagedFields? = nil
    ) throws(APIError) -> Object {
        do throws(ApplyError) {
            return try manager.apply(application, to: current, known: known).object
        } catch {
            switch error {
            case .badRequest(let message): throw APIError.badRequest(message)
            // Upstream answers 500 to what is the client's fault.
            case .malformed(let message): throw APIError.badRequest(message)
            case .conflicts(let conflicts): throw APIError.applyConflict(conflicts)
            }
        }
    }

    /// What a patch makes of an object must still be the object that the path names.
    static func checkName(_ object: Object, _ resource: ResourceName, _ kind: Kind) throws(APIError) {
        let metadata = object.metadata
        guard !metadata.name.isEmpty else {
            throw APIError.badRequest(
                "the name of the object (\(resource.name ?? "") based on URL) was undeterminable: name must be provided"
            )
        }
        guard metadata.name == resource.name else {
            throw APIError.badRequest(
                "the name of the object (\(metadata.name)) does not match the name on the URL (\(resource.name ?? ""))")
        }
        // Of what has no namespace it is simply dropped.
        guard kind.isNamespaced else { return }
        let wanted = resource.namespace ?? ""
        guard metadata.namespace.isEmpty || metadata.namespace == wanted else {
            throw APIError.badRequest(
                "the namespace of the provided object does not match the namespace sent on the request: \(metadata.namespace.debugDescription) and \(wanted.debugDescription)"
            )
        }
    }

    /// What is wrong with the options of a write.
    static func checkOptions(_ request: APIRequest) throws(APIError) {
        let options = request.options
        let kinds: [APIRequest.Verb: String] = [
            .create: "CreateOptions", .update: "UpdateOptions", .patch: "PatchOptions",
        ]
        guard let kind = kinds[request.verb] else { return }
        var errors: [FieldError] = []
        if request.verb == .patch {
            let isApply = request.patch?.type == .apply
            if isApply, options.fieldManager.isEmpty {
                errors.append(.init(.required, "fieldManager", "Required value: is required for apply patch"))
            }
            if !isApply, options.force {
                errors.append(.init(.forbidden, "force", "Forbidden: may not be specified for non-apply patch"))
            }
        }
        if options.fieldManager.utf8.count > fieldManagerBytesMax {
            errors.append(.init(.tooLong, "fieldManager", "Too long: may not be more than 128 bytes"))
        }
        for (index, scalar) in options.fieldManager.unicodeScalars.enumerated() where !scalar.isPrintable {
            errors.append(
                .init(
                    .invalid, "fieldManager",
                    "Invalid value: \(options.fieldManager.debugDescription): invalid character at position \(index)"))
        }
        if !["", "Ignore", "Warn", "Strict"].contains(options.fieldValidation) {
            errors.append(
                .init(
                    .notSupported, "fieldValidation",
                    "Unsupported value: \(options.fieldValidation.debugDescription): supported values: \"Ignore\", \"Strict\", \"Warn\""
                ))
        }
        guard errors.isEmpty else { throw APIError.invalidOptions(kind, errors) }
    }
}

extension APIError {
    static func applyConflict(_ conflicts: [ApplyConflict]) -> APIError {
        var text = "Apply failed with \(conflicts.count) conflict\(conflicts.count == 1 ? "" : "s"): "
        if conflicts.count == 1 {
            text += "\(conflicts[0].message): \(conflicts[0].field)"
        } else {
            var lines: [String] = []
            var last: ManagedFields.Manager?
            for conflict in conflicts {
                if conflict.manager != last { lines.append("conflicts with \(conflict.manager.description):") }
                last = conflict.manager
                lines.append("- \(conflict.field)")
            }
            text += lines.joined(separator: "\n")
        }
        var error = APIError(code: 409, reason: "Conflict", message: text)
        error.causes = conflicts.map {
            Cause(reason: "FieldManagerConflict", field: $0.field, message: $0.message)
        }
        return error
    }

    static func invalidOptions(_ kind: String, _ errors: [FieldError]) -> APIError {
        let details = errors.map(\.description)
        let text = details.count == 1 ? details[0] : "[\(details.joined(separator: ", "))]"
        var error = APIError(code: 422, reason: "Invalid", message: "\(kind).meta.k8s.io \"\" is invalid: \(text)")
        error.group = "meta.k8s.io"
        error.kind = kind
        error.causes = errors.map { Cause(reason: $0.reason.rawValue, field: $0.field, message: $0.message) }
        return error
    }
}
