package import MartinetBase
package import MartinetSchema

/// Who manages which fields of an object: `metadata.managedFields`, read.
package struct ManagedFields: Sendable {
    package enum Operation: String, Sendable, Hashable {
        case apply = "Apply"
        case update = "Update"
    }

    /// What makes two entries the same: whoever applies does so once for all versions.
    package struct Manager: Sendable, Hashable {
        package let name: String
        package let operation: Operation
        /// Empty for `Apply`.
        package let apiVersion: String
        package let subresource: String

        package init(name: String, operation: Operation, apiVersion: String, subresource: String) {
            self.name = name.isEmpty ? "unknown" : name
            self.operation = operation
            self.apiVersion = operation == .apply ? "" : apiVersion
            self.subresource = subresource
        }

        /// As a conflict names it.
        package var description: String {
            var text = name.debugDescription
            if !subresource.isEmpty { text += " with subresource \(subresource.debugDescription)" }
            if operation == .update { text += " using \(apiVersion)" }
            return text
        }
    }

    package struct Entry: Sendable {
        package var manager: Manager
        /// The version in which the fields are named.
        package var apiVersion: String
        package var time: Timestamp?
        /// The fields as they are stored, while nothing about them has changed: most writes look at few of them.
        fileprivate let json: String?
        private let known: FieldSet

        package init(_ manager: Manager, apiVersion: String, fields: FieldSet, time: Timestamp?) {
            self.manager = manager
            self.apiVersion = apiVersion
            self.time = time
            json = nil
            known = fields
        }

        /// - Parameter json: as `FieldSet.json` writes it.
        fileprivate init(_ manager: Manager, apiVersion: String, json: String, time: Timestamp?) {
            self.manager = manager
            self.apiVersion = apiVersion
            self.time = time
            self.json = json
            known = FieldSet()
        }

        /// Reads them, where that has not been necessary before.
        package var fields: FieldSet {
            guard let json else { return known }
            return (try? FieldSet(json: json)) ?? FieldSet()
        }

        func with(_ fields: FieldSet) -> Entry {
            Entry(manager, apiVersion: apiVersion, fields: fields, time: time)
        }

        /// The fields that are in another set too.
        func intersection(_ other: FieldSet) -> FieldSet {
            guard let json else { return known.intersection(other) }
            return (try? FieldSet.intersection(ofJSON: json, other)) ?? FieldSet()
        }

        func contains(_ other: FieldSet) -> Bool { intersection(other) == other }

        var isEmpty: Bool { json.map { $0 == "{}" } ?? known.isEmpty }
    }

    package var entries: [Entry] = []
    /// Whether the entries are known to be in the form of the schema as it is now.
    package var isCurrent = false

    package init() {}

    package var isEmpty: Bool { entries.isEmpty }

    func index(of manager: Manager) -> Int? { entries.firstIndex { $0.manager == manager } }

    package subscript(manager: Manager) -> Entry? { index(of: manager).map { entries[$0] } }

    mutating func remove(_ manager: Manager) { entries.removeAll { $0.manager == manager } }

    /// Puts an entry in the place of the one of the same manager.
    mutating func set(_ entry: Entry) {
        if let index = index(of: entry.manager) { entries[index] = entry } else { entries.append(entry) }
    }
}

extension ManagedFields {
    /// Reads the entries of an object.
    ///
    /// - Parameter isCanonical: whether they were written by `encode`, so that unchanged ones can be written as they are.
    /// - Throws: where one of them is no entry.
    package init(_ values: [Value], isCanonical: Bool) throws(FieldSetError) {
        for (index, value) in values.enumerated() {
            guard case .object(let object) = value else { throw FieldSetError(message: "entry \(index) is no object") }
            let parts = EntryParts(object.type)
            guard let operation = Operation(rawValue: object[string: parts.operation]) else {
                throw FieldSetError(message: "operation must be `Apply` or `Update`")
            }
            let version = object[string: parts.apiVersion]
            guard !version.isEmpty else { throw FieldSetError(message: "apiVersion must not be empty") }
            guard object[string: parts.fieldsType] == "FieldsV1" else {
                throw FieldSetError(message: "invalid fieldsType in managed fields entry \(index)")
            }
            let json = object[raw: parts.fields]?.text ?? "{}"
            let manager = Manager(
                name: object[string: parts.manager], operation: operation, apiVersion: version,
                subresource: object[string: parts.subresource])
            let time = object[time: parts.time]
            if isCanonical {
                set(Entry(manager, apiVersion: version, json: json, time: time))
            } else {
                set(Entry(manager, apiVersion: version, fields: try FieldSet(json: json), time: time))
            }
        }
    }

