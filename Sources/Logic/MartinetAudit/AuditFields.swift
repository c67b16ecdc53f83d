import MartinetSchema

/// Reads the fields of one map of a policy. What is not known is refused: a rule that nobody reads is one that somebody
/// relies on.
struct AuditFields {
    let map: Map
    let path: String

    init(_ map: Map, path: String) {
        self.map = map
        self.path = path
    }

    func error(_ key: String, _ text: String) -> AuditPolicy.PolicyError {
        AuditPolicy.PolicyError(message: "\(path)\(key): \(text)")
    }

    func allow(_ names: Set<String>) throws(AuditPolicy.PolicyError) {
        for entry in map.entries where !names.contains(entry.key) { throw error(entry.key, "there is no such field") }
    }

    func flag(_ key: String) throws(AuditPolicy.PolicyError) -> Bool? {
        switch map[key] {
        case nil, .null?: return nil
        case .bool(let flag)?: return flag
        default: throw error(key, "must be true or false")
        }
    }

    func texts(_ key: String) throws(AuditPolicy.PolicyError) -> [String] {
        switch map[key] {
        case nil, .null?: return []
        case .list(let values)?:
            let texts = values.compactMap { if case .string(let text) = $0 { text } else { nil } }
            guard texts.count == values.count else { throw error(key, "must be a list of strings") }
            return texts
        default: throw error(key, "must be a list of strings")
        }
    }

    func stages(_ key: String) throws(AuditPolicy.PolicyError) -> Set<AuditStage> {
        var stages: Set<AuditStage> = []
        for name in try texts(key) {
            guard let stage = AuditStage(rawValue: name) else {
                let known = AuditStage.allCases.map(\.rawValue).joined(separator: ", ")
                throw error(key, "must be of \(known), found \(name.debugDescription)")
            }
            stages.insert(stage)
        }
        return stages
    }

    /// The maps of a list.
    func parts(_ key: String) throws(AuditPolicy.PolicyError) -> [AuditFields] {
        guard let value = map[key], value != .null else { return [] }
        guard case .list(let values) = value else { throw error(key, "must be a list") }
        var parts: [AuditFields] = []
        for (index, value) in values.enumerated() {
            guard case .map(let map) = value else { throw error("\(key)[\(index)]", "must be a map") }
            parts.append(AuditFields(map, path: "\(path)\(key)[\(index)]."))
        }
        return parts
    }
}

extension Map {
    func auditText(_ key: String) -> String? { if case .string(let text)? = self[key] { text } else { nil } }
}
