// Made by `make generate` from API/. Do not edit.

package import MartinetSchema

package struct Eviction: View {
    package static let type = Schema.builtin.type(named: "policy/v1.Eviction")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var metadata: ObjectMeta { get { object[view: 0] } _modify { yield &object[view: 0] } }
    package var deleteOptions: DeleteOptions? { get { object[optionalView: 1] } _modify { yield &object[optionalView: 1] } }
}

package struct DeleteOptions: View {
    package static let type = Schema.builtin.type(named: "meta/v1.DeleteOptions")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var gracePeriodSeconds: Int64? { get { object[optionalInt: 0] } set { object[optionalInt: 0] = newValue } }
    package var preconditions: Preconditions? { get { object[optionalView: 1] } _modify { yield &object[optionalView: 1] } }
    package var orphanDependents: Bool? { get { object[optionalBool: 2] } set { object[optionalBool: 2] = newValue } }
    package var propagationPolicy: String? { get { object[optionalString: 3] } set { object[optionalString: 3] = newValue } }
    package var dryRun: [String] { get { object[strings: 4] } set { object[strings: 4] = newValue } }
    package var ignoreStoreReadErrorWithClusterBreakingPotential: Bool? { get { object[optionalBool: 5] } set { object[optionalBool: 5] = newValue } }
}

package struct Preconditions: View {
    package static let type = Schema.builtin.type(named: "meta/v1.Preconditions")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var uid: String? { get { object[optionalString: 0] } set { object[optionalString: 0] = newValue } }
    package var resourceVersion: String? { get { object[optionalString: 1] } set { object[optionalString: 1] = newValue } }
}
