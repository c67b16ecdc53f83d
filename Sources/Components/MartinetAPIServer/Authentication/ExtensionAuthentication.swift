import MartinetAPI
package import MartinetAPICore
import MartinetClient
import MartinetSchema

/// What servers behind the aggregator need to believe whom this one believes: the ConfigMap
/// `kube-system/extension-apiserver-authentication`, which their accounts may read by a bootstrap role.
package struct ExtensionAuthentication: Sendable {
    let clientAuthorities: [UInt8]
    let proxyAuthorities: [UInt8]?
    let proxyNames: [String]
    let headers: RequestHeaders.Names

    private var data: [String: String] {
        var data = ["client-ca-file": String(decoding: clientAuthorities, as: UTF8.self)]
        guard let proxyAuthorities else { return data }
        func list(_ texts: [String]) -> String {
            String(decoding: JSONEncoder.encode(.list(texts.map(Value.string))), as: UTF8.self)
        }
        data["requestheader-client-ca-file"] = String(decoding: proxyAuthorities, as: UTF8.self)
        data["requestheader-allowed-names"] = list(proxyNames)
        data["requestheader-username-headers"] = list(headers.user)
        data["requestheader-uid-headers"] = list(headers.uid)
        data["requestheader-group-headers"] = list(headers.group)
        data["requestheader-extra-headers-prefix"] = list(headers.extraPrefix)
        return data
    }

    /// Makes the map, or makes it say what is true now; keys of others stay. The namespace must be there.
    package func publish(in registry: Registry, _ done: @escaping @Sendable () -> Void) {
        let name = ResourceName(
            version: "v1", plural: "configmaps", namespace: "kube-system", name: "extension-apiserver-authentication")
        let data = data
        guard let stored = registry.stored(name) else {
            var request = APIRequest(.create, name)
            request.resource.name = nil
            request.object =
                ConfigMap {
                    $0.metadata.name = "extension-apiserver-authentication"
                    $0.metadata.namespace = "kube-system"
                    for (key, value) in data { $0.data[key] = value }
                }.object
            return registry.handle(request, as: .server) { _ in done() }
        }
        var map = ConfigMap(object: stored.object)
        for (key, value) in data { map.data[key] = value }
        guard map.object != stored.object else { return done() }
        var request = APIRequest(.update, name)
        request.object = map.object
        registry.handle(request, as: .server) { _ in done() }
    }
}
