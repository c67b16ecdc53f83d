package import MartinetBase
package import MartinetSchema

/// Why a configuration is not applied.
package enum ApplyError: Error, Sendable {
    /// Others manage fields that it sets to something else.
    case conflicts([ApplyConflict])
    /// The request is wrong: the text says how.
    case badRequest(String)
    /// The configuration does not have the form that the schema says. (The reference answers 500 without a reason.)
    case malformed(String)
}

/// One field that somebody else manages.
package struct ApplyConflict: Sendable, Hashable {
    package let manager: ManagedFields.Manager
    package let path: [PathElement]

    /// Such as `.spec.containers[name="c"].image`.
    package var field: String { path.map(\.description).joined() }
    package var message: String { "conflict with \(manager.description)" }
}

extension FieldManager {
    /// What applying a configuration makes of an object.
    package struct Applied: Sendable {
        /// The object with its new entries. Fields that the schema does not have are gone.
        package var object: Object
        /// Names of fields that the schema does not have, and that are there twice.
        package var issues: [FieldIssue]
    }

    package struct Application: Sendable {
        /// The configuration, as plain JSON.
        package var config: Value
        /// The field manager that applies.
        package var name: String
        package var isForced: Bool
        package var now: Timestamp

        package init(config: Value, name: String, isForced: Bool, now: Timestamp) {
            self.config = config
            self.name = name
            self.isForced = isForced
            self.now = now
        }
    }

    /// Applies a configuration to what is stored.
    ///
    /// - Parameters:
    ///   - live: nil where nothing is, which the application creates.
    ///   - known: the live object's entries, where they have been read before.
    package func apply(
        _ application: Application, to live: Object?, known: ManagedFields? = nil
    ) throws(ApplyError) -> Applied {
        do {
            return try applyOrFail(application, to: live, known)
        } catch let error as ApplyError {
            throw error
        } catch {
            throw ApplyError.malformed("failed to apply: \(error)")
        }
    }

    private func applyOrFail(
        _ application: Application, to live: Object?, _ known: ManagedFields?
    ) throws -> Applied {
        try check(application.config)
        var base = live ?? Object(type: type)
        let managed = known ?? base.managedFields(isCanonical: true)
        base.setManagedFieldsList(nil)
        do {
            return try applied(application, to: base, managed)
        } catch ApplyError.conflicts(let conflicts) {
            guard application.name == "kubectl", let owned = LastApplied.fields(of: base, apiVersion: apiVersion) else {
                throw ApplyError.conflicts(conflicts)
            }
            // What kubectl applied on the client's side before is its own.
            let left = conflicts.filter { !owned.contains($0.path) }
            guard left.isEmpty else { throw ApplyError.conflicts(left) }
            var forced = application
            forced.isForced = true
            return try applied(forced, to: base, managed)
        }
    }

    private func check(_ config: Value) throws {
        guard case .map(let map) = config else {
            throw ApplyError.badRequest("the applied configuration must be an object")
        }
        func text(_ name: String) -> String { if case .string(let text)? = map[name] { text } else { "" } }
        guard let kind = type.kind, text("apiVersion") == apiVersion, text("kind") == kind.name else {
            throw ApplyError.badRequest("invalid object type: \(text("apiVersion")), Kind=\(text("kind"))")
        }
        if case .map(let metadata)? = map["metadata"], case .list? = metadata["managedFields"] {
            throw ApplyError.badRequest("metadata.managedFields must be nil")
        }
        do {
            try Validation.check(config, Shape(type), allowsDuplicates: false)
        } catch {
            throw ApplyError.malformed(
                "failed to create typed patch object (\(apiVersion), Kind=\(kind.name)): \(error)")
        }
    }

    private func applied(
        _ application: Application, to base: Object, _ stored: ManagedFields
    ) throws -> Applied {
        let shape = Shape(type)
        var managed = stored
        if managed.isEmpty {
            managed = try update(
                managed, from: Object(type: type), to: base, name: FieldManager.firstManager, now: application.now)
        }
        managed = reconciled(managed)
        let live = PlainForm.root(base)
        let merged = try Merge.merge(live, application.config, shape)
        let manager = ManagedFields.Manager(
            name: application.name, operation: .apply, apiVersion: apiVersion, subresource: subresource)
        let before = managed[manager]
        let fields = filter.apply(try FieldSet(of: application.config, shape), apiVersion)
        managed.set(.init(manager, apiVersion: apiVersion, fields: fields, time: before?.time))
        var result = merged
        if let before { result = try pruned(merged, managed, before) }

        let isSame = result.isSame(as: live)
        var outcome = Applied(object: base, issues: [])
        if !isSame {
            let decoded = try JSONDecoder.decode(JSONEncoder.encode(result), as: type)
            outcome = Applied(object: decoded.object, issues: decoded.issues)
            outcome.object.setManagedFieldsList(nil)
        }
        var comparisons = Comparisons(base, outcome.object, self)
        comparisons.know(isSame ? Comparison() : try Comparison.of(live, result, shape))
        try take(application, manager, &comparisons, &managed)
        if let entry = managed[manager] {
            var own = entry.with(entry.fields.subtracting(FieldManager.stripped))
            if !isSame { own.time = application.now }
            if own.isEmpty { managed.remove(manager) } else { managed.set(own) }
        }
        if application.name == "kubectl" { LastApplied.refresh(in: &outcome.object, to: application.config) }
        outcome.object.setManagedFields(managed)
        return outcome
    }

    /// Takes from everybody else what the application changed, if it may.
    private func take(
        _ application: Application, _ manager: ManagedFields.Manager, _ comparisons: inout Comparisons,
        _ managed: inout ManagedFields
    ) throws {
        let (left, conflicts) = try transferring(managed, &comparisons, except: manager)
        if !conflicts.isEmpty, !application.isForced {
            let sorted = conflicts.sorted { $0.manager.identifier.precedes($1.manager.identifier) }
            throw ApplyError.conflicts(
                sorted.flatMap { conflict in
                    conflict.fields.paths.map { ApplyConflict(manager: conflict.manager, path: $0) }
                })
        }
        managed = left
    }

    /// The entries in the form that the schema has now; those of versions that are gone are left out.
    func reconciled(_ managed: ManagedFields) -> ManagedFields {
        if managed.isCurrent { return managed }
        var result = ManagedFields()
        result.isCurrent = true
        for entry in managed.entries {
            guard let type = entry.apiVersion == apiVersion ? type : converter.type(for: entry.apiVersion) else {
                continue
            }
            let before = entry.fields
            let fields = before.reconciled(with: Shape(type))
            result.entries.append(fields == before ? entry : entry.with(fields))
        }
        return result
    }
}
