// Made by `make generate` from API/. Do not edit.

package import MartinetBase
package import MartinetSchema

package struct TokenRequest: View {
    package static let type = Schema.builtin.type(named: "authentication.k8s.io/v1.TokenRequest")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var metadata: ObjectMeta { get { object[view: 0] } _modify { yield &object[view: 0] } }
    package var spec: TokenRequestSpec { get { object[view: 1] } _modify { yield &object[view: 1] } }
    package var status: TokenRequestStatus { get { object[view: 2] } _modify { yield &object[view: 2] } }
}

package struct TokenRequestSpec: View {
    package static let type = Schema.builtin.type(named: "authentication.k8s.io/v1.TokenRequestSpec")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var audiences: [String] { get { object[strings: 0] } set { object[strings: 0] = newValue } }
    package var expirationSeconds: Int64? { get { object[optionalInt: 1] } set { object[optionalInt: 1] = newValue } }
    package var boundObjectRef: BoundObjectReference? { get { object[optionalView: 2] } _modify { yield &object[optionalView: 2] } }
}

package struct TokenRequestStatus: View {
    package static let type = Schema.builtin.type(named: "authentication.k8s.io/v1.TokenRequestStatus")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var token: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var expirationTimestamp: Timestamp? { get { object[time: 1] } set { object[time: 1] = newValue } }
}

package struct BoundObjectReference: View {
    package static let type = Schema.builtin.type(named: "authentication.k8s.io/v1.BoundObjectReference")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var kind: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var apiVersion: String { get { object[string: 1] } set { object[string: 1] = newValue } }
    package var name: String { get { object[string: 2] } set { object[string: 2] = newValue } }
    package var uid: String { get { object[string: 3] } set { object[string: 3] = newValue } }
}
