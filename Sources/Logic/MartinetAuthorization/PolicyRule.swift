package import MartinetSchema

/// One rule of a Role or ClusterRole (`rbac.authorization.k8s.io/v1` PolicyRule).
package struct PolicyRule: Sendable, Hashable {
    package var verbs: [String]
    package var groups: [String]
    package var resources: [String]
    /// Empty for every name.
    package var names: [String]
    package var paths: [String]

    package init(
        verbs: [String], groups: [String] = [], resources: [String] = [], names: [String] = [], paths: [String] = []
    ) {
        self.verbs = verbs
        self.groups = groups
        self.resources = resources
        self.names = names
        self.paths = paths
    }

    /// Everything there is.
    package static let all = [
        PolicyRule(verbs: ["*"], groups: ["*"], resources: ["*"]), PolicyRule(verbs: ["*"], paths: ["*"]),
    ]

    package func allows(_ request: AccessRequest) -> Bool {
        guard PolicyRule.has(verbs, request.verb) else { return false }
        if let path = request.path { return paths.contains { PolicyRule.covers($0, path) } }
        return PolicyRule.has(groups, request.group) && allowsResource(request)
            && (names.isEmpty || names.contains(request.name))
    }

    private static func has(_ list: [String], _ wanted: String) -> Bool {
        for item in list where item == "*" || item == wanted { return true }
        return false
    }

    private func allowsResource(_ request: AccessRequest) -> Bool {
        for resource in resources {
            if resource == "*" { return true }
            if request.subresource.isEmpty {
                if resource == request.resource { return true }
                continue
            }
            // A rule for `*/scale` is about that subresource of every resource.
            guard let slash = resource.utf8.firstIndex(of: 47),
                resource[resource.index(after: slash)...] == request.subresource
            else { continue }
            let parent = resource[..<slash]
            if parent == "*" || parent == request.resource { return true }
        }
        return false
    }

    /// Whether a path of a rule covers one of a request or of another rule: `/healthz/*` all that begins so.
    private static func covers(_ owned: String, _ wanted: String) -> Bool {
        if owned == "*" || owned == wanted { return true }
        guard owned.utf8.last == 42 else { return false }
        return wanted.utf8.starts(
            with: owned.utf8.prefix(owned.utf8.count - owned.utf8.reversed().prefix { $0 == 42 }.count))
    }

    /// Whether this rule alone grants all that another one grants.
    package func covers(_ other: PolicyRule) -> Bool {
        PolicyRule.hasAll(verbs, other.verbs) && PolicyRule.hasAll(groups, other.groups)
            && PolicyRule.coversResources(resources, other.resources)
            && other.paths.allSatisfy { wanted in paths.contains { PolicyRule.covers($0, wanted) } }
            && (names.isEmpty || (!other.names.isEmpty && other.names.allSatisfy(names.contains)))
    }

    private static func hasAll(_ owned: [String], _ wanted: [String]) -> Bool {
        owned.contains("*") || wanted.allSatisfy(owned.contains)
    }

    private static func coversResources(_ owned: [String], _ wanted: [String]) -> Bool {
        if owned.contains("*") { return true }
        return wanted.allSatisfy { resource in
            if owned.contains(resource) { return true }
            guard let slash = resource.firstIndex(of: "/") else { return false }
            return owned.contains("*" + resource[slash...])
        }
    }

    /// The rule as many that each grant one verb on one thing.
    package var parts: [PolicyRule] {
        var parts: [PolicyRule] = []
        for group in groups {
            for resource in resources {
                for verb in verbs {
                    let part = PolicyRule(verbs: [verb], groups: [group], resources: [resource])
                    if names.isEmpty {
                        parts.append(part)
                    } else {
                        for name in names {
                            var named = part
                            named.names = [name]
                            parts.append(named)
                        }
                    }
                }
            }
        }
        for path in paths { parts += verbs.map { PolicyRule(verbs: [$0], paths: [path]) } }
        return parts
    }

    // MARK: - As API objects

    package init(_ object: Object) {
        func texts(_ name: String) -> [String] {
            guard case .list(let values)? = object[field: name] else { return [] }
            return values.compactMap { if case .string(let text) = $0 { text } else { nil } }
        }
        self.init(
            verbs: texts("verbs"), groups: texts("apiGroups"), resources: texts("resources"),
            names: texts("resourceNames"), paths: texts("nonResourceURLs"))
    }

    /// Writes the rule into an object that has fields of these names, such as a PolicyRule or a ResourceRule.
    package func write(to object: inout Object) {
        for (name, list) in [
            ("verbs", verbs), ("apiGroups", groups), ("resources", resources), ("resourceNames", names),
            ("nonResourceURLs", paths),
        ] where !list.isEmpty {
            object[field: name] = .list(list.map(Value.string))
        }
    }

    /// The rules of a Role or ClusterRole.
    package static func rules(of role: Object) -> [PolicyRule] { role.parts("rules").map(PolicyRule.init) }

    /// Puts rules into a Role or ClusterRole.
    package static func set(_ rules: [PolicyRule], in role: inout Object) {
        guard let type = role.type.field(named: "rules")?.type else { return }
        role[field: "rules"] =
            rules.isEmpty
            ? nil
            : .list(
                rules.map { rule in
                    var object = Object(type: type)
                    rule.write(to: &object)
                    return .object(object)
                })
    }
}
