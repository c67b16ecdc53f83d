// Made by `make generate` from API/. Do not edit.

package import MartinetSchema

package struct Endpoints: View {
    package static let type = Schema.builtin.type(named: "v1.Endpoints")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var metadata: ObjectMeta { get { object[view: 0] } _modify { yield &object[view: 0] } }
    package var subsets: ViewList<EndpointSubset> { get { object[list: 1] } _modify { yield &object[list: 1] } }
}

package struct EndpointSubset: View {
    package static let type = Schema.builtin.type(named: "v1.EndpointSubset")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var addresses: ViewList<EndpointAddress> { get { object[list: 0] } _modify { yield &object[list: 0] } }
    package var notReadyAddresses: ViewList<EndpointAddress> { get { object[list: 1] } _modify { yield &object[list: 1] } }
    package var ports: ViewList<EndpointPort> { get { object[list: 2] } _modify { yield &object[list: 2] } }
}

package struct EndpointAddress: View {
    package static let type = Schema.builtin.type(named: "v1.EndpointAddress")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var ip: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var hostname: String { get { object[string: 1] } set { object[string: 1] = newValue } }
    package var nodeName: String? { get { object[optionalString: 2] } set { object[optionalString: 2] = newValue } }
    package var targetRef: ObjectReference? { get { object[optionalView: 3] } _modify { yield &object[optionalView: 3] } }
}

package struct EndpointPort: View {
    package static let type = Schema.builtin.type(named: "v1.EndpointPort")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var name: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var port: Int32 { get { object[int32: 1] } set { object[int32: 1] = newValue } }
    package var `protocol`: String { get { object[string: 2] } set { object[string: 2] = newValue } }
    package var appProtocol: String? { get { object[optionalString: 3] } set { object[optionalString: 3] = newValue } }
}
