// Made by `make generate` from API/. Do not edit.

package import MartinetSchema

package struct APIVersions: View {
    package static let type = Schema.builtin.type(named: "meta/v1.APIVersions")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var versions: [String] { get { object[strings: 0] } set { object[strings: 0] = newValue } }
    package var serverAddressByClientCIDRs: ViewList<ServerAddressByClientCIDR> { get { object[list: 1] } _modify { yield &object[list: 1] } }
}
