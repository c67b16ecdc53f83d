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

    private struct State {
        /// Of the policies and of the bindings, once they are served.
        var caches: (policies: ResourceCache, bindings: ResourceCache)?
        var seen: (policies: Revision, bindings: Revision)?
        var compiled: [String: Compiled] = [:]
        var bound: [Bound] = []
        /// Where in `bound` the policies are that name a resource, by its plural, and those that name any.
        var byPlural: [String: [Int]] = [:]
        var everywhere: [Int] = []
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
        state.withLock { state in
            refresh(&state, registry)
            guard !state.bound.isEmpty else { return [] }
            let named = state.byPlural[resource.plural] ?? []
            if named.isEmpty, state.everywhere.isEmpty { return [] }
            return (named + state.everywhere).sorted().map { state.bound[$0] }
        }
    }

    private func refresh(_ state: inout State, _ registry: Registry) {
        if state.caches == nil {
            let served = registry.served
            guard let policies = served[policies]?.cache, let bindings = served[bindings]?.cache else { return }
            state.caches = (policies, bindings)
        }
        guard let caches = state.caches else { return }
        // Looked at before the objects are: what changes meanwhile is seen the next time.
        let now = (caches.policies.changed, caches.bindings.changed)
        if let seen = state.seen, seen == now { return }
        state.seen = now
        func all(_ cache: ResourceCache) -> [CachedObject] {
            cache.page(Selection(), from: nil, limit: 0, at: nil)?.objects ?? []
        }
        let bindings = Dictionary(grouping: all(caches.bindings).map(\.object)) {
            $0.part("spec")?.text("policyName") ?? ""
        }
        var before = state.compiled
        state.compiled.removeAll()
        state.bound.removeAll()
        for object in all(caches.policies) {
            guard let bindings = bindings[object.name], let spec = object.object.part("spec") else { continue }
            let metadata = object.object.metadata
            var compiled = before.removeValue(forKey: object.name)
            if compiled?.uid != metadata.uid || compiled?.generation != metadata.generation { compiled = nil }
            let fresh =
                compiled ?? Compiled(uid: metadata.uid, generation: metadata.generation, policy: compile(spec))
            state.compiled[object.name] = fresh
            state.bound.append(Bound(name: object.name, spec: spec, policy: fresh.policy, bindings: bindings))
        }
        index(&state)
    }

    private func index(_ state: inout State) {
        state.byPlural.removeAll()
        state.everywhere.removeAll()
        for (position, bound) in state.bound.enumerated() {
            let rules = bound.spec.part("matchConstraints")?.parts("resourceRules") ?? []
            var plurals: Set<String> = []
            for rule in rules {
                guard case .list(let resources)? = rule[field: "resources"] else { continue }
                for case .string(let text) in resources { plurals.insert(String(text.prefix { $0 != "/" })) }
            }
            if rules.isEmpty || plurals.contains("*") {
                state.everywhere.append(position)
            } else {
                for plural in plurals { state.byPlural[plural, default: []].append(position) }
            }
        }
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
