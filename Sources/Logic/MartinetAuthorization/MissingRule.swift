/// The smallest Role and binding that would grant what was refused.
///
/// Made of the refused request alone: it says nothing about what exists.
package struct MissingRule: Sendable {
    private let request: AccessRequest

    package init(_ request: AccessRequest) { self.request = request }

    /// The rule that is missing.
    package var rule: PolicyRule {
        if let path = request.path { return PolicyRule(verbs: [request.verb], paths: [path]) }
        // A rule that names objects cannot grant what is about a collection.
        let isNamed = !request.name.isEmpty && request.verb != "create" && request.verb != "deletecollection"
        return PolicyRule(
            verbs: [request.verb], groups: [request.group], resources: [request.combined],
            names: isNamed ? [request.name] : [])
    }

    /// What a refusal says behind upstream's words.
    package var advice: String {
        if request.groups.contains("system:unauthenticated") {
            return "no credentials came with the request: send a client certificate or a bearer token"
        }
        let prefix = request.namespace.isEmpty || request.path != nil ? "Cluster" : ""
        return """
            no rule grants it; this \(prefix)Role and \(prefix)RoleBinding would:
            \(document("\(prefix)Role"))
            rules:
            - {\(fields)}
            ---
            \(document("\(prefix)RoleBinding"))
            roleRef: {apiGroup: rbac.authorization.k8s.io, kind: \(prefix)Role, name: \(name)}
            subjects:
            - {\(subject)}
            """
    }

    private func document(_ kind: String) -> String {
        let isNamespaced = !kind.hasPrefix("Cluster")
        let place = isNamespaced ? ", namespace: \(MissingRule.quoted(request.namespace))" : ""
        return """
            apiVersion: rbac.authorization.k8s.io/v1
            kind: \(kind)
            metadata: {name: \(name)\(place)}
            """
    }

    private var fields: String {
        let rule = rule
        let parts = [
            ("apiGroups", rule.groups), ("resources", rule.resources), ("resourceNames", rule.names),
            ("nonResourceURLs", rule.paths), ("verbs", rule.verbs),
        ]
        return parts.filter { !$0.1.isEmpty }
            .map { "\($0.0): [\($0.1.map(MissingRule.quoted).joined(separator: ", "))]" }
            .joined(separator: ", ")
    }

    private var subject: String {
        let account = "system:serviceaccount:"
        if request.user.hasPrefix(account) {
            let parts = request.user.dropFirst(account.count).split(separator: ":", omittingEmptySubsequences: false)
            if parts.count == 2 {
                return
                    "kind: ServiceAccount, name: \(MissingRule.quoted(String(parts[1]))), namespace: \(MissingRule.quoted(String(parts[0])))"
            }
        }
        return "apiGroup: rbac.authorization.k8s.io, kind: User, name: \(MissingRule.quoted(request.user))"
    }

    /// Of letters, digits and dashes, whatever the request is made of.
    private var name: String {
        var name = ""
        for scalar in "\(request.verb)-\(request.path ?? request.combined)".unicodeScalars.prefix(60) {
            switch scalar {
            case "a"..."z", "0"..."9": name.unicodeScalars.append(scalar)
            default: if name.last != "-" { name += "-" }
            }
        }
        while name.last == "-" { name.removeLast() }
        while name.first == "-" { name.removeFirst() }
        return name.isEmpty ? "granted" : name
    }

    /// As JSON and YAML both read it.
    static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": quoted += "\\\(scalar)"
            case "\u{20}"..."\u{7e}", "\u{a0}"..."\u{d7ff}": quoted.unicodeScalars.append(scalar)
            default:
                let hex = String(scalar.value, radix: 16)
                let digits = hex.count <= 4 ? 4 : 8
                quoted += (digits == 4 ? "\\u" : "\\U") + String(repeating: "0", count: digits - hex.count) + hex
            }
        }
        return quoted + "\""
    }
}
