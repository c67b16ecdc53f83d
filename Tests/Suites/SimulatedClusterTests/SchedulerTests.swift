import MartinetAPI
import MartinetBase
import MartinetClient
import MartinetScheduler
import MartinetSchema
import MartinetSimulation
import Testing

struct SchedulerTests {
    private func pod(_ name: String, cpu: String, priority: Int32 = 0, scheduler: String = "") -> Pod {
        Pod { pod in
            pod.metadata.name = name
            pod.metadata.namespace = "default"
            pod.spec.priority = priority
            pod.spec.schedulerName = scheduler
            pod.spec.containers = [
                MartinetAPI.Container {
                    $0.name = "c"
                    $0.resources.requests = ["cpu": cpu]
                }
            ]
        }
    }

    private func cluster(_ seed: UInt64) throws -> (SimulatedCluster, FakeAPIServer) {
        var made: FakeAPIServer?
        let cluster = SimulatedCluster(seed: seed, faults: RolloutTests.storm) { runtime in
            let server = FakeAPIServer(runtime: runtime)
            made = server
            return server
        }
        return (cluster, try #require(made))
    }

    @Test("pods are bound without ever overfilling a node, and the rest wait and are told why")
    func binding() throws {
        for seed in UInt64(1)...10 {
            let (cluster, server) = try cluster(seed)
            cluster.run([Scheduler()])
            for number in 1...2 {
                var kubelet = HollowKubelet.Configuration(nodeName: "node-\(number)")
                kubelet.capacity = [("cpu", "2"), ("memory", "4Gi"), ("pods", "20")]
                cluster.run([HollowKubelet(kubelet)])
            }
            for number in 0..<9 { server.apply(.create(pod("p\(number)", cpu: "500m"))) }
            server.apply(.create(pod("foreign", cpu: "1m", scheduler: "other")))
            let isDone = cluster.advance(
                atMost: .seconds(120),
                until: {
                    let pods = server.all(Pod.self)
                    return pods.filter { !$0.spec.nodeName.isEmpty }.count == 8
                        && pods.contains { pod in
                            pod.status.conditions.contains {
                                $0.type == "PodScheduled" && $0.status == "False"
                                    && $0.message == "0/2 nodes are available: 2 Insufficient cpu."
                            }
                        }
                },
                check: {
                    for node in ["node-1", "node-2"] {
                        let count = server.all(Pod.self).filter { $0.spec.nodeName == node }.count
                        if count > 4 { Issue.record("seed \(seed): \(count) pods on \(node)") }
                    }
                })
            #expect(isDone, "seed \(seed)")
            #expect(server.get(Pod.self, "default", "foreign")?.spec.nodeName == "")
            // Room that becomes free is used.
            let bound = try #require(server.all(Pod.self).first { !$0.spec.nodeName.isEmpty })
            server.apply(try #require(APIRequest.delete(bound.object)))
            #expect(
                cluster.advance(atMost: .seconds(60)) {
                    server.all(Pod.self).filter { !$0.spec.nodeName.isEmpty && $0.metadata.deletionTimestamp == nil }
                        .count == 8
                }, "seed \(seed): the free place was not used")
        }
    }
}
