package import MartinetSchema

extension Kind {
    /// The type of what is sent to a subresource that takes something of its own, such as a Binding; nil where it takes the
    /// kind itself.
    package func bodyType(ofSubresource name: String) -> ObjectType? {
        guard let own = subresources.first(where: { $0.name == name })?.kind, !own.isEmpty else { return nil }
        // One of the same group and version is named without them.
        return Schema.builtin.type(named: own) ?? Schema.builtin.type(named: "\(apiVersion).\(own)")
    }
}
