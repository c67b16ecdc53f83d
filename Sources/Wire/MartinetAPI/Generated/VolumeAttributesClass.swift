// Made by `make generate` from API/. Do not edit.

package import MartinetSchema

package struct VolumeAttributesClass: View {
    package static let type = Schema.builtin.type(named: "storage.k8s.io/v1.VolumeAttributesClass")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var metadata: ObjectMeta { get { object[view: 0] } _modify { yield &object[view: 0] } }
    package var driverName: String { get { object[string: 1] } set { object[string: 1] = newValue } }
    package var parameters: StringMap { get { object[stringMap: 2] } _modify { yield &object[stringMap: 2] } }
}
