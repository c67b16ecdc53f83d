import MartinetAPI
import MartinetBase
import MartinetClient
import MartinetManagedFields
import MartinetSchema

/// Carries the managers of an object's replicas over to its Scale, and back.
///
/// A Scale has the entries of those who manage the replicas, as its own `spec.replicas`. What is done to them there is
/// done to the object's: who lost the field there loses it here, who got it there gets an entry for it here.
/// Source: apimachinery's ScaleHandler.
struct ScaleTracking {
    static let scaleVersion = "autoscaling/v1"
    private static let scaleField = FieldSet([[.field("spec"), .field("replicas")]])

    let parent: ManagedFields
    let apiVersion: String
    /// Where the replicas lie, by version; other versions' entries are dropped.
    let paths: [String: [PathElement]]

    /// The entries of the Scale.
    var entries: ManagedFields {
        var result = ManagedFields()
        for entry in parent.entries {
            guard let path = paths[entry.apiVersion], entry.fields.contains(path) else { continue }
            result.entries.append(
                .init(
                    entry.manager, apiVersion: ScaleTracking.scaleVersion, fields: ScaleTracking.scaleField,
                    time: entry.time))
        }
        return result
    }

    /// The object's entries after those of the Scale have become these.
    func merged(with scale: ManagedFields) -> ManagedFields {
        var left = scale.entries
        var result = ManagedFields()
        for entry in parent.entries {
            guard let path = paths[entry.apiVersion] else { continue }
            guard entry.fields.contains(path) else {
                result.entries.append(entry)
                continue
            }
            if let index = left.firstIndex(where: { $0.manager == entry.manager }) {
                left.remove(at: index)
                result.entries.append(entry)
                continue
            }
            let rest = entry.fields.subtracting(FieldSet([path]))
            if rest.isEmpty { continue }
            result.entries.append(
                .init(entry.manager, apiVersion: entry.apiVersion, fields: rest, time: entry.time))
        }
        for entry in left where entry.fields.contains([.field("spec"), .field("replicas")]) {
            guard let path = paths[apiVersion] else { continue }
            result.entries.append(
                .init(
                    entry.manager, apiVersion: apiVersion, fields: FieldSet([path]),
                    time: parent[entry.manager]?.time))
        }
        return result
    }
}
