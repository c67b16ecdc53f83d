package import MartinetAddresses

/// The rules that a node has for its services, and what changes when a service does.
///
/// Invariants: operations of one call, committed together, lead from exactly the state before to exactly the state
/// after; their number depends on what changed in that service, never on how many services there are. A frontend that
/// two services claim belongs to the first that claimed it, and passes on when that one lets go.
package struct ServiceRules: Sendable {
    struct Route: Hashable {
        /// In the map's order; empty is dropped or refused.
        var endpoints: [ServiceEndpoint]
        var affinitySeconds: UInt32?
        /// Whether to drop rather than refuse where there are no endpoints.
        var isDropped = false
    }

    struct RouteKey: Hashable, Comparable {
        var frontend: Frontend
        var scope: RouteScope

        static func < (a: RouteKey, b: RouteKey) -> Bool {
            (a.frontend, a.scope.rawValue) < (b.frontend, b.scope.rawValue)
        }
    }

    /// What one service asks for.
    struct Plan {
        var routes: [RouteKey: Route] = [:]
        var masquerade: Set<Frontend> = []

        var frontends: Set<Frontend> { Set(routes.keys.map(\.frontend)) }
    }

    package let family: IPFamily
    package private(set) var services: [String: ServiceInput] = [:]
    private var plans: [String: Plan] = [:]
    private var owners: [Frontend: String] = [:]
    private var claimants: [Frontend: [String]] = [:]
    private var claims: [String: Set<Frontend>] = [:]
    private var choosers: [Chooser: Int] = [:]
    private var hairpins: [IPAddress: Int] = [:]

    package init(family: IPFamily) { self.family = family }

    /// Frontends that more than one service claims, with the service that has it first.
    package var conflicts: [Frontend: [String]] {
        claimants.filter { $0.value.count > 1 }
    }

    /// Makes the service what `input` says, or removes it.
    package mutating func set(_ name: String, _ input: ServiceInput?) -> [RuleOperation] {
        guard services[name] != input else { return [] }
        services[name] = input
        var changes = Changes()
        let wanted = input.map(plan) ?? Plan()
        // Claims first: what another service waits for is free only now.
        var freed: [String] = []
        let claimed = wanted.frontends
        for frontend in (claims[name] ?? []).subtracting(claimed).sorted() {
            release(frontend, by: name, &freed)
        }
        for frontend in claimed.sorted() { claim(frontend, by: name) }
        claims[name] = claimed.isEmpty ? nil : claimed
        replan(name, wanted, &changes)
        for waiting in freed {
            guard let input = services[waiting] else { continue }
            replan(waiting, plan(input), &changes)
        }
        return changes.operations
    }

    private mutating func claim(_ frontend: Frontend, by name: String) {
        if claimants[frontend]?.contains(name) == true { return }
        claimants[frontend, default: []].append(name)
        if owners[frontend] == nil { owners[frontend] = name }
    }

    private mutating func release(_ frontend: Frontend, by name: String, _ freed: inout [String]) {
        claimants[frontend]?.removeAll { $0 == name }
        if claimants[frontend]?.isEmpty == true { claimants[frontend] = nil }
        guard owners[frontend] == name else { return }
        owners[frontend] = claimants[frontend]?.first
        if let next = owners[frontend] { freed.append(next) }
    }

    // MARK: - What a service asks for

    private func plan(_ input: ServiceInput) -> Plan {
        var plan = Plan()
        for port in input.ports {
            let all = Set(port.endpoints.filter { $0.address.family == family })
            let local = all.filter(\.isLocal)
            func route(_ endpoints: Set<ServiceEndpoint>) -> Route {
                Route(
                    endpoints: endpoints.sorted(), affinitySeconds: input.affinitySeconds,
                    isDropped: endpoints.isEmpty && !all.isEmpty)
            }
            for address in input.clusterIPs where address.family == family {
                let frontend = Frontend(address, port.transportProtocol, port.port)
                plan.routes[RouteKey(frontend: frontend, scope: .everyone)] =
                    route(input.isInternalTrafficLocal ? local : all)
            }
            var external = input.externalIPs.filter { $0.family == family }
                .map { Frontend($0, port.transportProtocol, port.port) }
            if let nodePort = port.nodePort {
                external.append(Frontend(.unspecified(family), port.transportProtocol, nodePort))
            }
            for frontend in external {
                plan.routes[RouteKey(frontend: frontend, scope: .everyone)] =
                    route(input.isExternalTrafficLocal ? local : all)
                if input.isExternalTrafficLocal {
                    // From inside the cluster an external address means the service, wherever its endpoints are.
                    if local != all { plan.routes[RouteKey(frontend: frontend, scope: .inside)] = route(all) }
                } else {
                    plan.masquerade.insert(frontend)
                }
            }
        }
        return plan
    }

    // MARK: - From plan to plan

    private struct Changes {
        var newChoosers: [Chooser] = []
        var removed: [RuleElement] = []
        var added: [RuleElement] = []
        var oldChoosers: [Chooser] = []
        var forgotten: [RuleOperation] = []

        /// In the order that the kernel takes: a chain before what leads to it, and gone after it.
        var operations: [RuleOperation] {
            // A chain that two services of one change let go and take up again has never gone.
            let kept = Set(newChoosers).intersection(oldChoosers)
            return newChoosers.filter { !kept.contains($0) }.map(RuleOperation.addChooser)
                + removed.map(RuleOperation.removeElement) + added.map(RuleOperation.addElement)
                + oldChoosers.filter { !kept.contains($0) }.map(RuleOperation.removeChooser) + forgotten
        }
    }

    private mutating func replan(_ name: String, _ wanted: Plan, _ changes: inout Changes) {
        let before = plans[name] ?? Plan()
        var after = Plan()
        after.routes = wanted.routes.filter { owners[$0.key.frontend] == name }
        after.masquerade = wanted.masquerade.filter { owners[$0] == name }
        for key in Set(before.routes.keys).union(after.routes.keys).sorted() {
            let old = before.routes[key]
            if let new = after.routes[key] {
                let ordered = ServiceRules.reorder(new.endpoints, after: old?.endpoints ?? [])
                after.routes[key]?.endpoints = ordered
            }
            change(key, from: old, to: after.routes[key], &changes)
        }
        changeSticky(from: before, to: after, &changes)
        changes.removed += before.masquerade.subtracting(after.masquerade).sorted().map(RuleElement.masquerade)
        changes.added += after.masquerade.subtracting(before.masquerade).sorted().map(RuleElement.masquerade)
        changeHairpins(from: before, to: after, &changes)
        // What is wanted and another owns stays known by the service's claims.
        plans[name] = after.routes.isEmpty ? nil : after
    }

    /// Keeps everyone in place who stays; those who are new fill the gaps, and the last ones fill what is left.
    static func reorder(_ wanted: [ServiceEndpoint], after old: [ServiceEndpoint]) -> [ServiceEndpoint] {
        let wantedSet = Set(wanted)
        let known = Set(old)
        var fresh = wanted.filter { !known.contains($0) }[...]
        var places: [ServiceEndpoint?] = old.map { wantedSet.contains($0) ? $0 : nil }
        for index in places.indices where places[index] == nil { places[index] = fresh.popFirst() }
        var result = places
        var hole = 0
        while let last = result.last {
            if last == nil {
                result.removeLast()
                continue
            }
            while hole < result.count, result[hole] != nil { hole += 1 }
            guard hole < result.count else { break }
            result[hole] = result.removeLast()
        }
        return result.compactMap { $0 } + fresh
    }

    private func chooser(_ key: RouteKey, _ route: Route) -> Chooser? {
        guard !route.endpoints.isEmpty else { return nil }
        return Chooser(
            count: UInt32(clamping: route.endpoints.count), isNodePort: key.frontend.isNodePort, scope: key.scope,
            affinitySeconds: route.affinitySeconds)
    }

    private mutating func change(_ key: RouteKey, from old: Route?, to new: Route?, _ changes: inout Changes) {
        let before = old.flatMap { routeElement(key, $0) }
        let after = new.flatMap { routeElement(key, $0) }
        if before != after {
            if let before { changes.removed.append(before) }
            if let after { changes.added.append(after) }
            let oldChooser = old.flatMap { chooser(key, $0) }
            let newChooser = new.flatMap { chooser(key, $0) }
            if oldChooser != newChooser {
                if let newChooser, retain(newChooser) { changes.newChoosers.append(newChooser) }
                if let oldChooser, release(oldChooser) { changes.oldChoosers.append(oldChooser) }
            }
        }
        let oldEndpoints = old?.endpoints ?? []
        let newEndpoints = new?.endpoints ?? []
        func element(_ index: Int, _ endpoint: ServiceEndpoint) -> RuleElement {
            .endpoint(
                key.frontend, index: key.scope.indexOffset + UInt32(clamping: index), endpoint.address, endpoint.port)
        }
        for index in 0..<max(oldEndpoints.count, newEndpoints.count) {
            let was = index < oldEndpoints.count ? oldEndpoints[index] : nil
            let now = index < newEndpoints.count ? newEndpoints[index] : nil
            guard was?.address != now?.address || was?.port != now?.port else { continue }
            if let was { changes.removed.append(element(index, was)) }
            if let now { changes.added.append(element(index, now)) }
        }
        guard key.frontend.transportProtocol == .udp else { return }
        let staying = Set(newEndpoints)
        for gone in oldEndpoints where !staying.contains(gone) {
            changes.forgotten.append(.forgetConnections(key.frontend, endpoint: gone))
        }
        if oldEndpoints.isEmpty, !newEndpoints.isEmpty {
            changes.forgotten.append(.forgetConnections(key.frontend, endpoint: nil))
        }
    }

    /// A frontend without endpoints is refused, or dropped where others have endpoints that its policy rules out.
    private func routeElement(_ key: RouteKey, _ route: Route) -> RuleElement? {
        if let chooser = chooser(key, route) { return .route(key.frontend, key.scope, chooser) }
        if route.isDropped { return .route(key.frontend, key.scope, nil) }
        return key.scope == .everyone ? .refused(key.frontend) : nil
    }

    private mutating func retain(_ chooser: Chooser) -> Bool {
        choosers[chooser, default: 0] += 1
        return choosers[chooser] == 1
    }

    private mutating func release(_ chooser: Chooser) -> Bool {
        let count = (choosers[chooser] ?? 1) - 1
        choosers[chooser] = count == 0 ? nil : count
        return count == 0
    }

    private func changeSticky(from old: Plan, to new: Plan, _ changes: inout Changes) {
        func elements(_ plan: Plan) -> Set<RuleElement> {
            var elements: Set<RuleElement> = []
            for (key, route) in plan.routes where route.affinitySeconds != nil {
                for endpoint in route.endpoints {
                    elements.insert(.sticky(key.frontend, endpoint.address, endpoint.port))
                }
            }
            return elements
        }
        let before = elements(old)
        let after = elements(new)
        changes.removed += before.subtracting(after).sorted { "\($0)" < "\($1)" }
        changes.added += after.subtracting(before).sorted { "\($0)" < "\($1)" }
    }

    /// Only an endpoint on this node can meet itself here.
    private mutating func changeHairpins(from old: Plan, to new: Plan, _ changes: inout Changes) {
        func addresses(_ plan: Plan) -> Set<IPAddress> {
            Set(plan.routes.values.flatMap(\.endpoints).filter(\.isLocal).map(\.address))
        }
        let before = addresses(old)
        let after = addresses(new)
        for address in after.subtracting(before).sorted() {
            hairpins[address, default: 0] += 1
            if hairpins[address] == 1 { changes.added.append(.hairpin(address)) }
        }
        for address in before.subtracting(after).sorted() {
            let count = (hairpins[address] ?? 1) - 1
            hairpins[address] = count == 0 ? nil : count
            if count == 0 { changes.removed.append(.hairpin(address)) }
        }
    }
}
