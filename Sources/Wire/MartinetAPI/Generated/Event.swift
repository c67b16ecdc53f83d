// Made by `make generate` from API/. Do not edit.

package import MartinetBase
package import MartinetSchema

package struct Event: View {
    package static let type = Schema.builtin.type(named: "v1.Event")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var metadata: ObjectMeta { get { object[view: 0] } _modify { yield &object[view: 0] } }
    package var involvedObject: ObjectReference { get { object[view: 1] } _modify { yield &object[view: 1] } }
    package var reason: String { get { object[string: 2] } set { object[string: 2] = newValue } }
    package var message: String { get { object[string: 3] } set { object[string: 3] = newValue } }
    package var source: EventSource { get { object[view: 4] } _modify { yield &object[view: 4] } }
    package var firstTimestamp: Timestamp? { get { object[time: 5] } set { object[time: 5] = newValue } }
    package var lastTimestamp: Timestamp? { get { object[time: 6] } set { object[time: 6] = newValue } }
    package var count: Int32 { get { object[int32: 7] } set { object[int32: 7] = newValue } }
    package var type: String { get { object[string: 8] } set { object[string: 8] = newValue } }
    package var eventTime: Timestamp? { get { object[microtime: 9] } set { object[microtime: 9] = newValue } }
    package var series: EventSeries? { get { object[optionalView: 10] } _modify { yield &object[optionalView: 10] } }
    package var action: String { get { object[string: 11] } set { object[string: 11] = newValue } }
    package var related: ObjectReference? { get { object[optionalView: 12] } _modify { yield &object[optionalView: 12] } }
    package var reportingComponent: String { get { object[string: 13] } set { object[string: 13] = newValue } }
    package var reportingInstance: String { get { object[string: 14] } set { object[string: 14] = newValue } }
}

package struct EventSource: View {
    package static let type = Schema.builtin.type(named: "v1.EventSource")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var component: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var host: String { get { object[string: 1] } set { object[string: 1] = newValue } }
}

package struct EventSeries: View {
    package static let type = Schema.builtin.type(named: "v1.EventSeries")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var count: Int32 { get { object[int32: 0] } set { object[int32: 0] = newValue } }
    package var lastObservedTime: Timestamp? { get { object[microtime: 1] } set { object[microtime: 1] = newValue } }
}
