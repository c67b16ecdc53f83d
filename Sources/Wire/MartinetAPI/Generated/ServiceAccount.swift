// Made by `make generate` from API/. Do not edit.

package import MartinetSchema

package struct ServiceAccount: View {
    package static let type = Schema.builtin.type(named: "v1.ServiceAccount")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var metadata: ObjectMeta { get { object[view: 0] } _modify { yield &object[view: 0] } }
    package var secrets: ViewList<ObjectReference> { get { object[list: 1] } _modify { yield &object[list: 1] } }
    package var imagePullSecrets: ViewList<LocalObjectReference> { get { object[list: 2] } _modify { yield &object[list: 2] } }
    package var automountServiceAccountToken: Bool? { get { object[optionalBool: 3] } set { object[optionalBool: 3] = newValue } }
}
