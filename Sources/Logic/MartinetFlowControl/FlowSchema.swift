package import MartinetAuthorization
package import MartinetSchema

/// Which requests form flows of their own, and at which priority level they wait (`flowcontrol.apiserver.k8s.io/v1`
/// FlowSchema, KEP-1040).
package struct FlowSchema: Sendable, Equatable {
    /// What tells the flows of one schema apart.
    package enum Distinguisher: String, Sendable {
        case none = ""
        case user = "ByUser"
        case namespace = "ByNamespace"
    }

    package let name: String
    package let uid: String
    package let priorityLevel: String
    /// Schemas are tried by precedence, the smallest first, and by name where that is the same.
    package let precedence: Int
    package let distinguisher: Distinguisher
    private let rules: [Rule]

    package init(_ object: Object) {
        let metadata = object.part("metadata")
        let spec = object.part("spec")
        name = metadata?.text("name") ?? ""
        uid = metadata?.text("uid") ?? ""
        priorityLevel = spec?.part("priorityLevelConfiguration")?.text("name") ?? ""
        precedence = spec?.number("matchingPrecedence") ?? 1000
        distinguisher = Distinguisher(rawValue: spec?.part("distinguisherMethod")?.text("type") ?? "") ?? .none
        rules = (spec?.parts("rules") ?? []).map(Rule.init)
    }

    package func matches(_ request: AccessRequest) -> Bool {
        for rule in rules where rule.matches(request) { return true }
        return false
    }

    /// What one flow of this schema has in common; empty where all requests are one flow.
    package func flow(of request: AccessRequest) -> String {
        switch distinguisher {
        case .none: ""
        case .user: request.user
        case .namespace: request.namespace
        }
    }

    package static func isBefore(_ left: FlowSchema, _ right: FlowSchema) -> Bool {
        (left.precedence, left.name) < (right.precedence, right.name)
    }

    /// Subjects and what they ask for: a request matches where one of each does.
    private struct Rule: Sendable, Equatable {
        private let subjects: [Subject]
        private let resources: [ResourceRule]
        private let paths: [PathRule]

        init(_ object: Object) {
            subjects = object.parts("subjects").compactMap(Subject.init)
            resources = object.parts("resourceRules").map(ResourceRule.init)
            paths = object.parts("nonResourceRules").map(PathRule.init)
        }

        func matches(_ request: AccessRequest) -> Bool {
            guard subjects.contains(where: { $0.matches(request) }) else { return false }
            if let path = request.path { return paths.contains { $0.matches(request.verb, path) } }
            return resources.contains { $0.matches(request) }
        }
    }

    private enum Subject: Sendable, Equatable {
        case user(String)
        case group(String)
        /// Every service account of a namespace, by what their users' names begin with.
        case accounts(String)

        init?(_ object: Object) {
            switch object.text("kind") {
            case "User": self = .user(object.part("user")?.text("name") ?? "")
            case "Group": self = .group(object.part("group")?.text("name") ?? "")
            case "ServiceAccount":
                guard let account = object.part("serviceAccount") else { return nil }
                let prefix = "system:serviceaccount:\(account.text("namespace")):"
                let name = account.text("name")
                self = name == "*" ? .accounts(prefix) : .user(prefix + name)
            default: return nil
            }
        }

        func matches(_ request: AccessRequest) -> Bool {
            switch self {
            case .user(let name): name == "*" || name == request.user
            case .group(let name): name == "*" || request.groups.contains(name)
            case .accounts(let prefix): request.user.hasPrefix(prefix)
            }
        }
    }

    private struct ResourceRule: Sendable, Equatable {
        private let verbs: Words
        private let groups: Words
        private let resources: Words
        private let namespaces: Words
        private let isForCluster: Bool

        init(_ object: Object) {
            verbs = Words(object, "verbs")
            groups = Words(object, "apiGroups")
            resources = Words(object, "resources")
            namespaces = Words(object, "namespaces")
            isForCluster = object[field: "clusterScope"] == .bool(true)
        }

        func matches(_ request: AccessRequest) -> Bool {
            verbs.contain(request.verb) && groups.contain(request.group) && resources.contain(request.combined)
                && (request.namespace.isEmpty ? isForCluster : namespaces.contain(request.namespace))
        }
    }

    private struct PathRule: Sendable, Equatable {
        private let verbs: Words
        private let paths: [String]

        init(_ object: Object) {
            verbs = Words(object, "verbs")
            paths = object.texts("nonResourceURLs")
        }

        func matches(_ verb: String, _ path: String) -> Bool {
            guard verbs.contain(verb) else { return false }
            return paths.contains { pattern in
                pattern == "*" || pattern == path
                    || pattern.hasSuffix("/*") && path.utf8.starts(with: pattern.utf8.dropLast())
            }
        }
    }

    /// A list of names, or `*` for all there are.
    private struct Words: Sendable, Equatable {
        private let words: [String]
        private let isAll: Bool

        init(_ object: Object, _ field: String) {
            words = object.texts(field)
            isAll = words.contains("*")
        }

        func contain(_ word: String) -> Bool { isAll || words.contains(word) }
    }
}

extension Object {
    /// The texts of a list, empty where it is absent.
    func texts(_ name: String) -> [String] {
        guard case .list(let values)? = self[field: name] else { return [] }
        return values.compactMap { if case .string(let text) = $0 { text } else { nil } }
    }

    /// The number in a field; nil where it is absent.
    func number(_ name: String) -> Int? {
        if case .int(let number)? = self[field: name] { Int(number) } else { nil }
    }
}
