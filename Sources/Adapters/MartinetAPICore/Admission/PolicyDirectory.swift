import MartinetAPI
import MartinetClient
import MartinetSchema
import MartinetStore
import Synchronization

/// The policies of one sort that have bindings, compiled, and found by the resource of a request.
///
/// A policy is compiled once for each generation. A request that no policy is about costs two comparisons and a lookup.
final class PolicyDirectory<Policy: Sendable>: Sendable {
    struct Bound: Sendable {
        let name: String
        let spec: Object
        let policy: Policy
        let bindings: [Object]
    }

    private struct Compiled {
        let uid: String
        let generation: Int64
        let policy: Policy
    }

    /// What there was at one time, for everybody to read.
    private final class Snapshot: Sendable {
        let seen: Seen
        let compiled: [String: Compiled]
        let bound: [Bound]
        /// Where in `bound` the policies are that name a resource, by its plural, and those that name any.
        let byPlural: [String: [Int]]
        let everywhere: [Int]

        init(_ seen: Seen, _ compiled: [String: Compiled], _ bound: [Bound]) {
            self.seen = seen
            self.compiled = compiled
            self.bound = bound
            (byPlural, everywhere) = Snapshot.index(bound)
        }

        private static func index(_ all: [Bound]) -> ([String: [Int]], [Int]) {
            var byPlural: [String: [Int]] = [:]
            var everywhere: [Int] = []
            for (position, bound) in all.enumerated() {
                let rules = bound.spec.part("matchConstraints")?.parts("resourceRules") ?? []
                var plurals: Set<String> = []
                for rule in rules {
                    guard case .list(let resources)? = rule[field: "resources"] else { continue }
                    for case .string(let text) in resources { plurals.insert(String(text.prefix { $0 != "/" })) }
                }
                if rules.isEmpty || plurals.contains("*") {
                    everywhere.append(position)
                } else {
                    for plural in plurals { byPlural[plural, default: []].append(position) }
                }
            }
            return (byPlural, everywhere)
        }
    }

    /// When the policies and the bindings last changed.
    private struct Seen: Equatable {
        let policies: Revision
        let bindings: Revision
    }

    private struct State {
        /// Of the policies and of the bindings, once they are served.
        var caches: (policies: ResourceCache, bindings: ResourceCache)?
        var snapshot: Snapshot?
    }

    private let state = Mutex(State())
    private let policies: ResourceName
    private let bindings: ResourceName
    private let compile: @Sendable (_ spec: Object) -> Policy

    init(_ policies: String, _ bindings: String, compile: @escaping @Sendable (_ spec: Object) -> Policy) {
        self.policies = ResourceName(group: PolicyExemption.group, version: "v1", plural: policies)
        self.bindings = ResourceName(group: PolicyExemption.group, version: "v1", plural: bindings)
        self.compile = compile
    }

    /// The policies that may be about a resource, by name: whether they are, `PolicyMatching` decides.
    func bound(to resource: ResourceName, in registry: Registry) -> [Bound] {
        guard let snapshot = current(registry), !snapshot.bound.isEmpty else { return [] }
        let named = snapshot.byPlural[resource.plural] ?? []
        if named.isEmpty, snapshot.everywhere.isEmpty { return [] }
        return (named + snapshot.everywhere).sorted().map { snapshot.bound[$0] }
    }

    private func current(_ registry: Registry) -> Snapshot? {
        let (known, snapshot) = state.withLock { ($0.caches, $0.snapshot) }
        guard let caches = known ?? find(registry) else { return nil }
        // Looked at before the objects are: what changes meanwhile is seen the next time.
        let now = Seen(policies: caches.policies.changed, bindings: caches.bindings.changed)
        if let snapshot, snapshot.seen == now { return snapshot }
        // Two may do this at once; both get the same.
        let fresh = take(now, caches.policies, caches.bindings, snapshot?.compiled ?? [:])
        state.withLock { $0.snapshot = fresh }
        return fresh
    }

    private func find(_ registry: Registry) -> (policies: ResourceCache, bindings: ResourceCache)? {
        let served = registry.served
        guard let policies = served[policies]?.cache, let bindings = served[bindings]?.cache else { return nil }
        state.withLock { $0.caches = (policies, bindings) }
        return (policies, bindings)
    }

    private func take(
        _ now: Seen, _ policies: ResourceCache, _ bindings: ResourceCache, _ before: [String: Compiled]
    ) -> Snapshot {
        func all(_ cache: ResourceCache) -> [CachedObject] {
            cache.page(Selection(), from: nil, limit: 0, at: nil)?.objects ?? []
        }
        let bindings = Dictionary(grouping: all(bindings).map(\.object)) { $0.part("spec")?.text("policyName") ?? "" }
        var kept: [String: Compiled] = [:]
        var bound: [Bound] = []
        for object in all(policies) {
            guard let bindings = bindings[object.name], let spec = object.object.part("spec") else { continue }
            let metadata = object.object.metadata
            var compiled = before[object.name]
            if compiled?.uid != metadata.uid || compiled?.generation != metadata.generation { compiled = nil }
            let fresh =
                compiled ?? Compiled(uid: metadata.uid, generation: metadata.generation, policy: compile(spec))
            kept[object.name] = fresh
            bound.append(Bound(name: object.name, spec: spec, policy: fresh.policy, bindings: bindings))
        }
        return Snapshot(now, kept, bound)
    }
}

/// What policies are about is never policies: nobody can be locked out of mending one.
enum PolicyExemption {
    static let group = "admissionregistration.k8s.io"
    private static let kinds: Set<String> = [
        "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding", "MutatingAdmissionPolicy",
        "MutatingAdmissionPolicyBinding",
    ]

    static func holds(_ attributes: AdmissionAttributes) -> Bool {
        attributes.kind.group == group && kinds.contains(attributes.kind.name)
    }
}
