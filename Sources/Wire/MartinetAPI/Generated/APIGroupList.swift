// Made by `make generate` from API/. Do not edit.

package import MartinetSchema

package struct APIGroupList: View {
    package static let type = Schema.builtin.type(named: "meta/v1.APIGroupList")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var groups: ViewList<APIGroup> { get { object[list: 0] } _modify { yield &object[list: 0] } }
}

package struct APIGroup: View {
    package static let type = Schema.builtin.type(named: "meta/v1.APIGroup")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var name: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var versions: ViewList<GroupVersionForDiscovery> { get { object[list: 1] } _modify { yield &object[list: 1] } }
    package var preferredVersion: GroupVersionForDiscovery { get { object[view: 2] } _modify { yield &object[view: 2] } }
    package var serverAddressByClientCIDRs: ViewList<ServerAddressByClientCIDR> { get { object[list: 3] } _modify { yield &object[list: 3] } }
}

package struct GroupVersionForDiscovery: View {
    package static let type = Schema.builtin.type(named: "meta/v1.GroupVersionForDiscovery")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var groupVersion: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var version: String { get { object[string: 1] } set { object[string: 1] = newValue } }
}

package struct ServerAddressByClientCIDR: View {
    package static let type = Schema.builtin.type(named: "meta/v1.ServerAddressByClientCIDR")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var clientCIDR: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var serverAddress: String { get { object[string: 1] } set { object[string: 1] = newValue } }
}
