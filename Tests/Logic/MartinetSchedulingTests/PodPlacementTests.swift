import MartinetAPI
import MartinetBase
import MartinetClient
import MartinetScheduling
import MartinetSchema
import Testing

struct PodPlacementTests {
    private func node(
        _ name: String, cpu: String = "4", zone: String = "a", taints: [(String, String)] = [],
        unschedulable: Bool = false
    ) -> Node {
        Node { node in
            node.metadata.name = name
            node.metadata.labels = ["kubernetes.io/hostname": name, "topology.kubernetes.io/zone": zone]
            node.spec.unschedulable = unschedulable
            for (key, effect) in taints {
                node.spec.taints.append(
                    Taint {
                        $0.key = key
                        $0.effect = effect
                    })
            }
            node.status.allocatable = ["cpu": cpu, "memory": "8Gi", "pods": "10", "example.com/gpu": "1"]
        }
    }

    private func pod(_ name: String, cpu: String = "100m", _ change: (inout Pod) -> Void = { _ in }) -> Pod {
        Pod { pod in
            pod.metadata.name = name
            pod.metadata.namespace = "default"
            pod.metadata.uid = name
            pod.metadata.labels = ["app": "web"]
            pod.spec.containers = [MartinetAPI.Container { $0.resources.requests = ["cpu": cpu, "memory": "64Mi"] }]
            change(&pod)
        }
    }

    private func placement(_ nodes: [Node]) -> PodPlacement {
        var placement = PodPlacement()
        for node in nodes { placement.table.set(node) }
        return placement
    }

    private func refusal(_ placement: inout PodPlacement, _ pod: Pod) -> String {
        if case .refuse(let verdict) = placement.decide(pod, pick: { _ in 0 }) { verdict.message } else { "placed" }
    }

    private func place(_ placement: inout PodPlacement, _ pod: Pod) -> String? {
        guard case .place(let node) = placement.decide(pod, pick: { _ in 0 }) else { return nil }
        placement.table.place(pod, on: node)
        return node
    }

