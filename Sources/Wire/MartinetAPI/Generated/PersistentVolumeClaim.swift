// Made by `make generate` from API/. Do not edit.

package import MartinetBase
package import MartinetSchema

package struct PersistentVolumeClaim: View {
    package static let type = Schema.builtin.type(named: "v1.PersistentVolumeClaim")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var metadata: ObjectMeta { get { object[view: 0] } _modify { yield &object[view: 0] } }
    package var spec: PersistentVolumeClaimSpec { get { object[view: 1] } _modify { yield &object[view: 1] } }
    package var status: PersistentVolumeClaimStatus { get { object[view: 2] } _modify { yield &object[view: 2] } }
}

package struct PersistentVolumeClaimStatus: View {
    package static let type = Schema.builtin.type(named: "v1.PersistentVolumeClaimStatus")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var phase: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var accessModes: [String] { get { object[strings: 1] } set { object[strings: 1] = newValue } }
    package var capacity: StringMap { get { object[stringMap: 2] } _modify { yield &object[stringMap: 2] } }
    package var conditions: ViewList<PersistentVolumeClaimCondition> { get { object[list: 3] } _modify { yield &object[list: 3] } }
    package var allocatedResources: StringMap { get { object[stringMap: 4] } _modify { yield &object[stringMap: 4] } }
    package var allocatedResourceStatuses: StringMap { get { object[stringMap: 5] } _modify { yield &object[stringMap: 5] } }
    package var currentVolumeAttributesClassName: String? { get { object[optionalString: 6] } set { object[optionalString: 6] = newValue } }
    package var modifyVolumeStatus: ModifyVolumeStatus? { get { object[optionalView: 7] } _modify { yield &object[optionalView: 7] } }
}

package struct PersistentVolumeClaimCondition: View {
    package static let type = Schema.builtin.type(named: "v1.PersistentVolumeClaimCondition")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var type: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var status: String { get { object[string: 1] } set { object[string: 1] = newValue } }
    package var lastProbeTime: Timestamp? { get { object[time: 2] } set { object[time: 2] = newValue } }
    package var lastTransitionTime: Timestamp? { get { object[time: 3] } set { object[time: 3] = newValue } }
    package var reason: String { get { object[string: 4] } set { object[string: 4] = newValue } }
    package var message: String { get { object[string: 5] } set { object[string: 5] = newValue } }
}

package struct ModifyVolumeStatus: View {
    package static let type = Schema.builtin.type(named: "v1.ModifyVolumeStatus")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var targetVolumeAttributesClassName: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var status: String { get { object[string: 1] } set { object[string: 1] = newValue } }
}
