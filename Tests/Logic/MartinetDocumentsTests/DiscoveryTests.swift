import MartinetDocuments
import MartinetSchema
import MartinetTesting
import Testing

@Suite struct DiscoveryTests {
    static let isRecorded = SharedFiles.root != nil
    private static let byConfig = [
        "default": Discovery(kinds: Schema.builtin.kinds.filter(\.isServedByDefault)),
        "all": Discovery(kinds: Schema.builtin.kinds.filter { !$0.isLegacy }),
    ]

    private func served(_ config: String) throws -> Discovery { try #require(Self.byConfig[config]) }

    private func recorded(_ config: String) throws -> Value {
        try JSONDecoder.decodeAny(SharedFiles.read("upstream-answers/served-\(config).json")).value
    }

    private func value(_ document: ServedDocument?) throws -> Value {
        try JSONDecoder.decodeAny(try #require(document).bytes).value
    }

    /// Entries that only one side has, or that differ, by name.
    private func differences(_ ours: Value, _ theirs: Value, list: String, name: String) -> [String] {
        var found: [String] = []
        let known = Dictionary(ours[list].items.map { ($0[name].text, $0) }) { $1 }
        let wanted = Dictionary(theirs[list].items.map { ($0[name].text, $0) }) { $1 }
        for (name, entry) in wanted where known[name] != entry {
            found.append("\(name): \(known[name]?.json ?? "nothing") instead of \(entry.json)")
        }
        for name in known.keys where wanted[name] == nil { found.append("\(name) is too much") }
        if found.isEmpty, ours != theirs { found.append("the order or the head differs") }
        return found.sorted()
    }

    @Test(
        .enabled(if: isRecorded, "the shared answers are not beside this clone"), arguments: ["default", "all"])
    func everyResourceListIsUpstreams(config: String) throws {
        let served = try served(config)
        for (path, theirs) in try recorded(config)["legacy"].members.map({ ($0.key, $0.value) }) {
            let parts = path.split(separator: "/").map(String.init)
            switch parts.count {
            case 1 where parts[0] == "api":
                #expect(try value(served.coreVersions()).without(["serverAddressByClientCIDRs"]) == theirs)
            case 1:
                let ours = try value(served.groupList())
                #expect(ours["groups"].items.map(\.["name"].text) == theirs["groups"].items.map(\.["name"].text))
                #expect(differences(ours, theirs, list: "groups", name: "name") == [])
            default:
                let group = parts.count == 3 ? parts[1] : ""
                let ours = try value(served.resources(group: group, version: parts[parts.count - 1]))
                #expect(differences(ours, theirs, list: "resources", name: "name") == [], "\(path)")
            }
        }
    }

    @Test(
        .enabled(if: isRecorded, "the shared answers are not beside this clone"), arguments: [true, false],
        ["default", "all"])
    func theAggregatedDocumentIsUpstreams(core: Bool, config: String) throws {
        let served = try served(config)
        let theirs = try recorded(config)[core ? "/api" : "/apis"]
        let document = served.aggregated(core: core)
        let ours = try value(document)
        #expect(document.contentType == theirs["contentType"].text)
        #expect(ours.without(["items"]) == theirs["body"].without(["items"]))
        #expect(ours["items"].items.count == theirs["body"]["items"].items.count)
        for (ours, theirs) in zip(ours["items"].items, theirs["body"]["items"].items) {
            for (ours, theirs) in zip(ours["versions"].items, theirs["versions"].items) {
                #expect(differences(ours, theirs, list: "resources", name: "resource") == [])
            }
            #expect(ours.without(["versions"]) == theirs.without(["versions"]))
        }
    }

    @Test func theSameKindsHaveTheSameHashInAnyOrder() {
        let kinds = Array(Schema.builtin.kinds)
        let there = Discovery(kinds: kinds).aggregated(core: false)
        let back = Discovery(kinds: kinds.reversed()).aggregated(core: false)
        #expect(there.etag == back.etag)
        #expect(there.etag != Discovery(kinds: kinds.dropFirst(10)).aggregated(core: false).etag || kinds.count < 10)
    }

    @Test func versionsAreOrderedAsKubernetesDoes() {
        let sorted = ["foo", "v1alpha1", "v10", "v2", "v1", "v11beta2", "v10beta3", "bar", "v3beta1"]
            .sorted { VersionName($1) < VersionName($0) }
        #expect(sorted == ["v10", "v2", "v1", "v11beta2", "v10beta3", "v3beta1", "v1alpha1", "bar", "foo"])
    }
}
