import MartinetCEL
import MartinetCELKubernetes
import MartinetSchema

/// The types that expressions of policies can name, beyond those of the language.
///
/// Source: apiserver's admission/plugin/cel/compile.go, v1.36.
struct PolicyTypes: CELTypeProvider {
    static let request = "kubernetes.AdmissionRequest"
    static let namespace = "kubernetes.Namespace"
    static let variables = "kubernetes.variables"

    private let base = CELWellKnownTypes()
    /// What `variables` has, as far as it is known.
    var variableTypes: [String: CELType] = [:]
    /// The kinds of objects, where expressions are held against them, by the names of their types.
    private var objects: [String: ObjectType] = [:]

    private static let declared: [String: [String: CELType]] = {
        let kind: [String: CELType] = ["group": .string, "version": .string, "kind": .string]
        let resource: [String: CELType] = ["group": .string, "version": .string, "resource": .string]
        let texts: CELType = .map(.string, .string)
        return [
            "kubernetes.GroupVersionKind": kind,
            "kubernetes.GroupVersionResource": resource,
            "kubernetes.UserInfo": [
                "username": .string, "uid": .string, "groups": .list(.string), "extra": .map(.string, .list(.string)),
            ],
            request: [
                "kind": .object("kubernetes.GroupVersionKind"), "resource": .object("kubernetes.GroupVersionResource"),
                "subResource": .string, "requestKind": .object("kubernetes.GroupVersionKind"),
                "requestResource": .object("kubernetes.GroupVersionResource"), "requestSubResource": .string,
                "name": .string, "namespace": .string, "operation": .string,
                "userInfo": .object("kubernetes.UserInfo"), "dryRun": .bool, "options": .dyn,
            ],
            namespace: [
                "metadata": .object("kubernetes.NamespaceMetadata"), "spec": .object("kubernetes.NamespaceSpec"),
                "status": .object("kubernetes.NamespaceStatus"),
            ],
            "kubernetes.NamespaceMetadata": [
                "name": .string, "generateName": .string, "namespace": .string, "labels": texts, "annotations": texts,
                "UID": .string, "creationTimestamp": .timestamp, "deletionGracePeriodSeconds": .int,
                "deletionTimestamp": .timestamp, "generation": .int, "resourceVersion": .string,
                "finalizers": .list(.string),
            ],
            "kubernetes.NamespaceSpec": ["finalizers": .list(.string)],
            "kubernetes.NamespaceStatus": [
                "conditions": .list(.object("kubernetes.NamespaceCondition")), "phase": .string,
            ],
            "kubernetes.NamespaceCondition": [
                "status": .string, "type": .string, "lastTransitionTime": .timestamp, "message": .string,
                "reason": .string,
            ],
        ]
    }()

    /// No variable has such a name, so that no path of fields is found as a type.
    private static func name(_ type: ObjectType) -> String { "kind:\(type.name)" }

    /// Knows the fields of a kind's objects from now on.
    ///
    /// - Returns: the type of its objects.
    mutating func add(_ type: ObjectType) -> CELType {
        var queue = [type]
        while let next = queue.popLast() {
            guard objects.updateValue(next, forKey: PolicyTypes.name(next)) == nil else { continue }
            queue += next.fields.compactMap(\.type)
        }
        return .object(PolicyTypes.name(type))
    }

    func hasType(_ name: String) -> Bool {
        name == PolicyTypes.variables || PolicyTypes.declared[name] != nil || objects[name] != nil
            || base.hasType(name)
    }

    func type(named name: String) -> CELType {
        hasType(name) && !base.hasType(name) ? .object(name) : base.type(named: name)
    }

    func fieldType(_ field: String, of type: String) -> CELType? {
        if type == PolicyTypes.variables { return variableTypes[field] }
        if let fields = PolicyTypes.declared[type] { return fields[field] }
        guard let object = objects[type] else { return base.fieldType(field, of: type) }
        let found =
            object.field(named: field) ?? object.fields.first { CELEscaping.escape($0.name) == field }
        if let found { return PolicyTypes.type(of: found) }
        if object.kind != nil, field == "apiVersion" || field == "kind" { return .string }
        return object.flags.contains(.preserveUnknown) ? .dyn : nil
    }

    func construct(_ type: String, _ fields: [(name: String, value: CELValue)]) -> CELValue {
        base.construct(type, fields)
    }

    private static func type(of field: Field) -> CELType {
        let single: CELType
        switch field.scalar {
        case .object:
            guard let type = field.type, type.flags.isDisjoint(with: [.listForm, .propsOrBool, .propsOrArray])
            else { return .dyn }
            single = .object(name(type))
        case .string: single = .string
        case .bytes: single = .bytes
        case .bool: single = .bool
        case .int32, .int64, .uint32, .uint64: single = .int
        case .double, .float: single = .double
        case .time, .microtime: single = .timestamp
        default: single = .dyn
        }
        switch field.container {
        case .single: return single
        case .list: return .list(single)
        case .map: return .map(.string, single)
        case .nested: return .list(.list(single))
        }
    }
}
