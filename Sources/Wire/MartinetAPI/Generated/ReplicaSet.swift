// Made by `make generate` from API/. Do not edit.

package import MartinetBase
package import MartinetSchema

package struct ReplicaSet: View {
    package static let type = Schema.builtin.type(named: "apps/v1.ReplicaSet")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var metadata: ObjectMeta { get { object[view: 0] } _modify { yield &object[view: 0] } }
    package var spec: ReplicaSetSpec { get { object[view: 1] } _modify { yield &object[view: 1] } }
    package var status: ReplicaSetStatus { get { object[view: 2] } _modify { yield &object[view: 2] } }
}

package struct ReplicaSetSpec: View {
    package static let type = Schema.builtin.type(named: "apps/v1.ReplicaSetSpec")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var replicas: Int32? { get { object[optionalInt32: 0] } set { object[optionalInt32: 0] = newValue } }
    package var minReadySeconds: Int32 { get { object[int32: 1] } set { object[int32: 1] = newValue } }
    package var selector: LabelSelector? { get { object[optionalView: 2] } _modify { yield &object[optionalView: 2] } }
    package var template: PodTemplateSpec { get { object[view: 3] } _modify { yield &object[view: 3] } }
}

package struct ReplicaSetStatus: View {
    package static let type = Schema.builtin.type(named: "apps/v1.ReplicaSetStatus")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var replicas: Int32 { get { object[int32: 0] } set { object[int32: 0] = newValue } }
    package var fullyLabeledReplicas: Int32 { get { object[int32: 1] } set { object[int32: 1] = newValue } }
    package var readyReplicas: Int32 { get { object[int32: 2] } set { object[int32: 2] = newValue } }
    package var availableReplicas: Int32 { get { object[int32: 3] } set { object[int32: 3] = newValue } }
    package var terminatingReplicas: Int32? { get { object[optionalInt32: 4] } set { object[optionalInt32: 4] = newValue } }
    package var observedGeneration: Int64 { get { object[int: 5] } set { object[int: 5] = newValue } }
    package var conditions: ViewList<ReplicaSetCondition> { get { object[list: 6] } _modify { yield &object[list: 6] } }
}

package struct ReplicaSetCondition: View {
    package static let type = Schema.builtin.type(named: "apps/v1.ReplicaSetCondition")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var type: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var status: String { get { object[string: 1] } set { object[string: 1] = newValue } }
    package var lastTransitionTime: Timestamp? { get { object[time: 2] } set { object[time: 2] = newValue } }
    package var reason: String { get { object[string: 3] } set { object[string: 3] = newValue } }
    package var message: String { get { object[string: 4] } set { object[string: 4] = newValue } }
}
