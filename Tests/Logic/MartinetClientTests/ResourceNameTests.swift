import MartinetClient
import MartinetSchema
import Testing

@Suite struct ResourceNameTests {
    @Test func pathsAreThoseOfTheAPI() throws {
        let deployment = try #require(Schema.builtin.type(named: "apps/v1.Deployment")?.kind)
        #expect(
            ResourceName(deployment, namespace: "shop", name: "web", subresource: "scale").description
                == "/apis/apps/v1/namespaces/shop/deployments/web/scale")
        let node = try #require(Schema.builtin.type(named: "v1.Node")?.kind)
        #expect(ResourceName(node, namespace: "ignored", name: "n1").description == "/api/v1/nodes/n1")
    }
}
