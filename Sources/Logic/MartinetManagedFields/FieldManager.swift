package import MartinetBase
package import MartinetSchema

/// The versions of a kind that objects can be turned into, so that each manager's fields are looked at in its own.
package protocol ObjectVersions: Sendable {
    /// The type of objects of this version; nil where there is no such version any more.
    func type(for apiVersion: String) -> ObjectType?
    /// The object in another version; nil where there is no such version.
    func convert(_ object: Object, to apiVersion: String) -> Object?
}

/// Keeps record of who manages which fields, through every write of an object.
///
/// Source: apimachinery's managedfields package and structured-merge-diff's merge.Updater.
package struct FieldManager: Sendable {
    /// How many entries of `Update` an object has at most; older ones are put together.
    package static let updateManagersMax = 10
    static let ancientManager = "ancient-changes"
    /// Owns what an object had before anybody's fields were tracked.
    static let firstManager = "before-first-apply"

    package let type: ObjectType
    package let apiVersion: String
    package let subresource: String
    let filter: ResetFields
    let converter: any ObjectVersions

    /// - Parameter type: of objects in the version of the request.
    package init(
        type: ObjectType, apiVersion: String, subresource: String, filter: ResetFields, converter: any ObjectVersions
    ) {
        self.type = type
        self.apiVersion = apiVersion
        self.subresource = subresource
        self.filter = filter
        self.converter = converter
    }

    /// Records what a create, update or patch changed.
    ///
    /// - Parameters:
    ///   - live: what is stored; nil for a create.
    ///   - known: the live object's entries, where they have been read before.
    ///   - object: what shall be stored, with the entries that the client sent. It gets those that shall be stored.
    ///   - name: of the manager.
    package func update(
        live: Object?, known: ManagedFields? = nil, object: inout Object, name: String, now: Timestamp
    ) {
        let managed = entries(for: object, live, known)
        object.setManagedFieldsList(nil)
        var base = live ?? Object(type: type)
        base.setManagedFieldsList(nil)
        // Of an object that nobody's fields are known of, nothing is recorded until it is applied.
        if managed.isEmpty, live != nil { return }
        // A broken object has no managers: it must not keep garbage.
        guard let updated = try? update(managed, from: base, to: object, name: name, now: now) else { return }
        object.setManagedFields(updated)
    }

    /// The entries that a write starts from: what the client sent, if it may and they are any; else the stored ones.
    private func entries(for object: Object, _ live: Object?, _ known: ManagedFields?) -> ManagedFields {
        let stored = live?.managedFieldsList
        func storedEntries() -> ManagedFields {
            known ?? live?.managedFields(isCanonical: true) ?? ManagedFields()
        }
        guard subresource.isEmpty, let sent = object.managedFieldsList else { return storedEntries() }
        if isReset(sent) { return ManagedFields() }
        if sent == stored { return storedEntries() }
        guard let entries = try? ManagedFields(sent, isCanonical: false), !entries.isEmpty else {
            return storedEntries()
        }
        return entries
    }

    /// An empty list, or one empty entry, asks for all entries to be forgotten. Of objects that are kept as JSON, which
    /// have no protobuf form, upstream takes an empty list for none.
    private func isReset(_ sent: [Value]) -> Bool {
        if sent.isEmpty { return type.kind?.protobufPackage.isEmpty == false }
        if sent.count == 1, case .object(let entry) = sent[0] { return entry.isEmpty }
        return false
    }

    func update(
        _ managed: ManagedFields, from base: Object, to object: Object, name: String, now: Timestamp
    ) throws(TypedError) -> ManagedFields {
        var comparisons = Comparisons(base, object, self)
        let compared = try comparisons.of(apiVersion) ?? Comparison()
        // Nothing changed, in any version: nobody gets or loses anything.
        if compared.isEmpty, base == object, managed.isCurrent { return managed }
        var result = try transferring(reconciled(managed), &comparisons, except: nil).managed
        let own = filter.apply(compared.modified.union(compared.added), apiVersion).subtracting(FieldManager.stripped)
        if !own.isEmpty {
            let manager = ManagedFields.Manager(
                name: name, operation: .update, apiVersion: apiVersion, subresource: subresource)
            // Nothing new to own: the entry's text can stay, only its time does not.
            if var before = managed[manager], before.apiVersion == apiVersion, before.contains(own),
                before.intersection(compared.removed).isEmpty
            {
                before.time = now
                result.set(before)
            } else {
                let fields = result[manager].map { own.union($0.fields) } ?? own
                result.set(.init(manager, apiVersion: apiVersion, fields: fields, time: now))
            }
        }
        result.capUpdates(at: FieldManager.updateManagersMax)
        return result
    }

    /// Takes what a write changed or removed away from everybody else.
    ///
    /// - Returns: the entries that are left, and what was taken from whom although it is still there.
    func transferring(
        _ managed: ManagedFields, _ comparisons: inout Comparisons, except own: ManagedFields.Manager?
    ) throws(TypedError) -> (managed: ManagedFields, conflicts: [(manager: ManagedFields.Manager, fields: FieldSet)]) {
        var result = ManagedFields()
        result.isCurrent = managed.isCurrent
        var conflicts: [(manager: ManagedFields.Manager, fields: FieldSet)] = []
        for entry in managed.entries {
            if entry.manager == own {
                if !entry.isEmpty { result.entries.append(entry) }
                continue
            }
            guard let compared = try comparisons.of(entry.apiVersion) else { continue }
            let taken = entry.intersection(compared.changed)
            if !taken.isEmpty { conflicts.append((entry.manager, taken)) }
            let gone = entry.intersection(compared.removed).union(taken)
            let entry = gone.isEmpty ? entry : entry.with(entry.fields.subtracting(gone))
            if !entry.isEmpty { result.entries.append(entry) }
        }
        return (result, conflicts)
    }

    /// Fields that belong to nobody: what the system sets, and what says which object it is.
    static let stripped = FieldSet(
        [["apiVersion"], ["kind"], ["metadata"]].map { $0.map(PathElement.field) }
            + [
                "name", "namespace", "creationTimestamp", "selfLink", "uid", "clusterName", "generation",
                "managedFields", "resourceVersion",
            ].map { [.field("metadata"), .field($0)] })
}

