package import MartinetSchema

/// The forms of a patch, by their media types.
package enum PatchType: String, Sendable, CaseIterable {
    case json = "application/json-patch+json"
    case merge = "application/merge-patch+json"
    case strategic = "application/strategic-merge-patch+json"
}

/// Why a patch cannot be applied.
package struct PatchError: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Code: Sendable {
        /// The patch itself is broken.
        case malformed
        /// It does not fit the object.
        case unprocessable
        /// What comes out is no object of the kind.
        case invalidResult
        /// This form of patch is not for this kind.
        case unsupported
    }
    package let code: Code
    package let message: String
    /// Whether an operation `test` found something else than it expects.
    package let isFailedTest: Bool
    package init(_ code: Code, _ message: String, isFailedTest: Bool = false) {
        self.code = code
        self.message = message
        self.isFailedTest = isFailedTest
    }
    package var description: String { message }
}

/// Applies patches to objects of any kind.
package enum Patcher {
    /// The patched object, and the fields of the patch that the kind does not have.
    package static func apply(
        _ document: [UInt8], _ type: PatchType, to object: Object
    ) throws(PatchError) -> (object: Object, issues: [FieldIssue]) {
        let patch = try parse(document)
        let current = try tree(of: object)
        let patched: Value
        switch type {
        case .json: patched = try JSONPatch(patch).apply(to: current, copiesAbsent: true)
        case .merge:
            guard case .map = patch else { throw PatchError(.malformed, "a merge patch must be an object") }
            patched = MergePatch.apply(patch, to: current)
        case .strategic:
            guard case .map(let map) = patch else {
                throw PatchError(.malformed, "a strategic merge patch must be an object")
            }
            guard object.type.kind?.protobufPackage.isEmpty == false || object.type.kind?.group.isEmpty == true else {
                throw PatchError(.unsupported, "strategic merge patches are only for built-in kinds: use a merge patch")
            }
            guard case .map(let original) = current else { return (object, []) }
            patched = .map(try StrategicMerge.merge(map, into: original, type: object.type, depth: 0))
        }
        guard case .map = patched else { throw PatchError(.invalidResult, "the patch makes the object something else") }
        do throws(DecodeError) {
            let result = try JSONDecoder.decode(JSONEncoder.encode(patched), as: object.type)
            return (result.object, result.issues)
        } catch {
            throw PatchError(.invalidResult, error.description)
        }
    }

    private static func parse(_ document: [UInt8]) throws(PatchError) -> Value {
        do throws(DecodeError) {
            return try JSONDecoder.decodeAny(document).value
        } catch {
            throw PatchError(.malformed, "the patch is not valid JSON: \(error.message)")
        }
    }

    /// An object as a tree without types, as clients see it.
    private static func tree(of object: Object) throws(PatchError) -> Value {
        do throws(DecodeError) {
            return try JSONDecoder.decodeAny(JSONEncoder.encode(object)).value
        } catch {
            throw PatchError(.unprocessable, error.description)
        }
    }
}

/// JSON merge patch (RFC 7386).
enum MergePatch {
    static func apply(_ patch: Value, to target: Value?) -> Value {
        guard case .map(let changes) = patch else { return patch }
        var result = Map()
        if case .map(let map)? = target { result = map }
        for entry in changes.entries {
            result[entry.key] = entry.value == .null ? nil : apply(entry.value, to: result[entry.key])
        }
        return .map(result)
    }
}
