package import MartinetSchema

/// Whether a request is one that a policy, a binding or a webhook is about.
///
/// Source: apiserver's admission/plugin/policy/matching and webhook/predicates.
package struct PolicyMatching: Sendable {
    package struct Place: Sendable, Hashable {
        package let group: String
        package let version: String
        package let plural: String
        package init(group: String, version: String, plural: String) {
            (self.group, self.version, self.plural) = (group, version, plural)
        }
    }

    package let place: Place
    /// The same resource in its other versions.
    package let equivalents: [Place]
    package let subresource: String
    package let name: String
    package let operation: String
    package let isNamespaced: Bool
    /// Labels of the namespace that the object is in, or of the namespace that it is; nil for what is in none.
    package let namespaceLabels: Map?
    /// Labels of what is written and of what is stored.
    package let objectLabels: [Map]

    package init(
        place: Place, equivalents: [Place], subresource: String, name: String, operation: String, isNamespaced: Bool,
        namespaceLabels: Map?, objectLabels: [Map]
    ) {
        self.place = place
        self.equivalents = equivalents
        self.subresource = subresource
        self.name = name
        self.operation = operation
        self.isNamespaced = isNamespaced
        self.namespaceLabels = namespaceLabels
        self.objectLabels = objectLabels
    }

    /// The same request, named by another operation and seen through other objects: as subresources have them.
    package func asking(operation: String, objectLabels: [Map]) -> PolicyMatching {
        PolicyMatching(
            place: place, equivalents: equivalents, subresource: subresource, name: name, operation: operation,
            isNamespaced: isNamespaced, namespaceLabels: namespaceLabels, objectLabels: objectLabels)
    }

    /// - Parameter resources: a MatchResources; nil matches everything.
    /// - Returns: the version of the resource in which it matches; nil where it does not.
    package func match(_ resources: Object?) -> Place? {
        guard let resources else { return place }
        if let labels = namespaceLabels, let selector = resources.part("namespaceSelector"),
            !PolicyMatching.selects(selector, labels)
        {
            return nil
        }
        if let selector = resources.part("objectSelector"),
            !objectLabels.contains(where: { PolicyMatching.selects(selector, $0) })
        {
            return nil
        }
        let isExact = resources.text("matchPolicy") == "Exact"
        if find(resources.parts("excludeResourceRules"), isExact: isExact) != nil { return nil }
        let rules = resources.parts("resourceRules")
        return rules.isEmpty ? place : find(rules, isExact: isExact)
    }

    /// - Parameter hook: a MutatingWebhook or ValidatingWebhook.
    /// - Returns: the version of the resource in which its rules and selectors want the request; nil where they do not.
    package func match(hook: Object) -> Place? {
        guard let found = find(hook.parts("rules"), isExact: hook.text("matchPolicy") == "Exact") else { return nil }
        if let labels = namespaceLabels, let selector = hook.part("namespaceSelector"),
            !PolicyMatching.selects(selector, labels)
        {
            return nil
        }
        guard let selector = hook.part("objectSelector"), !selector.isEmpty else { return found }
        return objectLabels.contains { PolicyMatching.selects(selector, $0) } ? found : nil
    }

    private func find(_ rules: [Object], isExact: Bool) -> Place? {
        for candidate in isExact ? [place] : [place] + equivalents {
            if rules.contains(where: { matches($0, candidate) }) { return candidate }
        }
        return nil
    }

    private func matches(_ rule: Object, _ place: Place) -> Bool {
        func holds(_ field: String, _ value: String) -> Bool {
            PolicyMatching.texts(rule, field).contains { $0 == "*" || $0 == value }
        }
        guard holds("operations", operation), holds("apiGroups", place.group), holds("apiVersions", place.version)
        else { return false }
        switch rule.text("scope") {
        case "Namespaced": guard isNamespaced else { return false }
        case "Cluster": guard !isNamespaced else { return false }
        default: break
        }
        let isResource = PolicyMatching.texts(rule, "resources").contains { text in
            let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            let sub = parts.count > 1 ? parts[1] : ""
            return (parts[0] == "*" || parts[0] == place.plural) && (sub == "*" || sub == subresource)
        }
        let names = PolicyMatching.texts(rule, "resourceNames")
        return isResource && (names.isEmpty || names.contains(name))
    }

    static func texts(_ object: Object, _ field: String) -> [String] {
        guard case .list(let values)? = object[field: field] else { return [] }
        return values.compactMap { if case .string(let text) = $0 { text } else { nil } }
    }

    /// Whether a LabelSelector selects labels; an empty one selects all.
    package static func selects(_ selector: Object, _ labels: Map) -> Bool {
        func label(_ key: String) -> String? { if case .string(let text)? = labels[key] { text } else { nil } }
        for entry in selector.map("matchLabels").entries where labels[entry.key] != entry.value { return false }
        return selector.parts("matchExpressions").allSatisfy { requirement in
            let value = label(requirement.text("key"))
            let values = texts(requirement, "values")
            return switch requirement.text("operator") {
            case "In": value.map(values.contains) ?? false
            case "NotIn": value.map { !values.contains($0) } ?? true
            case "Exists": value != nil
            case "DoesNotExist": value == nil
            default: false
            }
        }
    }
}
