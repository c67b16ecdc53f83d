// Made by `make generate` from API/. Do not edit.

package import MartinetBase
package import MartinetSchema

package struct Namespace: View {
    package static let type = Schema.builtin.type(named: "v1.Namespace")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var metadata: ObjectMeta { get { object[view: 0] } _modify { yield &object[view: 0] } }
    package var spec: NamespaceSpec { get { object[view: 1] } _modify { yield &object[view: 1] } }
    package var status: NamespaceStatus { get { object[view: 2] } _modify { yield &object[view: 2] } }
}

package struct ObjectMeta: View {
    package static let type = Schema.builtin.type(named: "meta/v1.ObjectMeta")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var name: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var generateName: String { get { object[string: 1] } set { object[string: 1] = newValue } }
    package var namespace: String { get { object[string: 2] } set { object[string: 2] = newValue } }
    package var selfLink: String { get { object[string: 3] } set { object[string: 3] = newValue } }
    package var uid: String { get { object[string: 4] } set { object[string: 4] = newValue } }
    package var resourceVersion: String { get { object[string: 5] } set { object[string: 5] = newValue } }
    package var generation: Int64 { get { object[int: 6] } set { object[int: 6] = newValue } }
    package var creationTimestamp: Timestamp? { get { object[time: 7] } set { object[time: 7] = newValue } }
    package var deletionTimestamp: Timestamp? { get { object[time: 8] } set { object[time: 8] = newValue } }
    package var deletionGracePeriodSeconds: Int64? { get { object[optionalInt: 9] } set { object[optionalInt: 9] = newValue } }
    package var labels: StringMap { get { object[stringMap: 10] } _modify { yield &object[stringMap: 10] } }
    package var annotations: StringMap { get { object[stringMap: 11] } _modify { yield &object[stringMap: 11] } }
    package var ownerReferences: ViewList<OwnerReference> { get { object[list: 12] } _modify { yield &object[list: 12] } }
    package var finalizers: [String] { get { object[strings: 13] } set { object[strings: 13] = newValue } }
    package var managedFields: ViewList<ManagedFieldsEntry> { get { object[list: 14] } _modify { yield &object[list: 14] } }
}

package struct NamespaceSpec: View {
    package static let type = Schema.builtin.type(named: "v1.NamespaceSpec")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var finalizers: [String] { get { object[strings: 0] } set { object[strings: 0] = newValue } }
}

package struct NamespaceStatus: View {
    package static let type = Schema.builtin.type(named: "v1.NamespaceStatus")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var phase: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var conditions: ViewList<NamespaceCondition> { get { object[list: 1] } _modify { yield &object[list: 1] } }
}

package struct OwnerReference: View {
    package static let type = Schema.builtin.type(named: "meta/v1.OwnerReference")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var apiVersion: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var kind: String { get { object[string: 1] } set { object[string: 1] = newValue } }
    package var name: String { get { object[string: 2] } set { object[string: 2] = newValue } }
    package var uid: String { get { object[string: 3] } set { object[string: 3] = newValue } }
    package var controller: Bool? { get { object[optionalBool: 4] } set { object[optionalBool: 4] = newValue } }
    package var blockOwnerDeletion: Bool? { get { object[optionalBool: 5] } set { object[optionalBool: 5] = newValue } }
}

package struct ManagedFieldsEntry: View {
    package static let type = Schema.builtin.type(named: "meta/v1.ManagedFieldsEntry")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var manager: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var operation: String { get { object[string: 1] } set { object[string: 1] = newValue } }
    package var apiVersion: String { get { object[string: 2] } set { object[string: 2] = newValue } }
    package var time: Timestamp? { get { object[time: 3] } set { object[time: 3] = newValue } }
    package var fieldsType: String { get { object[string: 4] } set { object[string: 4] = newValue } }
    package var fieldsV1: RawJSON? { get { object[raw: 5] } set { object[raw: 5] = newValue } }
    package var subresource: String { get { object[string: 6] } set { object[string: 6] = newValue } }
}

package struct NamespaceCondition: View {
    package static let type = Schema.builtin.type(named: "v1.NamespaceCondition")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var type: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var status: String { get { object[string: 1] } set { object[string: 1] = newValue } }
    package var lastTransitionTime: Timestamp? { get { object[time: 2] } set { object[time: 2] = newValue } }
    package var reason: String { get { object[string: 3] } set { object[string: 3] = newValue } }
    package var message: String { get { object[string: 4] } set { object[string: 4] = newValue } }
}
