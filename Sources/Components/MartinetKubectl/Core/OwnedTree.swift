import MartinetToolPorts
import MartinetYAML

/// An object as it was and everything that it owned, directly or not; of a namespace, everything that was in it.
struct OwnedTree {
    struct Item {
        let resource: ResourceInfo
        let object: YAMLNode
        var uid: String { object.text("metadata", "uid") }
        var owners: [YAMLNode] { object.items("metadata", "ownerReferences") }
        var namespace: String? { resource.isNamespaced ? object.metaNamespace : nil }
        var shown: String { "\(resource.shownName)/\(object.metaName)" }
    }

    /// In the order in which they can be made: what owns nothing first, the object itself last; but a namespace first.
    let items: [Item]
    /// What controllers make by themselves, or what has run to its end, and is not made again; with the reason.
    let left: [(item: Item, reason: String)]

    init(_ context: CommandContext, _ resource: ResourceInfo, _ object: YAMLNode, at past: Past) async throws {
        let root = Item(resource: resource, object: object)
        let isNamespace = resource.kind == "Namespace" && resource.group.isEmpty
        let inside = isNamespace ? object.metaName : resource.isNamespaced ? object.metaNamespace : nil
        var found: [Item] = [root]
        var seen: Set<String> = [root.uid]
        for resource in try await Self.resources(context, namespacedOnly: inside != nil) {
            do {
                for object in try await context.list(resource, inside, past: past) {
                    let item = Item(resource: resource, object: object)
                    // The same object may be served under several groups.
                    if !item.uid.isEmpty, seen.insert(item.uid).inserted { found.append(item) }
                }
            } catch let error as StatusError where error.code == 403 || error.code == 400 || error.isNotFound {
                if error.code == 403 { context.say("Warning: what it owned of \(resource.fullName): \(error.message)") }
            }
        }
        if !isNamespace { found = Self.reachable(found) }
        var (kept, left): ([Item], [(item: Item, reason: String)]) = ([], [])
        let kinds = Dictionary(found.map { ($0.uid, $0.resource.kind) }, uniquingKeysWith: { first, _ in first })
        for item in found {
            if item.uid != root.uid, let reason = Self.reasonToLeave(item, kinds) {
                left.append((item, reason))
            } else {
                kept.append(item)
            }
        }
        items = Self.ordered(kept, root: root, rootFirst: isNamespace)
        self.left = left
    }

    /// What can be listed and made, each once; the server's preferred version comes first.
    private static func resources(_ context: CommandContext, namespacedOnly: Bool) async throws -> [ResourceInfo] {
        var seen: Set<String> = []
        return try await context.discovery.all().filter { resource in
            resource.verbs.contains("list") && resource.verbs.contains("create") && resource.kind != "Event"
                && (resource.isNamespaced || !namespacedOnly) && seen.insert(resource.fullName).inserted
        }
    }

    /// The first item and what it owns.
    private static func reachable(_ all: [Item]) -> [Item] {
        var dependents: [String: [Int]] = [:]
        for (index, item) in all.enumerated() {
            for owner in Set(item.owners.map { $0.text("uid") }) { dependents[owner, default: []].append(index) }
        }
        var taken: Set<Int> = [0]
        var queue = [0]
        while let index = queue.popLast() {
            for dependent in dependents[all[index].uid] ?? [] where taken.insert(dependent).inserted {
                queue.append(dependent)
            }
        }
        return taken.sorted().map { all[$0] }
    }

    private static func reasonToLeave(_ item: Item, _ kinds: [String: String]) -> String? {
        let object = item.object
        switch item.resource.kind {
        case "Pod":
            if ["Succeeded", "Failed"].contains(object.text("status", "phase")) { return "it had run to its end" }
            if object.at("metadata", "annotations", "kubernetes.io/config.mirror") != nil {
                return "its node makes it from a file"
            }
            let owners = item.owners.map { kinds[$0.text("uid")] ?? "" }
            return owners.contains("Job") ? "the Job makes its pods anew" : nil
        case "EndpointSlice":
            let managed = object.at("metadata", "labels", "endpointslice.kubernetes.io/managed-by")?.scalarText ?? ""
            return managed.hasSuffix("controller.k8s.io") ? "its controller makes it anew" : nil
        case "Endpoints":
            return object.at("metadata", "labels", "endpoints.kubernetes.io/managed-by") != nil
                ? "its controller makes it anew" : nil
        default: return nil
        }
    }

    /// Leaves first; pods after the other leaves, which they may use.
    private static func ordered(_ items: [Item], root: Item, rootFirst: Bool) -> [Item] {
        let places = Dictionary(
            items.enumerated().map { ($0.element.uid, $0.offset) }, uniquingKeysWith: { first, _ in first })
        let owners = items.map { item in Set(item.owners.compactMap { places[$0.text("uid")] }) }
        var waitsFor = Array(repeating: 0, count: items.count)
        for set in owners { for owner in set { waitsFor[owner] += 1 } }
        var ready = items.indices.filter { waitsFor[$0] == 0 }
        var order: [Int] = []
        while !ready.isEmpty {
            ready.sort { a, b in
                let (x, y) = (items[a], items[b])
                let (p, q) = (x.resource.kind == "Pod", y.resource.kind == "Pod")
                return p == q ? (x.shown, a) < (y.shown, b) : q
            }
            order += ready
            var next: [Int] = []
            for index in ready {
                for owner in owners[index] {
                    waitsFor[owner] -= 1
                    if waitsFor[owner] == 0 { next.append(owner) }
                }
            }
            ready = next
        }
        // Who own each other in a circle come last.
        let circle = Set(items.indices).subtracting(order).sorted()
        let sorted = (order + circle).map { items[$0] }.filter { $0.uid != root.uid }
        return rootFirst ? [root] + sorted : sorted + [root]
    }
}
