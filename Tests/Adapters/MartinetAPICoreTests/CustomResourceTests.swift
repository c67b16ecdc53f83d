import MartinetAPI
import MartinetAPICore
import MartinetBase
import MartinetClient
import MartinetSchema
import Testing

@Suite struct CustomResourceTests {
    static let definition = #"""
        {"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"birds.example.com"},
         "spec":{"group":"example.com","scope":"Namespaced",
          "names":{"plural":"birds","singular":"bird","kind":"Bird","shortNames":["bd"]},
          "versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object","properties":{
            "spec":{"type":"object","required":["wings"],"properties":{"wings":{"type":"integer","minimum":0,"maximum":2},
            "song":{"type":"string","default":"tweet"}}}}}}}]}}
        """#

    private func define(_ cluster: TestCluster) throws {
        let object = try JSONDecoder.decode(Array(Self.definition.utf8), as: CustomResourceDefinition.type).object
        try cluster.send(cluster.create(CustomResourceDefinition(object: object)))
        while cluster.runtime.step(until: cluster.runtime.monotonic() + .seconds(1)) {}
    }

    private let birds = ResourceName(group: "example.com", version: "v1", plural: "birds", namespace: "shop")

    private func bird(_ cluster: TestCluster, _ json: String) throws -> APIRequest {
        let kind = try #require(cluster.registry.served[birds]?.kind)
        var request = APIRequest(.create, birds)
        request.object = try JSONDecoder.decode(Array(json.utf8), as: kind.type).object
        return request
    }

    private func text(_ object: Object) -> String { String(decoding: JSONEncoder.encode(object), as: UTF8.self) }

    @Test func aDefinitionIsEstablishedAndItsObjectsAreDefaultedAndChecked() throws {
        let cluster = try TestCluster()
        try define(cluster)
        let read = try cluster.send(
            APIRequest(.get, ResourceName(CustomResourceDefinition.type.kind!, name: "birds.example.com")))
        #expect(
            CustomResourceDefinition(object: read).status.conditions.contains {
                $0.type == "Established" && $0.status == "True"
            })

        let made = try cluster.send(
            bird(cluster, #"{"metadata":{"name":"robin","namespace":"shop"},"spec":{"wings":2,"teeth":1}}"#))
        #expect(text(made).contains(#""song":"tweet""#))
        #expect(!text(made).contains("teeth"), "what the schema does not know is pruned")
        let error = try cluster.failure(
            bird(cluster, #"{"metadata":{"name":"bat","namespace":"shop"},"spec":{"wings":3}}"#))
        #expect(error.code == 422)
        #expect(error.causes.map(\.field) == ["spec.wings"])
    }

    @Test func whatIsServedSurvivesAnotherStart() throws {
        let cluster = try TestCluster()
        try define(cluster)
        try cluster.send(bird(cluster, #"{"metadata":{"name":"robin","namespace":"shop"},"spec":{"wings":2}}"#))
        let again = try Registry(
            store: cluster.store, runtime: cluster.runtime, log: Log(component: "test", minimum: .error))
        #expect(
            again.stored(
                ResourceName(group: "example.com", version: "v1", plural: "birds", namespace: "shop", name: "robin"))
                != nil)
    }

    @Test func aDefinitionTakesItsObjectsWithIt() throws {
        let cluster = try TestCluster()
        try define(cluster)
        try cluster.send(bird(cluster, #"{"metadata":{"name":"robin","namespace":"shop"},"spec":{"wings":2}}"#))
        let name = ResourceName(CustomResourceDefinition.type.kind!, name: "birds.example.com")
        try cluster.send(APIRequest(.delete, name))
        _ = cluster.runtime.run(until: cluster.runtime.monotonic() + .seconds(5)) {
            cluster.registry.stored(name) == nil
        }
        #expect(cluster.registry.stored(name) == nil)
        #expect(cluster.registry.served[birds] == nil)
    }
}
