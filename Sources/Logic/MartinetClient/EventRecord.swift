package import MartinetAPI
package import MartinetSchema

/// Something worth telling the people who look after an object; becomes a `v1.Event`.
package struct EventRecord: Sendable, Hashable {
    package var object: ObjectReference
    /// `Normal` or `Warning`.
    package var type: String
    /// CamelCase, for programs: `ScalingReplicaSet`.
    package var reason: String
    package var message: String

    package static func normal(_ object: Object, _ reason: String, _ message: String) -> EventRecord {
        EventRecord(object: ObjectReference(to: object), type: "Normal", reason: reason, message: message)
    }

    package static func warning(_ object: Object, _ reason: String, _ message: String) -> EventRecord {
        EventRecord(object: ObjectReference(to: object), type: "Warning", reason: reason, message: message)
    }
}
