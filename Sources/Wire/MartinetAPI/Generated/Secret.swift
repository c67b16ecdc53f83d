// Made by `make generate` from API/. Do not edit.

package import MartinetSchema

package struct Secret: View {
    package static let type = Schema.builtin.type(named: "v1.Secret")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var metadata: ObjectMeta { get { object[view: 0] } _modify { yield &object[view: 0] } }
    package var immutable: Bool? { get { object[optionalBool: 1] } set { object[optionalBool: 1] = newValue } }
    package var data: Map { get { object[map: 2] } set { object[map: 2] = newValue } }
    package var stringData: StringMap { get { object[stringMap: 3] } _modify { yield &object[stringMap: 3] } }
    package var type: String { get { object[string: 4] } set { object[string: 4] = newValue } }
}