    @Test("every node's refusal is counted under its reason")
    func message() {
        var placement = placement([
            node("n1", cpu: "1"), node("n2", taints: [("gpu", "NoSchedule")]), node("n3", unschedulable: true),
        ])
        #expect(
            refusal(&placement, pod("big", cpu: "2"))
                == "0/3 nodes are available: 1 Insufficient cpu, 1 node(s) had untolerated taint(s), "
                + "1 node(s) were unschedulable.")
        var empty = PodPlacement()
        #expect(refusal(&empty, pod("a")) == "no nodes available to schedule pods")
    }

    @Test("start containers count by their maximum, sidecars with what comes after them, overhead on top")
    func requests() {
        let pod = pod("a") { pod in
            pod.spec.initContainers = [
                MartinetAPI.Container { $0.resources.requests = ["cpu": "1"] },
                MartinetAPI.Container {
                    $0.restartPolicy = "Always"
                    $0.resources.requests = ["cpu": "200m"]
                },
                MartinetAPI.Container { $0.resources.requests = ["cpu": "1"] },
            ]
            pod.spec.overhead = ["cpu": "50m"]
        }
        #expect(ResourceVector.requests(of: pod)["cpu"] == 1250)
        #expect(ResourceVector.requests(of: pod)["memory"] == 64 << 20)
    }

    @Test("a tolerated taint, a node selector and an extended resource are honoured")
    func fits() {
        var placement = placement([node("n1", taints: [("gpu", "NoSchedule")]), node("n2", zone: "b")])
        #expect(
            place(
                &placement,
                pod("a") { pod in
                    pod.spec.tolerations = [
                        Toleration {
                            $0.key = "gpu"
                            $0.operator = "Exists"
                        }
                    ]
                    pod.spec.nodeSelector = ["topology.kubernetes.io/zone": "a"]
                    pod.spec.containers[0].resources.requests["example.com/gpu"] = "1"
                }) == "n1")
        let greedy = pod("b") { $0.spec.containers[0].resources.requests["example.com/gpu"] = "2" }
        #expect(refusal(&placement, greedy).contains("1 Insufficient example.com/gpu"))
    }

    @Test("host ports of one transport exclude each other on a node")
    func ports() {
        var placement = placement([node("n1")])
        func web(_ name: String, _ transport: String) -> Pod {
            pod(name) { pod in
                pod.spec.containers[0].ports = [
                    ContainerPort {
                        $0.hostPort = 80
                        $0.protocol = transport
                    }
                ]
            }
        }
        #expect(place(&placement, web("a", "TCP")) == "n1")
        #expect(refusal(&placement, web("b", "TCP")).contains("didn't have free ports"))
        #expect(place(&placement, web("c", "UDP")) == "n1")
    }

    @Test("a hard spread constraint keeps the skew, and missing labels refuse")
    func spread() {
        var placement = placement([node("n1", zone: "a"), node("n2", zone: "b"), node("n3", zone: "b")])
        func web(_ name: String, key: String = "topology.kubernetes.io/zone") -> Pod {
            pod(name) { pod in
                pod.spec.topologySpreadConstraints = [
                    TopologySpreadConstraint {
                        $0.maxSkew = 1
                        $0.topologyKey = key
                        $0.whenUnsatisfiable = "DoNotSchedule"
                        $0.labelSelector = LabelSelector { $0.matchLabels["app"] = "web" }
                    }
                ]
            }
        }
        let zones = (0..<6).map { index in place(&placement, web("p\(index)")) == "n1" ? "a" : "b" }
        #expect(zones.filter { $0 == "a" }.count == 3)
        #expect(refusal(&placement, web("x", key: "rack")).contains("missing required label"))
    }

    @Test("anti-affinity holds for those who come and for those who are there")
    func antiAffinity() {
        var placement = placement([node("n1"), node("n2")])
        func alone(_ name: String) -> Pod {
            pod(name) { pod in
                pod.spec.affinity = Affinity {
                    $0.podAntiAffinity = PodAntiAffinity {
                        $0.requiredDuringSchedulingIgnoredDuringExecution = [
                            PodAffinityTerm {
                                $0.topologyKey = "kubernetes.io/hostname"
                                $0.labelSelector = LabelSelector { $0.matchLabels["app"] = "web" }
                            }
                        ]
                    }
                }
            }
        }
        #expect(place(&placement, alone("a")) != nil)
        #expect(place(&placement, alone("b")) != nil)
        #expect(refusal(&placement, alone("c")).contains("2 node(s) didn't match pod anti-affinity rules"))
        #expect(refusal(&placement, pod("d")).contains("2 node(s) didn't satisfy existing pods anti-affinity rules"))
    }

    @Test("pods of a controller are spread over equal nodes")
    func balance() {
        var placement = placement([node("n1"), node("n2"), node("n3")])
        let places = (0..<9).compactMap { index in
            place(
                &placement,
                pod("p\(index)") { pod in
                    pod.metadata.ownerReferences = [OwnerReference { $0.controller = true }]
                })
        }
        for name in ["n1", "n2", "n3"] { #expect(places.filter { $0 == name }.count == 3) }
    }

    @Test("whatever comes and goes, the columns say what a count from scratch says")
    func deltas() {
        var random = SplitMix64(state: 5)
        var placement = placement((0..<4).map { node("n\($0)", cpu: "2") })
        var live: [String: (node: String, cpu: Int)] = [:]
        for step in 0..<500 {
            if random.next() % 3 == 0, let victim = live.keys.sorted().first {
                live[victim] = nil
                placement.table.remove(uid: victim)
            } else {
                let cpu = Int(random.next() % 700)
                let pod = pod("p\(step)", cpu: "\(cpu)m")
                if let node = place(&placement, pod) { live["p\(step)"] = (node, cpu) }
            }
            for index in 0..<4 {
                let pods = live.values.filter { $0.node == "n\(index)" }
                #expect(pods.reduce(0) { $0 + $1.cpu } <= 2000)
                #expect(pods.count <= 10)
            }
        }
        #expect(placement.explain(pod("x")).count == 4)
    }
}
