import MartinetAPI
import MartinetAPICore
import MartinetBase
import MartinetClient
import MartinetSchema
import Synchronization
import Testing

/// What ResourceQuotas let be written.
@Suite struct QuotaAdmissionTests {
    private func cluster(_ spec: String) throws -> TestCluster {
        let cluster = try TestCluster()
        _ = try cluster.send(
            cluster.create(
                ServiceAccount {
                    $0.metadata.name = "default"
                    $0.metadata.namespace = "shop"
                }))
        let json = #"{"apiVersion":"v1","kind":"ResourceQuota","metadata":{"name":"q"},"spec":\#(spec)}"#
        let type = try #require(Schema.builtin.type(named: "v1.ResourceQuota"))
        let kind = try #require(type.kind)
        let object = try JSONDecoder.decode(Array(json.utf8), as: type).object
        try cluster.send(APIRequest(.create, ResourceName(kind, namespace: "shop"), object: object))
        return cluster
    }

    private func pod(_ name: String, _ requests: StringMap = [:]) -> Pod {
        Pod {
            $0.metadata.name = name
            $0.metadata.namespace = "shop"
            $0.spec.containers = [
                Container {
                    $0.name = "c"
                    $0.image = "i:1"
                    $0.resources.requests = requests
                }
            ]
        }
    }

    @Test func whatIsTooMuchIsRefusedWithTheAmounts() throws {
        let cluster = try cluster(#"{"hard":{"requests.cpu":"1","pods":"5"}}"#)
        _ = try cluster.send(cluster.create(pod("a", ["cpu": "600m"])))
        let error = try cluster.failure(cluster.create(pod("b", ["cpu": "500m"])))
        #expect(error.code == 403)
        #expect(
            error.message.hasSuffix(
                "exceeded quota: q, requested: requests.cpu=500m, used: requests.cpu=600m, limited: requests.cpu=1"))
        let silent = try cluster.failure(cluster.create(pod("c")))
        #expect(silent.message.hasSuffix("failed quota: q: must specify requests.cpu for: c"))
        try cluster.send(cluster.request(.delete, Pod.self, "shop", "a"))
        _ = try cluster.send(cluster.create(pod("b", ["cpu": "500m"])))
    }

    @Test func aBurstIsCountedBeforeItIsStored() throws {
        let cluster = try cluster(#"{"hard":{"count/configmaps":"3"}}"#)
        let codes = Mutex<[Int]>([])
        for index in 0..<10 {
            let map = ConfigMap {
                $0.metadata.name = "m\(index)"
                $0.metadata.namespace = "shop"
            }
            cluster.registry.handle(try cluster.create(map), as: .admin) { result in
                codes.withLock { codes in
                    switch result {
                    case .success: codes.append(201)
                    case .failure(let error): codes.append(error.code)
                    }
                }
            }
        }
        _ = cluster.runtime.run(until: cluster.runtime.monotonic() + .seconds(10)) { codes.withLock { $0.count == 10 } }
        #expect(codes.withLock { $0.count { $0 == 201 } } == 3)
        #expect(codes.withLock { $0.count { $0 == 403 } } == 7)
    }

    @Test func aScopeLeavesOthersAlone() throws {
        let cluster = try cluster(#"{"hard":{"pods":"1"},"scopes":["BestEffort"]}"#)
        _ = try cluster.send(cluster.create(pod("a")))
        _ = try cluster.send(cluster.create(pod("b", ["cpu": "1"])))
        #expect(try cluster.failure(cluster.create(pod("c"))).code == 403)
    }
}
