import MartinetSchema

extension FieldManager {
    /// Removes what the manager applied the last time and does not apply any more, unless somebody else owns it.
    ///
    /// - Parameters:
    ///   - merged: the object with the new configuration laid over it.
    ///   - managed: all entries, the manager's new one among them.
    ///   - last: what it owned before.
    func pruned(_ merged: Value, _ managed: ManagedFields, _ last: ManagedFields.Entry) throws -> Value {
        if last.fields.isEmpty { return merged }
        // Nothing that it owned is without an owner now: nothing goes.
        let own = managed[last.manager]?.fields ?? FieldSet()
        if last.apiVersion == apiVersion, last.fields.subtracting(own).isEmpty { return merged }
        var owned: [String: FieldSet] = [:]
        for entry in managed.entries {
            owned[entry.apiVersion] = owned[entry.apiVersion]?.union(entry.fields) ?? entry.fields
        }
        if last.fields.subtracting(owned[last.apiVersion] ?? FieldSet()).isEmpty {
            return merged
        }
        guard let base = converted(merged, from: apiVersion, to: last.apiVersion) else { return merged }
        let shape = base.shape
        let lastFields = last.fields.withNamedFields(shape)
        var pruned = Versioned(
            value: Removal.remove(lastFields, from: base.value, shape), version: last.apiVersion, shape: shape)
        for version in [last.apiVersion] + owned.keys.filter({ $0 != last.apiVersion }).sorted() {
            guard let fields = owned[version] else { continue }
            pruned = try addBack(fields, version, base, pruned)
        }
        guard let result = converted(pruned.value, from: pruned.version, to: last.apiVersion) else { return merged }
        let prunedFields = try FieldSet(of: result.value, shape).withNamedFields(shape)
        let baseFields = try FieldSet(of: base.value, shape).withNamedFields(shape)
        let gone = baseFields.subtracting(prunedFields).intersection(lastFields)
        let final = Removal.remove(gone, from: base.value, shape)
        return converted(final, from: last.apiVersion, to: apiVersion)?.value ?? merged
    }

    struct Versioned {
        let value: Value
        let version: String
        let shape: Shape
    }

    /// What is owned in a version is there again.
    private func addBack(
        _ owned: FieldSet, _ version: String, _ base: Versioned, _ pruned: Versioned
    ) throws -> Versioned {
        guard let merged = converted(base.value, from: base.version, to: version),
            let rest = converted(pruned.value, from: pruned.version, to: version)
        else { return pruned }
        let shape = merged.shape
        let all = try FieldSet(of: merged.value, shape).withNamedFields(shape)
        let kept = try FieldSet(of: rest.value, shape).withNamedFields(shape).union(owned.withNamedFields(shape))
        return Versioned(
            value: Removal.remove(all.subtracting(kept), from: merged.value, shape), version: version, shape: shape)
    }

    /// A plain object in another version; nil where there is no such version.
    private func converted(_ value: Value, from: String, to: String) -> Versioned? {
        func type(_ version: String) -> ObjectType? {
            version == apiVersion ? self.type : converter.type(for: version)
        }
        guard let target = type(to) else { return nil }
        if from == to { return Versioned(value: value, version: to, shape: Shape(target)) }
        guard let source = type(from),
            let object = try? JSONDecoder.decode(JSONEncoder.encode(value), as: source).object,
            let converted = converter.convert(object, to: to)
        else { return nil }
        return Versioned(value: PlainForm.root(converted), version: to, shape: Shape(target))
    }
}
