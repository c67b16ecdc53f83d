import MartinetManagedFields
package import MartinetSchema
package import MartinetStore
import Synchronization

/// An object as it is kept for reading: its JSON at one revision, and what selectors look at.
///
/// The decoded tree and the protobuf form are made when somebody asks for them.
package final class CachedObject: Sendable {
    /// The key in the store.
    package let key: String
    package let namespace: String
    package let name: String
    package let revision: Revision
    /// The whole object as compact JSON, with its resourceVersion.
    package let json: [UInt8]
    package let type: ObjectType
    /// Whether it was written by the schema that it is served by.
    private let isCurrent: Bool
    /// Whether it lies in the storage version, as of now.
    let isMigrated: Bool
    let labels: [(key: String, value: String)]
    let fields: [(key: String, value: String)]
    private let made: Mutex<(object: Object?, protobuf: [UInt8]?, managed: ManagedFields?)>

    init(
        key: String, namespace: String, name: String, revision: Revision, json: [UInt8], type: ObjectType,
        labels: [(key: String, value: String)], fields: [(key: String, value: String)], isCurrent: Bool = false,
        isMigrated: Bool = true, object: Object? = nil
    ) {
        self.isMigrated = isMigrated
        self.key = key
        self.namespace = namespace
        self.name = name
        self.revision = revision
        self.json = json
        self.type = type
        self.labels = labels
        self.fields = fields
        self.isCurrent = isCurrent
        made = Mutex((object, nil, nil))
    }

    /// The decoded tree, with its resourceVersion.
    package var object: Object {
        if let object = made.withLock({ $0.object }) { return object }
        // What is stored was encoded by this schema: it can be decoded, and an empty object is better than a trap.
        let object = (try? JSONDecoder.decode(json, as: type))?.object ?? Object(type: type)
        made.withLock { $0.object = object }
        return object
    }

    /// The object behind `k8s\0`, as protobuf.
    package var protobuf: [UInt8] {
        if let bytes = made.withLock({ $0.protobuf }) { return bytes }
        let bytes = ProtobufEncoder.encode(object)
        made.withLock { $0.protobuf = bytes }
        return bytes
    }

    /// Who manages which fields, read once.
    var managed: ManagedFields {
        if let managed = made.withLock({ $0.managed }) { return managed }
        var managed = object.managedFields(isCanonical: true)
        managed.isCurrent = isCurrent
        made.withLock { $0.managed = managed }
        return managed
    }

    func label(_ key: String) -> String? { labels.first { $0.key == key }?.value }

    func field(_ path: String) -> String {
        switch path {
        case "metadata.name": name
        case "metadata.namespace": namespace
        default: fields.first { $0.key == path }?.value ?? ""
        }
    }
}