    /// The entries as objects of a type, which is the schema's own of the object that they go into.
    package func encode(as type: ObjectType) -> [Value] {
        let parts = EntryParts(type)
        return sorted.map { entry in
            var object = Object(type: type)
            object[string: parts.manager] = entry.manager.name
            object[string: parts.operation] = entry.manager.operation.rawValue
            object[string: parts.apiVersion] = entry.apiVersion
            object[time: parts.time] = entry.time
            object[string: parts.fieldsType] = "FieldsV1"
            object[raw: parts.fields] = RawJSON(text: entry.json ?? entry.fields.json)
            object[string: parts.subresource] = entry.manager.subresource
            return .object(object)
        }
    }

    /// By operation, time in seconds, name, version, subresource.
    private var sorted: [Entry] {
        entries.sorted { a, b in
            if a.manager.operation != b.manager.operation { return a.manager.operation == .apply }
            let (left, right) = (a.time?.seconds ?? 0, b.time?.seconds ?? 0)
            if left != right { return left < right }
            if a.manager.name != b.manager.name { return a.manager.name.precedes(b.manager.name) }
            if a.apiVersion != b.apiVersion { return a.apiVersion.precedes(b.apiVersion) }
            return a.manager.subresource.precedes(b.manager.subresource)
        }
    }
}

/// Where the parts of an entry lie, in the built-in type and in the copies of it that custom resources have.
private struct EntryParts {
    let manager = 0, operation = 1, apiVersion = 2, time = 3, fieldsType = 4, fields = 5, subresource = 6

    init(_ type: ObjectType) {
        precondition(
            type.name == "meta/v1.ManagedFieldsEntry" && type.fieldCount == 7, "no entry of managed fields")
    }
}

extension Object {
    /// The list in `metadata.managedFields`; nil where there is none.
    package var managedFieldsList: [Value]? {
        guard let (metadata, field) = managedFieldsPlace, case .object(let inner)? = self[metadata],
            case .list(let values)? = inner[field.slot]
        else { return nil }
        return values
    }

    package mutating func setManagedFieldsList(_ values: [Value]?) {
        guard let (metadata, field) = managedFieldsPlace, let type = self.type.field(metadata).type else { return }
        var inner = Object(type: type)
        if case .object(let present)? = self[metadata] { inner = present }
        self[metadata] = nil
        inner[field.slot] = values.flatMap { $0.isEmpty ? nil : .list($0) }
        self[metadata] = inner.isEmpty ? nil : .object(inner)
    }

    /// The entries that the object has. Unreadable ones are none.
    package func managedFields(isCanonical: Bool) -> ManagedFields {
        guard let values = managedFieldsList else { return ManagedFields() }
        return (try? ManagedFields(values, isCanonical: isCanonical)) ?? ManagedFields()
    }

    package mutating func setManagedFields(_ managed: ManagedFields) {
        guard let (_, field) = managedFieldsPlace, let type = field.type else { return }
        setManagedFieldsList(managed.encode(as: type))
    }

    private var managedFieldsPlace: (metadata: Int, field: Field)? {
        guard type.fieldCount > 0 else { return nil }
        // Nearly every kind has its metadata first.
        let first = type.field(0)
        guard let metadata = first.name == "metadata" ? first : type.field(named: "metadata"),
            let field = metadata.type?.field(named: "managedFields"), field.type != nil
        else { return nil }
        return (metadata.slot, field)
    }
}
