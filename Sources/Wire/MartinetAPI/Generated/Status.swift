// Made by `make generate` from API/. Do not edit.

package import MartinetSchema

package struct Status: View {
    package static let type = Schema.builtin.type(named: "meta/v1.Status")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var metadata: ListMeta { get { object[view: 0] } _modify { yield &object[view: 0] } }
    package var status: String { get { object[string: 1] } set { object[string: 1] = newValue } }
    package var message: String { get { object[string: 2] } set { object[string: 2] = newValue } }
    package var reason: String { get { object[string: 3] } set { object[string: 3] = newValue } }
    package var details: StatusDetails? { get { object[optionalView: 4] } _modify { yield &object[optionalView: 4] } }
    package var code: Int32 { get { object[int32: 5] } set { object[int32: 5] = newValue } }
}

package struct StatusDetails: View {
    package static let type = Schema.builtin.type(named: "meta/v1.StatusDetails")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var name: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var group: String { get { object[string: 1] } set { object[string: 1] = newValue } }
    package var kind: String { get { object[string: 2] } set { object[string: 2] = newValue } }
    package var uid: String { get { object[string: 3] } set { object[string: 3] = newValue } }
    package var causes: ViewList<StatusCause> { get { object[list: 4] } _modify { yield &object[list: 4] } }
    package var retryAfterSeconds: Int32 { get { object[int32: 5] } set { object[int32: 5] = newValue } }
}

package struct StatusCause: View {
    package static let type = Schema.builtin.type(named: "meta/v1.StatusCause")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var reason: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var message: String { get { object[string: 1] } set { object[string: 1] = newValue } }
    package var field: String { get { object[string: 2] } set { object[string: 2] = newValue } }
}
