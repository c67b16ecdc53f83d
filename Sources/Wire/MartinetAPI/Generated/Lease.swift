// Made by `make generate` from API/. Do not edit.

package import MartinetBase
package import MartinetSchema

package struct Lease: View {
    package static let type = Schema.builtin.type(named: "coordination.k8s.io/v1.Lease")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var metadata: ObjectMeta { get { object[view: 0] } _modify { yield &object[view: 0] } }
    package var spec: LeaseSpec { get { object[view: 1] } _modify { yield &object[view: 1] } }
}

package struct LeaseSpec: View {
    package static let type = Schema.builtin.type(named: "coordination.k8s.io/v1.LeaseSpec")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var holderIdentity: String? { get { object[optionalString: 0] } set { object[optionalString: 0] = newValue } }
    package var leaseDurationSeconds: Int32? { get { object[optionalInt32: 1] } set { object[optionalInt32: 1] = newValue } }
    package var acquireTime: Timestamp? { get { object[microtime: 2] } set { object[microtime: 2] = newValue } }
    package var renewTime: Timestamp? { get { object[microtime: 3] } set { object[microtime: 3] = newValue } }
    package var leaseTransitions: Int32? { get { object[optionalInt32: 4] } set { object[optionalInt32: 4] = newValue } }
    package var strategy: String? { get { object[optionalString: 5] } set { object[optionalString: 5] = newValue } }
    package var preferredHolder: String? { get { object[optionalString: 6] } set { object[optionalString: 6] = newValue } }
}
