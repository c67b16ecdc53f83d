import Glibc
import MartinetAddresses
import MartinetBase
import MartinetNetlink
import MartinetNetwork
import Testing

@Suite(.serialized, .enabled(if: TestNode.isRoot, "needs root: network namespaces are made here"))
struct PodNetworkTests {
    @Test func aPodHasAnAddressAndReachesAnotherPod() throws {
        let node = try TestNode("pods")
        defer { node.remove() }
        let pods = try PodNetwork(node.configuration)
        let first = try pods.attach(owner: "a")
        let second = try pods.attach(owner: "b")
        #expect(try pods.attach(owner: "a") == first)
        #expect(first.address != second.address)
        let server = try TestServer.tcp(second.address, 8080, answering: "b", in: second.namespace)
        #expect(try TestClient.tcp(second.address, 8080, in: first.namespace).get() == "b \(first.address)")
        withExtendedLifetime(server) {}
    }
}
