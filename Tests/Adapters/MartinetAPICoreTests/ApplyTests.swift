import MartinetAPI
import MartinetAPICore
import MartinetClient
import MartinetSchema
import Testing

@Suite struct ApplyTests {
    private func apply(_ cluster: TestCluster, _ name: String, _ json: String, as manager: String) throws -> APIRequest
    {
        var request = try cluster.request(.patch, ConfigMap.self, "shop", name)
        request.patch = (.apply, Array(json.utf8))
        request.options.fieldManager = manager
        return request
    }

    private func config(_ name: String, _ data: String) -> String {
        #"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"\#(name)"},"data":\#(data)}"#
    }

    @Test func applyingCreatesAndAgainWritesNothing() throws {
        let cluster = try TestCluster()
        let first = try cluster.send(apply(cluster, "a", config("a", #"{"x":"1"}"#), as: "one"))
        #expect(ConfigMap(object: first).data["x"] == "1")
        let second = try cluster.send(apply(cluster, "a", config("a", #"{"x":"1"}"#), as: "one"))
        #expect(second.metadata.resourceVersion == first.metadata.resourceVersion)
    }

    @Test func conflictsNameTheFieldAndWhoHasIt() throws {
        let cluster = try TestCluster()
        try cluster.send(apply(cluster, "a", config("a", #"{"x":"1"}"#), as: "one"))
        var request = try apply(cluster, "a", config("a", #"{"x":"2"}"#), as: "two")
        let error = try cluster.failure(request)
        #expect(error.code == 409)
        #expect(error.causes.map(\.reason) == ["FieldManagerConflict"])
        #expect(error.causes.map(\.field) == [".data.x"])
        #expect(error.message == #"Apply failed with 1 conflict: conflict with "one": .data.x"#)
        request.options.force = true
        #expect(ConfigMap(object: try cluster.send(request)).data["x"] == "2")
    }

    @Test func anApplicationNeedsAManagerAndThatAlone() throws {
        let cluster = try TestCluster()
        let error = try cluster.failure(apply(cluster, "a", config("a", "{}"), as: ""))
        #expect(error.code == 422)
        #expect(error.causes.map(\.field) == ["fieldManager"])
        var patch = try cluster.request(.patch, ConfigMap.self, "shop", "a")
        patch.patch = (.merge, Array("{}".utf8))
        patch.options.force = true
        #expect(try cluster.failure(patch).causes.map(\.field) == ["force"])
    }

    @Test func preconditionsInTheConfigurationHold() throws {
        let cluster = try TestCluster()
        let uid = #"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","uid":"x"}}"#
        #expect(try cluster.failure(apply(cluster, "a", uid, as: "one")).code == 409)
        try cluster.send(apply(cluster, "a", config("a", "{}"), as: "one"))
        let stale = #"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","resourceVersion":"1"}}"#
        #expect(try cluster.failure(apply(cluster, "a", stale, as: "one")).code == 409)
        #expect(try cluster.failure(apply(cluster, "a", config("b", "{}"), as: "one")).code == 400)
        let other = #"{"apiVersion":"v2","kind":"ConfigMap","metadata":{"name":"a"}}"#
        #expect(try cluster.failure(apply(cluster, "a", other, as: "one")).code == 400)
    }

    @Test func whoUpdatesIsNamedAfterTheProgram() throws {
        let cluster = try TestCluster()
        var creation = try cluster.create(
            ConfigMap {
                $0.metadata.name = "a"
                $0.metadata.namespace = "shop"
                $0.data = ["x": "1"]
            })
        creation.options.userAgent = "curl/8.5.0 (linux)"
        let created = try cluster.send(creation)
        #expect(created.metadata.managedFields.map(\.manager) == ["curl"])
        #expect(created.metadata.managedFields.map(\.operation) == ["Update"])
        #expect(created.metadata.managedFields.map { $0.fieldsV1?.text } == [#"{"f:data":{".":{},"f:x":{}}}"#])
        creation.verb = .update
        creation.resource.name = "a"
        creation.object = created
        creation.options.userAgent = "other/1"
        #expect(try cluster.send(creation) == created, "who changes nothing gets nothing")
    }
}
