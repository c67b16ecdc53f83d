// Made by `make generate` from API/. Do not edit.

package import MartinetSchema

package struct PartialObjectMetadata: View {
    package static let type = Schema.builtin.type(named: "meta/v1.PartialObjectMetadata")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var metadata: ObjectMeta { get { object[view: 0] } _modify { yield &object[view: 0] } }
}
