// Made by `make generate` from API/. Do not edit.

package import MartinetSchema

package struct ListMeta: View {
    package static let type = Schema.builtin.type(named: "meta/v1.ListMeta")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var selfLink: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var resourceVersion: String { get { object[string: 1] } set { object[string: 1] = newValue } }
    package var `continue`: String { get { object[string: 2] } set { object[string: 2] = newValue } }
    package var remainingItemCount: Int64? { get { object[optionalInt: 3] } set { object[optionalInt: 3] = newValue } }
    package var shardInfo: ShardInfo? { get { object[optionalView: 4] } _modify { yield &object[optionalView: 4] } }
}

package struct ShardInfo: View {
    package static let type = Schema.builtin.type(named: "meta/v1.ShardInfo")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var selector: String { get { object[string: 0] } set { object[string: 0] = newValue } }
}
