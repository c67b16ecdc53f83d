// Made by `make generate` from API/. Do not edit.

package import MartinetBase
package import MartinetSchema

package struct Node: View {
    package static let type = Schema.builtin.type(named: "v1.Node")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var metadata: ObjectMeta { get { object[view: 0] } _modify { yield &object[view: 0] } }
    package var spec: NodeSpec { get { object[view: 1] } _modify { yield &object[view: 1] } }
    package var status: NodeStatus { get { object[view: 2] } _modify { yield &object[view: 2] } }
}

package struct NodeSpec: View {
    package static let type = Schema.builtin.type(named: "v1.NodeSpec")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var podCIDR: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var podCIDRs: [String] { get { object[strings: 1] } set { object[strings: 1] = newValue } }
    package var providerID: String { get { object[string: 2] } set { object[string: 2] = newValue } }
    package var unschedulable: Bool { get { object[bool: 3] } set { object[bool: 3] = newValue } }
    package var taints: ViewList<Taint> { get { object[list: 4] } _modify { yield &object[list: 4] } }
    package var configSource: NodeConfigSource? { get { object[optionalView: 5] } _modify { yield &object[optionalView: 5] } }
    package var externalID: String { get { object[string: 6] } set { object[string: 6] = newValue } }
}

package struct NodeStatus: View {
    package static let type = Schema.builtin.type(named: "v1.NodeStatus")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var capacity: StringMap { get { object[stringMap: 0] } _modify { yield &object[stringMap: 0] } }
    package var allocatable: StringMap { get { object[stringMap: 1] } _modify { yield &object[stringMap: 1] } }
    package var phase: String { get { object[string: 2] } set { object[string: 2] = newValue } }
    package var conditions: ViewList<NodeCondition> { get { object[list: 3] } _modify { yield &object[list: 3] } }
    package var addresses: ViewList<NodeAddress> { get { object[list: 4] } _modify { yield &object[list: 4] } }
    package var daemonEndpoints: NodeDaemonEndpoints { get { object[view: 5] } _modify { yield &object[view: 5] } }
    package var nodeInfo: NodeSystemInfo { get { object[view: 6] } _modify { yield &object[view: 6] } }
    package var images: ViewList<ContainerImage> { get { object[list: 7] } _modify { yield &object[list: 7] } }
    package var volumesInUse: [String] { get { object[strings: 8] } set { object[strings: 8] = newValue } }
    package var volumesAttached: ViewList<AttachedVolume> { get { object[list: 9] } _modify { yield &object[list: 9] } }
    package var config: NodeConfigStatus? { get { object[optionalView: 10] } _modify { yield &object[optionalView: 10] } }
    package var runtimeHandlers: ViewList<NodeRuntimeHandler> { get { object[list: 11] } _modify { yield &object[list: 11] } }
    package var features: NodeFeatures? { get { object[optionalView: 12] } _modify { yield &object[optionalView: 12] } }
    package var declaredFeatures: [String] { get { object[strings: 13] } set { object[strings: 13] = newValue } }
}

package struct Taint: View {
    package static let type = Schema.builtin.type(named: "v1.Taint")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var key: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var value: String { get { object[string: 1] } set { object[string: 1] = newValue } }
    package var effect: String { get { object[string: 2] } set { object[string: 2] = newValue } }
    package var timeAdded: Timestamp? { get { object[time: 3] } set { object[time: 3] = newValue } }
}

package struct NodeConfigSource: View {
    package static let type = Schema.builtin.type(named: "v1.NodeConfigSource")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var configMap: ConfigMapNodeConfigSource? { get { object[optionalView: 0] } _modify { yield &object[optionalView: 0] } }
}

package struct NodeCondition: View {
    package static let type = Schema.builtin.type(named: "v1.NodeCondition")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var type: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var status: String { get { object[string: 1] } set { object[string: 1] = newValue } }
    package var lastHeartbeatTime: Timestamp? { get { object[time: 2] } set { object[time: 2] = newValue } }
    package var lastTransitionTime: Timestamp? { get { object[time: 3] } set { object[time: 3] = newValue } }
    package var reason: String { get { object[string: 4] } set { object[string: 4] = newValue } }
    package var message: String { get { object[string: 5] } set { object[string: 5] = newValue } }
}

package struct NodeAddress: View {
    package static let type = Schema.builtin.type(named: "v1.NodeAddress")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var type: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var address: String { get { object[string: 1] } set { object[string: 1] = newValue } }
}

