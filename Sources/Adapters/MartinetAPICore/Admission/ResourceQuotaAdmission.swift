import MartinetAPI
import MartinetBase
import MartinetClient
import MartinetReconcile
import MartinetSchema
import MartinetStore
import Synchronization

/// Nothing is written that would use more than the quotas of its namespace leave.
///
/// What is used is counted when the write comes, from what is stored and what is on its way there: a burst cannot pass
/// between two counts.
final class ResourceQuotaAdmission: AdmissionPlugin {
    let name = "ResourceQuota"

    private struct Reservation {
        var subjects: [QuotaSubject]
    }
    private struct State {
        /// What is admitted and not stored yet, by the key in the store.
        var reserved: [String: Reservation] = [:]
        /// What stored objects use, so that they are not read again for every write.
        var known: [String: (revision: Revision, subject: QuotaSubject)] = [:]
    }
    private let state = Mutex(State())
    private static let knownMax = 50_000

    /// A write has ended: what it has used is seen in the store, or it uses nothing.
    func release(_ key: String) {
        state.withLock { state in
            guard var reservation = state.reserved[key] else { return }
            reservation.subjects.removeFirst()
            state.reserved[key] = reservation.subjects.isEmpty ? nil : reservation
        }
    }

    func validate(_ attributes: AdmissionAttributes, in registry: Registry) throws(APIError) {
        guard attributes.verb == .create || attributes.verb == .update, let namespace = attributes.resource.namespace,
            attributes.resource.subresource.isEmpty || attributes.resource.subresource == "resize",
            let served = registry.served[attributes.resource]
        else { return }
        let quotas = registry.cached(ResourceName(version: "v1", plural: "resourcequotas", namespace: namespace))
            .map(\.object)
        guard !quotas.isEmpty else { return }
        let kind = attributes.kind
        let subject = QuotaSubject(attributes.object, kind)
        let old = attributes.old.map { QuotaSubject($0, kind) }
        let now = registry.runtime.now()
        let key = served.key(namespace: namespace, name: attributes.object.metadata.name)
        let stored = registry.cached(ResourceName(kind, namespace: namespace))
        let refusal = state.withLock { state -> String? in
            for quota in quotas where subject.isCovered(by: quota) {
                let before = old?.isCovered(by: quota) == true ? old : nil
                let count = { self.used(quota, kind, stored, except: key, now, &state) }
                if let refusal = ResourceQuotaAdmission.refusal(quota, attributes, subject, before, now, count) {
                    return refusal
                }
            }
            // A dry run reserves too: its end releases it.
            state.reserved[key, default: Reservation(subjects: [])].subjects.append(subject)
            return nil
        }
        if let refusal { throw attributes.forbidden(refusal) }
    }

    private static func refusal(
        _ quota: Object, _ attributes: AdmissionAttributes, _ subject: QuotaSubject, _ before: QuotaSubject?,
        _ now: Timestamp, _ used: () -> [String: Quantity]
    ) -> String? {
        let hard = quota.part("spec")?.map("hard") ?? Map()
        let name = quota.metadata.name
        if attributes.isPodCreation,
            let missing = QuotaSubject.missing(attributes.object, hard: hard.entries.map(\.key))
        {
            return "failed quota: \(name): \(missing)"
        }
        let (wanted, had) = (subject.usage(at: now), before?.usage(at: now) ?? [:])
        var limits: [String: Quantity] = [:]
        for entry in hard.entries {
            guard case .string(let text) = entry.value, let limit = Quantity(text), let more = wanted[entry.key],
                more > had[entry.key] ?? Quantity(0)
            else { continue }
            limits[entry.key] = limit
        }
        guard !limits.isEmpty else { return nil }
        let used = used()
        let exceeded = limits.keys.filter { name in
            (used[name] ?? Quantity(0)) + (wanted[name] ?? Quantity(0)) > limits[name] ?? Quantity(0)
        }
        guard !exceeded.isEmpty else { return nil }
        func list(_ amount: (String) -> Quantity) -> String {
            exceeded.sorted { $0.precedes($1) }.map { "\($0)=\(amount($0))" }.joined(separator: ",")
        }
        let zero = Quantity(0)
        return "exceeded quota: \(name), requested: \(list { (wanted[$0] ?? zero) - (had[$0] ?? zero) }), "
            + "used: \(list { (used[$0] ?? zero) + (had[$0] ?? zero) }), limited: \(list { limits[$0] ?? zero })"
    }

    /// What all others of the kind use of a quota: those that are stored, and those that soon will be.
    private func used(
        _ quota: Object, _ kind: Kind, _ stored: [CachedObject], except key: String, _ now: Timestamp,
        _ state: inout State
    ) -> [String: Quantity] {
        if state.known.count > ResourceQuotaAdmission.knownMax { state.known.removeAll() }
        var used: [String: Quantity] = [:]
        var keys: Set<String> = []
        func add(_ subjects: [QuotaSubject]) {
            var most: [String: Quantity] = [:]
            for subject in subjects where subject.isCovered(by: quota) {
                most.merge(subject.usage(at: now)) { max($0, $1) }
            }
            used.merge(most) { $0 + $1 }
        }
        for object in stored where object.key != key {
            keys.insert(object.key)
            let subject: QuotaSubject
            if let known = state.known[object.key], known.revision == object.revision {
                subject = known.subject
            } else {
                subject = QuotaSubject(object.object, kind)
                state.known[object.key] = (object.revision, subject)
            }
            add([subject] + (state.reserved[object.key]?.subjects ?? []))
        }
        let prefix = ResourceQuotaAdmission.folder(key)
        for (other, reservation) in state.reserved
        where other != key && !keys.contains(other) && ResourceQuotaAdmission.folder(other) == prefix {
            add(reservation.subjects)
        }
        return used
    }

    /// A key without its name: the resource and the namespace.
    private static func folder(_ key: String) -> Substring {
        key.lastIndex(of: "/").map { key[...$0] } ?? key[...]
    }
}
