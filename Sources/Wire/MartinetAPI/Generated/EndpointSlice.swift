// Made by `make generate` from API/. Do not edit.

package import MartinetSchema

package struct EndpointSlice: View {
    package static let type = Schema.builtin.type(named: "discovery.k8s.io/v1.EndpointSlice")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var metadata: ObjectMeta { get { object[view: 0] } _modify { yield &object[view: 0] } }
    package var addressType: String { get { object[string: 1] } set { object[string: 1] = newValue } }
    package var endpoints: ViewList<Endpoint> { get { object[list: 2] } _modify { yield &object[list: 2] } }
    package var ports: ViewList<DiscoveryEndpointPort> { get { object[list: 3] } _modify { yield &object[list: 3] } }
}

package struct Endpoint: View {
    package static let type = Schema.builtin.type(named: "discovery.k8s.io/v1.Endpoint")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var addresses: [String] { get { object[strings: 0] } set { object[strings: 0] = newValue } }
    package var conditions: EndpointConditions { get { object[view: 1] } _modify { yield &object[view: 1] } }
    package var hostname: String? { get { object[optionalString: 2] } set { object[optionalString: 2] = newValue } }
    package var targetRef: ObjectReference? { get { object[optionalView: 3] } _modify { yield &object[optionalView: 3] } }
    package var deprecatedTopology: StringMap { get { object[stringMap: 4] } _modify { yield &object[stringMap: 4] } }
    package var nodeName: String? { get { object[optionalString: 5] } set { object[optionalString: 5] = newValue } }
    package var zone: String? { get { object[optionalString: 6] } set { object[optionalString: 6] = newValue } }
    package var hints: EndpointHints? { get { object[optionalView: 7] } _modify { yield &object[optionalView: 7] } }
}

package struct DiscoveryEndpointPort: View {
    package static let type = Schema.builtin.type(named: "discovery.k8s.io/v1.EndpointPort")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var name: String? { get { object[optionalString: 0] } set { object[optionalString: 0] = newValue } }
    package var `protocol`: String? { get { object[optionalString: 1] } set { object[optionalString: 1] = newValue } }
    package var port: Int32? { get { object[optionalInt32: 2] } set { object[optionalInt32: 2] = newValue } }
    package var appProtocol: String? { get { object[optionalString: 3] } set { object[optionalString: 3] = newValue } }
}

package struct EndpointConditions: View {
    package static let type = Schema.builtin.type(named: "discovery.k8s.io/v1.EndpointConditions")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var ready: Bool? { get { object[optionalBool: 0] } set { object[optionalBool: 0] = newValue } }
    package var serving: Bool? { get { object[optionalBool: 1] } set { object[optionalBool: 1] = newValue } }
    package var terminating: Bool? { get { object[optionalBool: 2] } set { object[optionalBool: 2] = newValue } }
}

package struct EndpointHints: View {
    package static let type = Schema.builtin.type(named: "discovery.k8s.io/v1.EndpointHints")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var forZones: ViewList<ForZone> { get { object[list: 0] } _modify { yield &object[list: 0] } }
    package var forNodes: ViewList<ForNode> { get { object[list: 1] } _modify { yield &object[list: 1] } }
}

package struct ForZone: View {
    package static let type = Schema.builtin.type(named: "discovery.k8s.io/v1.ForZone")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var name: String { get { object[string: 0] } set { object[string: 0] = newValue } }
}

package struct ForNode: View {
    package static let type = Schema.builtin.type(named: "discovery.k8s.io/v1.ForNode")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var name: String { get { object[string: 0] } set { object[string: 0] = newValue } }
}
