import MartinetBase
import MartinetClient
import MartinetManagedFields
import MartinetSchema

/// What a write does about `metadata.managedFields`.
enum Tracking: Sendable {
    /// What it changes is recorded as its manager's.
    case update
    /// The object already has the entries that shall be stored.
    case done
    /// The entries stay as they are, whatever changes: the system's own writes.
    case none
}

extension Registry {
    /// Records in an object what a write changes.
    func track(
        _ object: inout Object, over current: CachedObject?, _ request: APIRequest, _ resource: ServedResource
    ) {
        let manager = fieldManager(resource, subresource: request.resource.subresource)
        manager.update(
            live: current?.object, known: current?.managed, object: &object, name: request.options.manager,
            now: runtime.now())
    }

    func fieldManager(_ resource: ServedResource, subresource: String) -> FieldManager {
        FieldManager(
            type: resource.kind.type, apiVersion: resource.kind.apiVersion, subresource: subresource,
            filter: .of(resource.kind, subresource: subresource),
            converter: ResourceVersions(registry: self, resource: resource))
    }

    /// Whether two objects are the same but for the times at which their managers last did something.
    static func differsInTimesOnly(_ object: Object, _ stored: Object) -> Bool {
        guard let new = object.managedFieldsList, let old = stored.managedFieldsList, new.count == old.count,
            new != old
        else { return false }
        for case (.object(var left), .object(let right)) in zip(new, old) {
            guard let time = left.type.field(named: "time")?.slot else { return false }
            left[time] = right[time]
            if left != right { return false }
        }
        var object = object
        object.setManagedFieldsList(old)
        return object == stored
    }
}

/// The versions in which a resource is served.
struct ResourceVersions: ObjectVersions {
    let registry: Registry
    let resource: ServedResource

    private func other(_ apiVersion: String) -> ServedResource? {
        registry.resources(under: resource.cache.prefix).first { $0.kind.apiVersion == apiVersion }
    }

    func type(for apiVersion: String) -> ObjectType? {
        apiVersion == resource.kind.apiVersion ? resource.kind.type : other(apiVersion)?.kind.type
    }

    func convert(_ object: Object, to apiVersion: String) -> Object? {
        if apiVersion == resource.kind.apiVersion { return object }
        // An entry of a version that cannot be had now says nothing about this change.
        return try? other(apiVersion)?.converted(object)
    }
}

extension APIRequest.Options {
    /// The field manager: the one that is named, else the program of the user agent.
    var manager: String {
        if !fieldManager.isEmpty { return fieldManager }
        var name = ""
        for scalar in userAgent.prefix(while: { $0 != "/" }).unicodeScalars where scalar.isPrintable {
            guard name.utf8.count + scalar.utf8.count <= Registry.fieldManagerBytesMax else { break }
            name.unicodeScalars.append(scalar)
        }
        return name
    }
}

extension Unicode.Scalar {
    var isPrintable: Bool {
        switch properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
        case .spaceSeparator: self == " "
        default: true
        }
    }
}
