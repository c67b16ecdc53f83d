/// The roles and bindings that every cluster begins with, and how they are kept.
package struct BootstrapPolicy: Sendable {
    package struct Role: Sendable {
        /// Empty for a ClusterRole.
        package let namespace: String
        package let name: String
        package var labels: [(key: String, value: String)]
        /// Labels of which each selects roles to gather; empty for a role with rules of its own.
        package var gathers: [String]
        package var rules: [PolicyRule]
    }

    package struct Subject: Sendable, Hashable {
        package let kind: String
        package let namespace: String
        package let name: String
    }

    package struct Binding: Sendable {
        /// Empty for a ClusterRoleBinding.
        package let namespace: String
        package let name: String
        package let roleKind: String
        package let role: String
        package let subjects: [Subject]
    }

    package let roles: [Role]
    package let bindings: [Binding]

    package static let label = (key: "kubernetes.io/bootstrapping", value: "rbac-defaults")
    /// Says `false` on an object that the server is to leave as it is.
    package static let autoupdate = "rbac.authorization.kubernetes.io/autoupdate"
    private static let prefix = "rbac.authorization.k8s.io/"
    private static let controllerPrefix = "system:controller:"

    package static let standard = BootstrapPolicy()

    init() {
        let controllers = BootstrapPolicy.roles(
            BootstrapPolicy.controllerRoles, prefix: BootstrapPolicy.controllerPrefix)
        roles =
            BootstrapPolicy.roles(BootstrapPolicy.clusterRoles) + controllers
            + BootstrapPolicy.roles(BootstrapPolicy.namespacedRoles)
        bindings =
            BootstrapPolicy.logicalLines(BootstrapPolicy.bindings).compactMap(BootstrapPolicy.binding)
            + controllers.map { role in
                let account = String(role.name.dropFirst(BootstrapPolicy.controllerPrefix.count))
                return Binding(
                    namespace: "", name: role.name, roleKind: "ClusterRole", role: role.name,
                    subjects: [Subject(kind: "ServiceAccount", namespace: "kube-system", name: account)])
            }
    }

    /// The rules of every node, whatever runs on it.
    package var nodeRules: [PolicyRule] { roles.first { $0.name == "system:node" }?.rules ?? [] }

    /// A table's lines, those that go on joined.
    private static func logicalLines(_ table: String) -> [String] {
        var lines: [String] = []
        for line in table.split(separator: "\n") {
            let words = line.drop { $0 == " " }
            if words.hasPrefix("+ "), let last = lines.indices.last {
                lines[last] += words.dropFirst(1)
            } else {
                lines.append(String(line))
            }
        }
        return lines
    }

    private static func words(_ text: Substring) -> [String] { text.split(separator: " ").map { String($0) } }

    private static func split(_ path: String) -> (namespace: String, name: String) {
        guard let slash = path.firstIndex(of: "/") else { return ("", path) }
        return (String(path[..<slash]), String(path[path.index(after: slash)...]))
    }

    private static func roles(_ table: String, prefix: String = "") -> [Role] {
        var roles: [Role] = []
        for line in logicalLines(table) {
            if line.hasPrefix(" ") {
                if let last = roles.indices.last, let rule = rule(line) { roles[last].rules.append(rule) }
                continue
            }
            let words = words(line[...])
            let (namespace, name) = split(words.first ?? "")
            var role = Role(namespace: namespace, name: prefix + name, labels: [label], gathers: [], rules: [])
            for word in words.dropFirst() {
                let key = BootstrapPolicy.prefix + word.dropFirst()
                if word.hasPrefix("+") { role.labels.append((key, "true")) } else { role.gathers.append(key) }
            }
            roles.append(role)
        }
        return roles
    }

    private static func rule(_ line: String) -> PolicyRule? {
        if let at = line.firstIndex(of: "@") {
            return PolicyRule(verbs: words(line[..<at]), paths: words(line[line.index(after: at)...]))
        }
        let parts = line.split(separator: "|").map(words)
        guard parts.count >= 3 else { return nil }
        return PolicyRule(
            verbs: parts[0], groups: parts[1].map { $0 == "core" ? "" : $0 }, resources: parts[2],
            names: parts.count > 3 ? parts[3] : [])
    }

    private static func binding(_ line: String) -> Binding? {
        let words = words(line[...])
        guard words.count >= 3, words[1] == ">" else { return nil }
        let (namespace, name) = split(words[0])
        let (kind, role) = split(words[2])
        let subjects = words.dropFirst(3).compactMap { word -> Subject? in
            guard let equal = word.firstIndex(of: "=") else { return nil }
            let kinds = ["user": "User", "group": "Group", "account": "ServiceAccount"]
            guard let kind = kinds[String(word[..<equal])] else { return nil }
            let (namespace, name) = split(String(word[word.index(after: equal)...]))
            return Subject(kind: kind, namespace: namespace, name: name)
        }
        return Binding(namespace: namespace, name: name, roleKind: kind, role: role, subjects: subjects)
    }
}
