/// What somebody wants to do, as an authorizer sees it: one verb on a resource, or on a path that is no resource.
package struct AccessRequest: Sendable, Hashable {
    package var user: String
    package var groups: [String]
    package var verb: String
    package var group = ""
    package var resource = ""
    package var subresource = ""
    /// Empty for the collection, and for a creation.
    package var name = ""
    /// Empty at the cluster scope, and for all namespaces.
    package var namespace = ""
    /// The path of a request that is about no resource; nil for a resource.
    package var path: String?
    /// What a field selector asks `spec.nodeName` to be; nil where it says nothing of it.
    package var selectedNode: String?
    /// What only those are told who decide elsewhere: the version asked for, and who else the user is.
    package var version = ""
    package var uid = ""
    package var extra: [String: [String]] = [:]

    package init(user: String, groups: [String], verb: String, path: String? = nil) {
        self.user = user
        self.groups = groups
        self.verb = verb
        self.path = path
    }

    /// `pods/log`, or `pods` alone.
    package var combined: String { subresource.isEmpty ? resource : "\(resource)/\(subresource)" }
}
