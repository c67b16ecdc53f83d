// Made by `make generate` from API/. Do not edit.

package import MartinetBase
package import MartinetSchema

package struct Service: View {
    package static let type = Schema.builtin.type(named: "v1.Service")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var metadata: ObjectMeta { get { object[view: 0] } _modify { yield &object[view: 0] } }
    package var spec: ServiceSpec { get { object[view: 1] } _modify { yield &object[view: 1] } }
    package var status: ServiceStatus { get { object[view: 2] } _modify { yield &object[view: 2] } }
}

package struct ServiceSpec: View {
    package static let type = Schema.builtin.type(named: "v1.ServiceSpec")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var ports: ViewList<ServicePort> { get { object[list: 0] } _modify { yield &object[list: 0] } }
    package var selector: StringMap { get { object[stringMap: 1] } _modify { yield &object[stringMap: 1] } }
    package var clusterIP: String { get { object[string: 2] } set { object[string: 2] = newValue } }
    package var clusterIPs: [String] { get { object[strings: 3] } set { object[strings: 3] = newValue } }
    package var type: String { get { object[string: 4] } set { object[string: 4] = newValue } }
    package var externalIPs: [String] { get { object[strings: 5] } set { object[strings: 5] = newValue } }
    package var sessionAffinity: String { get { object[string: 6] } set { object[string: 6] = newValue } }
    package var loadBalancerIP: String { get { object[string: 7] } set { object[string: 7] = newValue } }
    package var loadBalancerSourceRanges: [String] { get { object[strings: 8] } set { object[strings: 8] = newValue } }
    package var externalName: String { get { object[string: 9] } set { object[string: 9] = newValue } }
    package var externalTrafficPolicy: String { get { object[string: 10] } set { object[string: 10] = newValue } }
    package var healthCheckNodePort: Int32 { get { object[int32: 11] } set { object[int32: 11] = newValue } }
    package var publishNotReadyAddresses: Bool { get { object[bool: 12] } set { object[bool: 12] = newValue } }
    package var sessionAffinityConfig: SessionAffinityConfig? { get { object[optionalView: 13] } _modify { yield &object[optionalView: 13] } }
    package var ipFamilies: [String] { get { object[strings: 14] } set { object[strings: 14] = newValue } }
    package var ipFamilyPolicy: String? { get { object[optionalString: 15] } set { object[optionalString: 15] = newValue } }
    package var allocateLoadBalancerNodePorts: Bool? { get { object[optionalBool: 16] } set { object[optionalBool: 16] = newValue } }
    package var loadBalancerClass: String? { get { object[optionalString: 17] } set { object[optionalString: 17] = newValue } }
    package var internalTrafficPolicy: String? { get { object[optionalString: 18] } set { object[optionalString: 18] = newValue } }
    package var trafficDistribution: String? { get { object[optionalString: 19] } set { object[optionalString: 19] = newValue } }
}

package struct ServiceStatus: View {
    package static let type = Schema.builtin.type(named: "v1.ServiceStatus")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var loadBalancer: LoadBalancerStatus { get { object[view: 0] } _modify { yield &object[view: 0] } }
    package var conditions: ViewList<Condition> { get { object[list: 1] } _modify { yield &object[list: 1] } }
}

package struct ServicePort: View {
    package static let type = Schema.builtin.type(named: "v1.ServicePort")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var name: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var `protocol`: String { get { object[string: 1] } set { object[string: 1] = newValue } }
    package var appProtocol: String? { get { object[optionalString: 2] } set { object[optionalString: 2] = newValue } }
    package var port: Int32 { get { object[int32: 3] } set { object[int32: 3] = newValue } }
    package var targetPort: IntOrString? { get { object[intOrString: 4] } set { object[intOrString: 4] = newValue } }
    package var nodePort: Int32 { get { object[int32: 5] } set { object[int32: 5] = newValue } }
}

package struct SessionAffinityConfig: View {
    package static let type = Schema.builtin.type(named: "v1.SessionAffinityConfig")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var clientIP: ClientIPConfig? { get { object[optionalView: 0] } _modify { yield &object[optionalView: 0] } }
}

package struct LoadBalancerStatus: View {
    package static let type = Schema.builtin.type(named: "v1.LoadBalancerStatus")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var ingress: ViewList<LoadBalancerIngress> { get { object[list: 0] } _modify { yield &object[list: 0] } }
}

package struct Condition: View {
    package static let type = Schema.builtin.type(named: "meta/v1.Condition")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var type: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var status: String { get { object[string: 1] } set { object[string: 1] = newValue } }
    package var observedGeneration: Int64 { get { object[int: 2] } set { object[int: 2] = newValue } }
    package var lastTransitionTime: Timestamp? { get { object[time: 3] } set { object[time: 3] = newValue } }
    package var reason: String { get { object[string: 4] } set { object[string: 4] = newValue } }
    package var message: String { get { object[string: 5] } set { object[string: 5] = newValue } }
}

package struct ClientIPConfig: View {
    package static let type = Schema.builtin.type(named: "v1.ClientIPConfig")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var timeoutSeconds: Int32? { get { object[optionalInt32: 0] } set { object[optionalInt32: 0] = newValue } }
}

package struct LoadBalancerIngress: View {
    package static let type = Schema.builtin.type(named: "v1.LoadBalancerIngress")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var ip: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var hostname: String { get { object[string: 1] } set { object[string: 1] = newValue } }
    package var ipMode: String? { get { object[optionalString: 2] } set { object[optionalString: 2] = newValue } }
    package var ports: ViewList<PortStatus> { get { object[list: 3] } _modify { yield &object[list: 3] } }
}

package struct PortStatus: View {
    package static let type = Schema.builtin.type(named: "v1.PortStatus")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var port: Int32 { get { object[int32: 0] } set { object[int32: 0] = newValue } }
    package var `protocol`: String { get { object[string: 1] } set { object[string: 1] = newValue } }
    package var error: String? { get { object[optionalString: 2] } set { object[optionalString: 2] = newValue } }
}
