import MartinetAuthorization
import MartinetSchema

/// One rule of a policy. What it leaves empty matches everything.
struct AuditRule: Sendable, Equatable {
    struct Resources: Sendable, Equatable {
        var group = ""
        var resources: [String] = []
        var names: [String] = []
    }

    var level = AuditLevel.none
    var users: [String] = []
    var groups: [String] = []
    var verbs: [String] = []
    var resources: [Resources] = []
    /// The empty name stands for the cluster scope.
    var namespaces: [String] = []
    var paths: [String] = []
    var omittedStages: Set<AuditStage> = []
    var omitsManagedFields: Bool?

    init(_ fields: AuditFields) throws(AuditPolicy.PolicyError) {
        try fields.allow([
            "level", "users", "userGroups", "verbs", "resources", "namespaces", "nonResourceURLs", "omitStages",
            "omitManagedFields",
        ])
        guard let name = fields.map.auditText("level"), let level = AuditLevel(name: name) else {
            throw fields.error("level", "must be None, Metadata, Request or RequestResponse")
        }
        self.level = level
        users = try fields.texts("users")
        groups = try fields.texts("userGroups")
        verbs = try fields.texts("verbs")
        namespaces = try fields.texts("namespaces")
        paths = try fields.texts("nonResourceURLs")
        omittedStages = try fields.stages("omitStages")
        omitsManagedFields = try fields.flag("omitManagedFields")
        resources = try fields.parts("resources").map { fields throws(AuditPolicy.PolicyError) in
            try fields.allow(["group", "resources", "resourceNames"])
            let own = Resources(
                group: fields.map.auditText("group") ?? "", resources: try fields.texts("resources"),
                names: try fields.texts("resourceNames"))
            guard !own.group.contains("/") else {
                throw fields.error("group", "must be a group without a version, found \(own.group.debugDescription)")
            }
            guard own.names.isEmpty || !own.resources.isEmpty else {
                throw fields.error("resourceNames", "needs at least one resource beside it")
            }
            return own
        }
        guard paths.isEmpty || resources.isEmpty && namespaces.isEmpty else {
            throw fields.error("nonResourceURLs", "excludes resources and namespaces")
        }
        for path in paths where path != "*" {
            guard path.hasPrefix("/"), !path.dropLast().contains("*") else {
                throw fields.error(
                    "nonResourceURLs", "must begin with / and may have a * at the end, found \(path.debugDescription)")
            }
        }
    }

    func matches(_ request: AccessRequest) -> Bool {
        guard users.isEmpty || users.contains(request.user) else { return false }
        guard groups.isEmpty || request.groups.contains(where: { groups.contains($0) }) else { return false }
        guard verbs.isEmpty || verbs.contains(request.verb) else { return false }
        if !namespaces.isEmpty || !resources.isEmpty {
            guard request.path == nil, namespaces.isEmpty || namespaces.contains(request.namespace) else {
                return false
            }
            return resources.isEmpty || resources.contains { AuditRule.covers($0, request) }
        }
        guard !paths.isEmpty else { return true }
        guard let path = request.path else { return false }
        return paths.contains { $0 == path || $0.hasSuffix("*") && path.hasPrefix($0.dropLast()) }
    }

    private static func covers(_ rule: Resources, _ request: AccessRequest) -> Bool {
        guard rule.group == request.group || rule.group == "*" else { return false }
        if rule.resources.isEmpty { return true }
        guard rule.names.isEmpty || rule.names.contains(request.name) else { return false }
        let combined = request.combined
        return rule.resources.contains { wanted in
            wanted == combined || wanted == "*" || wanted == request.resource + "/*"
                || !request.subresource.isEmpty && wanted == "*/" + request.subresource
        }
    }
}
