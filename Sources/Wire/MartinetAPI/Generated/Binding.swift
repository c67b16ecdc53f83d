// Made by `make generate` from API/. Do not edit.

package import MartinetSchema

package struct Binding: View {
    package static let type = Schema.builtin.type(named: "v1.Binding")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var metadata: ObjectMeta { get { object[view: 0] } _modify { yield &object[view: 0] } }
    package var target: ObjectReference { get { object[view: 1] } _modify { yield &object[view: 1] } }
}

package struct ObjectReference: View {
    package static let type = Schema.builtin.type(named: "v1.ObjectReference")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var kind: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var namespace: String { get { object[string: 1] } set { object[string: 1] = newValue } }
    package var name: String { get { object[string: 2] } set { object[string: 2] = newValue } }
    package var uid: String { get { object[string: 3] } set { object[string: 3] = newValue } }
    package var apiVersion: String { get { object[string: 4] } set { object[string: 4] = newValue } }
    package var resourceVersion: String { get { object[string: 5] } set { object[string: 5] = newValue } }
    package var fieldPath: String { get { object[string: 6] } set { object[string: 6] = newValue } }
}