package struct NodeDaemonEndpoints: View {
    package static let type = Schema.builtin.type(named: "v1.NodeDaemonEndpoints")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var kubeletEndpoint: DaemonEndpoint { get { object[view: 0] } _modify { yield &object[view: 0] } }
}

package struct NodeSystemInfo: View {
    package static let type = Schema.builtin.type(named: "v1.NodeSystemInfo")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var machineID: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var systemUUID: String { get { object[string: 1] } set { object[string: 1] = newValue } }
    package var bootID: String { get { object[string: 2] } set { object[string: 2] = newValue } }
    package var kernelVersion: String { get { object[string: 3] } set { object[string: 3] = newValue } }
    package var osImage: String { get { object[string: 4] } set { object[string: 4] = newValue } }
    package var containerRuntimeVersion: String { get { object[string: 5] } set { object[string: 5] = newValue } }
    package var kubeletVersion: String { get { object[string: 6] } set { object[string: 6] = newValue } }
    package var kubeProxyVersion: String { get { object[string: 7] } set { object[string: 7] = newValue } }
    package var operatingSystem: String { get { object[string: 8] } set { object[string: 8] = newValue } }
    package var architecture: String { get { object[string: 9] } set { object[string: 9] = newValue } }
    package var swap: NodeSwapStatus? { get { object[optionalView: 10] } _modify { yield &object[optionalView: 10] } }
}

package struct ContainerImage: View {
    package static let type = Schema.builtin.type(named: "v1.ContainerImage")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var names: [String] { get { object[strings: 0] } set { object[strings: 0] = newValue } }
    package var sizeBytes: Int64 { get { object[int: 1] } set { object[int: 1] = newValue } }
}

package struct AttachedVolume: View {
    package static let type = Schema.builtin.type(named: "v1.AttachedVolume")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var name: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var devicePath: String { get { object[string: 1] } set { object[string: 1] = newValue } }
}

package struct NodeConfigStatus: View {
    package static let type = Schema.builtin.type(named: "v1.NodeConfigStatus")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var assigned: NodeConfigSource? { get { object[optionalView: 0] } _modify { yield &object[optionalView: 0] } }
    package var active: NodeConfigSource? { get { object[optionalView: 1] } _modify { yield &object[optionalView: 1] } }
    package var lastKnownGood: NodeConfigSource? { get { object[optionalView: 2] } _modify { yield &object[optionalView: 2] } }
    package var error: String { get { object[string: 3] } set { object[string: 3] = newValue } }
}

package struct NodeRuntimeHandler: View {
    package static let type = Schema.builtin.type(named: "v1.NodeRuntimeHandler")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var name: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var features: NodeRuntimeHandlerFeatures? { get { object[optionalView: 1] } _modify { yield &object[optionalView: 1] } }
}

package struct NodeFeatures: View {
    package static let type = Schema.builtin.type(named: "v1.NodeFeatures")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var supplementalGroupsPolicy: Bool? { get { object[optionalBool: 0] } set { object[optionalBool: 0] = newValue } }
}

package struct ConfigMapNodeConfigSource: View {
    package static let type = Schema.builtin.type(named: "v1.ConfigMapNodeConfigSource")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var namespace: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var name: String { get { object[string: 1] } set { object[string: 1] = newValue } }
    package var uid: String { get { object[string: 2] } set { object[string: 2] = newValue } }
    package var resourceVersion: String { get { object[string: 3] } set { object[string: 3] = newValue } }
    package var kubeletConfigKey: String { get { object[string: 4] } set { object[string: 4] = newValue } }
}

package struct DaemonEndpoint: View {
    package static let type = Schema.builtin.type(named: "v1.DaemonEndpoint")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var Port: Int32 { get { object[int32: 0] } set { object[int32: 0] = newValue } }
}

package struct NodeSwapStatus: View {
    package static let type = Schema.builtin.type(named: "v1.NodeSwapStatus")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var capacity: Int64? { get { object[optionalInt: 0] } set { object[optionalInt: 0] = newValue } }
}

package struct NodeRuntimeHandlerFeatures: View {
    package static let type = Schema.builtin.type(named: "v1.NodeRuntimeHandlerFeatures")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var recursiveReadOnlyMounts: Bool? { get { object[optionalBool: 0] } set { object[optionalBool: 0] = newValue } }
    package var userNamespaces: Bool? { get { object[optionalBool: 1] } set { object[optionalBool: 1] = newValue } }
}