/// The comparison of two objects in each version in which somebody manages fields.
struct Comparisons {
    private let old: Object
    private let new: Object
    private let manager: FieldManager
    private var made: [String: Comparison?] = [:]

    init(_ old: Object, _ new: Object, _ manager: FieldManager) {
        self.old = old
        self.new = new
        self.manager = manager
    }

    /// States the comparison in the request's own version, which is made of more than the objects have.
    mutating func know(_ comparison: Comparison) {
        made[manager.apiVersion] = .some(manager.filter.apply(comparison, manager.apiVersion))
    }

    /// Nil where there is no such version.
    mutating func of(_ version: String) throws(TypedError) -> Comparison? {
        if let made = made[version] { return made }
        var comparison: Comparison?
        if version == manager.apiVersion {
            comparison = try Comparison.of(old, new)
        } else if let old = manager.converter.convert(old, to: version),
            let new = manager.converter.convert(new, to: version)
        {
            comparison = try Comparison.of(old, new)
        }
        comparison = comparison.map { manager.filter.apply($0, version) }
        made[version] = .some(comparison)
        return comparison
    }
}

extension ManagedFields {
    /// Puts the oldest entries of `Update` of a version into one, until there are no more than `limit`.
    mutating func capUpdates(at limit: Int) {
        var updaters = entries.filter { $0.manager.operation == .update }.map(\.manager)
        guard updaters.count > limit else { return }
        func age(_ manager: Manager) -> (Int64, String) {
            (self[manager]?.time?.seconds ?? 0, manager.identifier)
        }
        updaters.sort { a, b in
            let (left, right) = (age(a), age(b))
            return left.0 != right.0 ? left.0 < right.0 : left.1.precedes(right.1)
        }
        var first: [String: Manager] = [:]
        var count = updaters.count
        for manager in updaters where count > limit {
            guard let entry = self[manager] else { continue }
            guard let earliest = first[entry.apiVersion] else {
                first[entry.apiVersion] = manager
                continue
            }
            let bucket = Manager(
                name: FieldManager.ancientManager, operation: .update, apiVersion: entry.apiVersion, subresource: "")
            var fields = self[bucket]?.fields ?? FieldSet()
            if index(of: bucket) == nil, let oldest = self[earliest] {
                fields = oldest.fields
                remove(earliest)
            }
            remove(manager)
            set(
                Entry(
                    bucket, apiVersion: entry.apiVersion, fields: entry.fields.union(fields), time: entry.time))
            count -= 1
        }
    }
}

extension ManagedFields.Manager {
    /// The order among managers of the same age, which is that of their JSON.
    var identifier: String {
        var text = #"{"manager":\#(name.debugDescription),"operation":"\#(operation.rawValue)""#
        if !apiVersion.isEmpty { text += #","apiVersion":"\#(apiVersion)""# }
        if !subresource.isEmpty { text += #","subresource":"\#(subresource)""# }
        return text + "}"
    }
}
