package import MartinetAPI
package import MartinetClient
package import MartinetSchema

/// Which objects belong to a controller: those it owns and selects; free ones that it selects are adopted, owned ones
/// that it no longer selects are let go.
package struct Ownership<V: View> {
    package var owned: [V] = []
    package var writes: [Write] = []

    /// - Parameters:
    ///   - candidates: the objects of the owner's namespace that it might own.
    ///   - mayAdopt: false while the owner is being deleted.
    package init(owner: Object, selector: LabelSelector, candidates: [V], mayAdopt: Bool) {
        let uid = owner.metadata.uid
        for candidate in candidates {
            let metadata = candidate.object.metadata
            let isSelected = selector.matches(metadata.labels)
            if let controller = metadata.controllerReference {
                guard controller.uid == uid else { continue }
                if isSelected {
                    owned.append(candidate)
                } else if metadata.deletionTimestamp == nil, mayAdopt {
                    let rest = Array(metadata.ownerReferences.filter { $0.uid != uid })
                    writes.append(Ownership.write(candidate, rest))
                }
            } else if isSelected, mayAdopt, metadata.deletionTimestamp == nil {
                let kept: [OwnerReference] = metadata.ownerReferences.map { $0 }
                writes.append(Ownership.write(candidate, kept + [OwnerReference.controller(owner)]))
            }
        }
    }

    // On condition of the resourceVersion: two controllers must not both adopt.
    private static func write(_ candidate: V, _ owners: [OwnerReference]) -> Write {
        let metadata = candidate.object.metadata
        let list = owners.map { String(decoding: JSONEncoder.encode($0.object), as: UTF8.self) }
        let document =
            "{\"metadata\":{\"uid\":\(JSONText.quoted(metadata.uid)),\"resourceVersion\":"
            + "\(JSONText.quoted(metadata.resourceVersion)),\"ownerReferences\":[\(list.joined(separator: ","))]}}"
        return Write(.mergePatch(candidate, document), tolerates: .notFound)
    }
}
