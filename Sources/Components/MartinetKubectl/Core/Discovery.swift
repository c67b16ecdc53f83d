import MartinetNearMiss
import MartinetSchema
import MartinetToolPorts
import MartinetYAML

/// Which resources the server has.
///
/// What every server has (the stable kinds of `v1` and `apps/v1`) is known without asking; for everything else the
/// server is asked once, aggregated where it can, document by document where it cannot.
final class Discovery {
    private unowned let context: CommandContext
    private var fetched: [ResourceInfo]?
    /// Group-versions that the server could not describe (an aggregated API whose server is away).
    private(set) var broken: [String] = []

    init(_ context: CommandContext) { self.context = context }

    private static let stable: [ResourceInfo] = Schema.builtin.kinds
        .filter { !$0.plural.isEmpty && ($0.apiVersion == "v1" || $0.apiVersion == "apps/v1") && $0.isServedByDefault }
        .map(ResourceInfo.init)

    /// All resources, in the order of the server's preference.
    func all() async throws -> [ResourceInfo] {
        if let fetched { return fetched }
        let resources = try await fetch()
        fetched = resources
        return resources
    }

    /// The resource that `pods`, `po`, `deployments.apps` or `deployments.v1.apps` names.
    func resource(_ word: String) async throws -> ResourceInfo {
        if let found = Self.find(word, in: Self.stable) { return found }
        let all = try await all()
        if let found = Self.find(word, in: all) { return found }
        let known = Set(all.flatMap { [$0.plural, $0.singularName] + $0.shortNames })
        throw KubectlError(
            "the server doesn't have a resource type \"\(word)\"" + NearMiss.question(for: word, among: known.sorted()))
    }

    func resource(apiVersion: String, kind: String) async throws -> ResourceInfo? {
        func find(_ list: [ResourceInfo]) -> ResourceInfo? {
            list.first { $0.kind == kind && $0.apiVersion == apiVersion }
        }
        if let found = find(Self.stable) { return found }
        return find(try await all())
    }

    /// What a category such as `all` holds; empty where it is none.
    func category(_ name: String) async throws -> [ResourceInfo] {
        var seen: Set<String> = []
        return try await all().filter { $0.categories.contains(name) && seen.insert($0.fullName).inserted }
    }

    static func find(_ word: String, in list: [ResourceInfo]) -> ResourceInfo? {
        let lowered = word.lowercased()
        let parts = lowered.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        func matches(_ info: ResourceInfo, _ name: String) -> Bool {
            info.plural == name || info.singularName == name || info.shortNames.contains(name)
                || info.kind.lowercased() == name
        }
        if parts.count == 1 {
            // A full name wins over a short name of another resource.
            return list.first { $0.plural == lowered || $0.singularName == lowered }
                ?? list.first { $0.shortNames.contains(lowered) } ?? list.first { $0.kind.lowercased() == lowered }
        }
        let group = parts.dropFirst().joined(separator: ".")
        if let found = list.first(where: { matches($0, parts[0]) && $0.group == group }) { return found }
        guard parts.count >= 2 else { return nil }
        let rest = parts.dropFirst(2).joined(separator: ".")
        return list.first { matches($0, parts[0]) && $0.version == parts[1] && $0.group == rest }
    }

    // MARK: Asking

    private static let aggregated =
        "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json"

    private func fetch() async throws -> [ResourceInfo] {
        var resources: [ResourceInfo] = []
        for root in ["/api", "/apis"] {
            let answer: YAMLNode
            do {
                answer = try await context.json(
                    SessionRequest("GET", root, headers: [(name: "Accept", value: Self.aggregated)]))
            } catch let error as StatusError where error.isNotFound {
                continue
            }
            if answer["kind"]?.string == "APIGroupDiscoveryList" {
                resources += Self.aggregatedResources(answer)
            } else if root == "/api" {
                for version in answer["versions"]?.list ?? [] {
                    try await resources += document("/api/\(version.string ?? "v1")", "", version.string ?? "v1")
                }
            } else {
                for group in answer["groups"]?.list ?? [] {
                    let name = group["name"]?.string ?? ""
                    let preferred = group["preferredVersion"]?["version"]?.string
                    let listed = (group["versions"]?.list ?? []).compactMap { $0["version"]?.string }
                    for version in listed.filter({ $0 == preferred }) + listed.filter({ $0 != preferred }) {
                        do {
                            try await resources += document("/apis/\(name)/\(version)", name, version)
                        } catch let error as StatusError {
                            broken.append("\(name)/\(version): \(error.message)")
                        }
                    }
                }
            }
        }
        return resources
    }

    static func aggregatedResources(_ list: YAMLNode) -> [ResourceInfo] {
        var resources: [ResourceInfo] = []
        for group in list["items"]?.list ?? [] {
            let name = group["metadata"]?["name"]?.string ?? ""
            for version in group["versions"]?.list ?? [] {
                for item in version["resources"]?.list ?? [] {
                    guard let plural = item["resource"]?.string else { continue }
                    let kind = item["responseKind"]
                    resources.append(
                        ResourceInfo(
                            group: name, version: version["version"]?.string ?? "",
                            kind: kind?["kind"]?.string ?? "", plural: plural,
                            singular: item["singularResource"]?.string ?? "", shortNames: words(item["shortNames"]),
                            categories: words(item["categories"]), verbs: words(item["verbs"]),
                            isNamespaced: item["scope"]?.string == "Namespaced"))
                }
            }
        }
        return resources
    }

    private func document(_ path: String, _ group: String, _ version: String) async throws -> [ResourceInfo] {
        let answer = try await context.json(SessionRequest("GET", path))
        return (answer["resources"]?.list ?? []).compactMap { item in
            guard let plural = item["name"]?.string, !plural.contains("/") else { return nil }
            return ResourceInfo(
                group: group, version: version, kind: item["kind"]?.string ?? "", plural: plural,
                singular: item["singularName"]?.string ?? "", shortNames: Self.words(item["shortNames"]),
                categories: Self.words(item["categories"]), verbs: Self.words(item["verbs"]),
                isNamespaced: item["namespaced"]?.bool ?? false)
        }
    }

    private static func words(_ node: YAMLNode?) -> [String] { node?.list?.compactMap(\.string) ?? [] }
}
