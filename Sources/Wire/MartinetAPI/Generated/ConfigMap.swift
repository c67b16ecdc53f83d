// Made by `make generate` from API/. Do not edit.

package import MartinetSchema

package struct ConfigMap: View {
    package static let type = Schema.builtin.type(named: "v1.ConfigMap")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var metadata: ObjectMeta { get { object[view: 0] } _modify { yield &object[view: 0] } }
    package var immutable: Bool? { get { object[optionalBool: 1] } set { object[optionalBool: 1] = newValue } }
    package var data: StringMap { get { object[stringMap: 2] } _modify { yield &object[stringMap: 2] } }
    package var binaryData: Map { get { object[map: 3] } set { object[map: 3] = newValue } }
}
