package import MartinetClient

extension Registry {
    /// What is stored of a resource, in one namespace or in all, as the caches have it; nothing where it is not served.
    package func storedObjects(_ name: ResourceName) -> [CachedObject] {
        let page = served[name]?.cache.page(Selection(namespace: name.namespace), from: nil, limit: 0, at: nil)
        return page?.objects ?? []
    }
}
