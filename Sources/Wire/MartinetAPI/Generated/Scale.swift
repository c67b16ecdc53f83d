// Made by `make generate` from API/. Do not edit.

package import MartinetSchema

package struct Scale: View {
    package static let type = Schema.builtin.type(named: "autoscaling/v1.Scale")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var metadata: ObjectMeta { get { object[view: 0] } _modify { yield &object[view: 0] } }
    package var spec: ScaleSpec { get { object[view: 1] } _modify { yield &object[view: 1] } }
    package var status: ScaleStatus { get { object[view: 2] } _modify { yield &object[view: 2] } }
}

package struct ScaleSpec: View {
    package static let type = Schema.builtin.type(named: "autoscaling/v1.ScaleSpec")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var replicas: Int32 { get { object[int32: 0] } set { object[int32: 0] = newValue } }
}

package struct ScaleStatus: View {
    package static let type = Schema.builtin.type(named: "autoscaling/v1.ScaleStatus")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var replicas: Int32 { get { object[int32: 0] } set { object[int32: 0] = newValue } }
    package var selector: String { get { object[string: 1] } set { object[string: 1] = newValue } }
}
