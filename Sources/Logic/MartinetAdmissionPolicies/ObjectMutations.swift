import MartinetCEL
import MartinetCELKubernetes
import MartinetManagedFields
import MartinetPatch
import MartinetSchema

/// Lays what expressions of mutating policies made over an object.
///
/// Source: apiserver's admission/plugin/policy/mutating/patch.
enum ObjectMutations {
    // MARK: - Configurations

    /// Merges as server-side apply does, but nobody becomes the owner of anything and nothing is ever removed.
    static func apply(_ value: CELValue, to object: Object) throws(PolicyFailure) -> Object {
        guard case .object(let made as CELConstructedObject) = value, let kind = object.type.kind else {
            throw PolicyFailure("an apply configuration must be an Object")
        }
        try MadeObjects.checkNames(value)
        guard case .map(var config) = try MadeObjects.plain(value) else {
            throw PolicyFailure("an apply configuration must be an Object, not \(made.typeName)")
        }
        config["apiVersion"] = .string(kind.apiVersion)
        config["kind"] = .string(kind.name)
        let shape = Shape(object.type)
        // Who manages what is not for policies, and is much of what there is to merge.
        var base = object
        let managed = object.managedFieldsList
        base.setManagedFieldsList(nil)
        let merged: Value
        do throws(TypedError) {
            try Validation.check(.map(config), shape, allowsDuplicates: false)
            let atomics = AtomicParts.paths(in: .map(config), shape)
            guard atomics.isEmpty else {
                throw TypedError("may not mutate atomic arrays, maps or structs: \(atomics.joined(separator: ", "))")
            }
            merged = try Merge.merge(PlainForm.root(base), .map(config), shape)
        } catch {
            throw PolicyFailure("error applying patch: invalid ApplyConfiguration: \(error)")
        }
        var result = try decoded(merged, object.type)
        result.setManagedFieldsList(managed)
        return result
    }

    // MARK: - Patches

    /// - Returns: the object as it was where an operation `test` of the patch fails.
    static func patch(_ object: Object, _ value: CELValue) throws(PolicyFailure) -> Object {
        guard case .list(let operations) = value else { throw PolicyFailure("a JSON patch must be a list") }
        guard operations.count <= JSONPatch.operationsMax else {
            throw PolicyFailure("a JSON patch has at most \(JSONPatch.operationsMax) operations")
        }
        var steps: [Value] = []
        for index in 0..<operations.count { steps.append(try step(operations.element(at: index), index)) }
        let patched: Value
        do throws(PatchError) {
            patched = try JSONPatch(.list(steps)).apply(to: PlainForm.root(object), copiesAbsent: true)
        } catch {
            if error.isFailedTest { return object }
            throw PolicyFailure("JSON Patch: \(error.message)")
        }
        return try decoded(patched, object.type)
    }

    private static func step(_ value: CELValue, _ index: Int) throws(PolicyFailure) -> Value {
        guard case .object(let made as CELConstructedObject) = value, made.typeName == "JSONPatch" else {
            throw PolicyFailure("type mismatch: element \(index) of a JSON patch must be a JSONPatch")
        }
        var step = Map()
        for (name, value) in made.fields {
            if name == "value" {
                try MadeObjects.checkNames(value)
                step[name] = try MadeObjects.plain(value)
            } else if case .string(let text) = value {
                if name != "from" || !text.isEmpty { step[name] = .string(text) }
            } else {
                throw PolicyFailure("unexpected type \(value.type) for JSONPatch '\(name)' field")
            }
        }
        return .map(step)
    }

    // MARK: - Results

    /// A field that the kind does not have is no mutation.
    private static func decoded(_ value: Value, _ type: ObjectType) throws(PolicyFailure) -> Object {
        guard case .map(let map) = value, let kind = type.kind, map["kind"] == .string(kind.name),
            map["apiVersion"] == .string(kind.apiVersion)
        else { throw PolicyFailure("a mutation must leave apiVersion and kind of the object as they are") }
        let result: JSONDecoder.Result
        do throws(DecodeError) {
            result = try JSONDecoder.decode(JSONEncoder.encode(value), as: type)
        } catch {
            throw PolicyFailure("the mutated object is none of its kind: \(error.description)")
        }
        guard result.issues.isEmpty else {
            let issues = result.issues.prefix(5).map(\.description).joined(separator: ", ")
            throw PolicyFailure("the mutated object is none of its kind: strict decoding error: \(issues)")
        }
        return result.object
    }
}
