// Made by `make generate` from API/. Do not edit.

package import MartinetBase
package import MartinetSchema

package struct Deployment: View {
    package static let type = Schema.builtin.type(named: "apps/v1.Deployment")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var metadata: ObjectMeta { get { object[view: 0] } _modify { yield &object[view: 0] } }
    package var spec: DeploymentSpec { get { object[view: 1] } _modify { yield &object[view: 1] } }
    package var status: DeploymentStatus { get { object[view: 2] } _modify { yield &object[view: 2] } }
}

package struct DeploymentSpec: View {
    package static let type = Schema.builtin.type(named: "apps/v1.DeploymentSpec")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var replicas: Int32? { get { object[optionalInt32: 0] } set { object[optionalInt32: 0] = newValue } }
    package var selector: LabelSelector? { get { object[optionalView: 1] } _modify { yield &object[optionalView: 1] } }
    package var template: PodTemplateSpec { get { object[view: 2] } _modify { yield &object[view: 2] } }
    package var strategy: DeploymentStrategy { get { object[view: 3] } _modify { yield &object[view: 3] } }
    package var minReadySeconds: Int32 { get { object[int32: 4] } set { object[int32: 4] = newValue } }
    package var revisionHistoryLimit: Int32? { get { object[optionalInt32: 5] } set { object[optionalInt32: 5] = newValue } }
    package var paused: Bool { get { object[bool: 6] } set { object[bool: 6] = newValue } }
    package var progressDeadlineSeconds: Int32? { get { object[optionalInt32: 7] } set { object[optionalInt32: 7] = newValue } }
}

package struct DeploymentStatus: View {
    package static let type = Schema.builtin.type(named: "apps/v1.DeploymentStatus")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var observedGeneration: Int64 { get { object[int: 0] } set { object[int: 0] = newValue } }
    package var replicas: Int32 { get { object[int32: 1] } set { object[int32: 1] = newValue } }
    package var updatedReplicas: Int32 { get { object[int32: 2] } set { object[int32: 2] = newValue } }
    package var readyReplicas: Int32 { get { object[int32: 3] } set { object[int32: 3] = newValue } }
    package var availableReplicas: Int32 { get { object[int32: 4] } set { object[int32: 4] = newValue } }
    package var unavailableReplicas: Int32 { get { object[int32: 5] } set { object[int32: 5] = newValue } }
    package var terminatingReplicas: Int32? { get { object[optionalInt32: 6] } set { object[optionalInt32: 6] = newValue } }
    package var conditions: ViewList<DeploymentCondition> { get { object[list: 7] } _modify { yield &object[list: 7] } }
    package var collisionCount: Int32? { get { object[optionalInt32: 8] } set { object[optionalInt32: 8] = newValue } }
}

package struct PodTemplateSpec: View {
    package static let type = Schema.builtin.type(named: "v1.PodTemplateSpec")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var metadata: ObjectMeta { get { object[view: 0] } _modify { yield &object[view: 0] } }
    package var spec: PodSpec { get { object[view: 1] } _modify { yield &object[view: 1] } }
}

package struct DeploymentStrategy: View {
    package static let type = Schema.builtin.type(named: "apps/v1.DeploymentStrategy")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var type: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var rollingUpdate: RollingUpdateDeployment? { get { object[optionalView: 1] } _modify { yield &object[optionalView: 1] } }
}

package struct DeploymentCondition: View {
    package static let type = Schema.builtin.type(named: "apps/v1.DeploymentCondition")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var type: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var status: String { get { object[string: 1] } set { object[string: 1] = newValue } }
    package var lastUpdateTime: Timestamp? { get { object[time: 2] } set { object[time: 2] = newValue } }
    package var lastTransitionTime: Timestamp? { get { object[time: 3] } set { object[time: 3] = newValue } }
    package var reason: String { get { object[string: 4] } set { object[string: 4] = newValue } }
    package var message: String { get { object[string: 5] } set { object[string: 5] = newValue } }
}

package struct RollingUpdateDeployment: View {
    package static let type = Schema.builtin.type(named: "apps/v1.RollingUpdateDeployment")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var maxUnavailable: IntOrString? { get { object[intOrString: 0] } set { object[intOrString: 0] = newValue } }
    package var maxSurge: IntOrString? { get { object[intOrString: 1] } set { object[intOrString: 1] = newValue } }
}
