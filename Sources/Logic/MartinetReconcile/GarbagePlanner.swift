package import MartinetAPI
package import MartinetClient
package import MartinetSchema

/// Deletes what no owner holds any more, and lets owners go that wait for their dependents.
///
/// An owner is only taken for gone when the server itself has said so: two watches never tell one story.
package struct GarbagePlanner {
    package static let foreground = "foregroundDeletion"
    package static let orphan = "orphan"

    package enum Owner {
        case present(Object)
        case absent(ResourceName)
        /// Of a kind that is not watched, or not where it could be: nothing is concluded.
        case unknown
    }

    let object: Object
    let dependents: [Object]
    let owner: (OwnerReference) -> Owner

    /// - Parameter dependents: the objects that name it as an owner.
    package init(object: Object, dependents: [Object], owner: @escaping (OwnerReference) -> Owner) {
        self.object = object
        self.dependents = dependents
        self.owner = owner
    }

    package func plan() -> Plan {
        var plan = Plan()
        let metadata = object.metadata
        if metadata.deletionTimestamp != nil {
            if metadata.finalizers.contains(GarbagePlanner.orphan) {
                orphanDependents(&plan)
            } else if metadata.finalizers.contains(GarbagePlanner.foreground) {
                deleteDependents(&plan)
            }
            return plan
        }
        guard !metadata.ownerReferences.isEmpty else { return plan }
        judge(&plan)
        return plan
    }

    private func orphanDependents(_ plan: inout Plan) {
        let uid = object.metadata.uid
        plan.steps.append(
            dependents.compactMap { dependent in
                GarbagePlanner.patch(dependent, tolerates: [.notFound]) { $0.uid != uid }
            })
        plan.add(withoutFinalizer(GarbagePlanner.orphan))
    }

    private func deleteDependents(_ plan: inout Plan) {
        let uid = object.metadata.uid
        let blocking = dependents.filter { dependent in
            dependent.metadata.ownerReferences.contains { $0.uid == uid && $0.blockOwnerDeletion == true }
        }
        let writes = dependents.filter { $0.metadata.deletionTimestamp == nil && !hasOtherOwner($0, than: [uid]) }
            .compactMap { dependent in
                APIRequest.delete(dependent, propagation: "Foreground").map {
                    Write($0, tolerates: [.notFound, .conflict])
                }
            }
        if !writes.isEmpty { plan.steps.append(writes) }
        if blocking.allSatisfy({ hasOtherOwner($0, than: [uid]) }), writes.isEmpty {
            plan.add(withoutFinalizer(GarbagePlanner.foreground))
        }
    }

    private func hasOtherOwner(_ dependent: Object, than uids: Set<String>) -> Bool {
        dependent.metadata.ownerReferences.contains { reference in
            guard !uids.contains(reference.uid) else { return false }
            if case .absent = owner(reference) { return false }
            return true
        }
    }

    private func judge(_ plan: inout Plan) {
        var gone: Set<String> = []
        var waiting: Set<String> = []
        var holding = 0
        var checks: [Write] = []
        for reference in object.metadata.ownerReferences {
            switch owner(reference) {
            case .unknown: holding += 1
            case .absent(let resource):
                gone.insert(reference.uid)
                checks.append(.ensureAbsent(resource, uid: reference.uid))
            case .present(let owner):
                let metadata = owner.metadata
                if metadata.deletionTimestamp != nil, metadata.finalizers.contains(GarbagePlanner.foreground) {
                    waiting.insert(reference.uid)
                } else {
                    holding += 1
                }
            }
        }
        guard !gone.isEmpty || !waiting.isEmpty else { return }
        if !checks.isEmpty { plan.steps.append(checks) }
        if holding > 0 {
            let drop = gone.union(waiting)
            if let write = GarbagePlanner.patch(object, tolerates: .notFound, keeping: { !drop.contains($0.uid) }) {
                plan.add(write)
            }
        } else if let request = APIRequest.delete(object, propagation: waiting.isEmpty ? "Background" : "Foreground") {
            plan.add(Write(request, tolerates: [.notFound, .conflict]))
        }
    }

    private func withoutFinalizer(_ finalizer: String) -> Write {
        let metadata = object.metadata
        let list = metadata.finalizers.filter { $0 != finalizer }.map(JSONText.quoted).joined(separator: ",")
        return GarbagePlanner.patch(object, "\"finalizers\":[\(list)]", tolerates: .notFound)
    }

    private static func patch(
        _ object: Object, tolerates: Write.Tolerance, keeping isKept: (OwnerReference) -> Bool
    ) -> Write? {
        let kept = object.metadata.ownerReferences.filter(isKept)
        let list = kept.map { String(decoding: JSONEncoder.encode($0.object), as: UTF8.self) }
        return patch(object, "\"ownerReferences\":[\(list.joined(separator: ","))]", tolerates: tolerates)
    }

    private static func patch(_ object: Object, _ field: String, tolerates: Write.Tolerance) -> Write {
        let metadata = object.metadata
        let kind = object.type.kind
        var request = APIRequest(
            .patch,
            ResourceName(
                group: kind?.group ?? "", version: kind?.version ?? "", plural: kind?.plural ?? "",
                namespace: metadata.namespace.isEmpty ? nil : metadata.namespace, name: metadata.name))
        let document =
            "{\"metadata\":{\"uid\":\(JSONText.quoted(metadata.uid)),\"resourceVersion\":"
            + "\(JSONText.quoted(metadata.resourceVersion)),\(field)}}"
        request.patch = (.merge, Array(document.utf8))
        return Write(request, tolerates: tolerates)
    }
}
