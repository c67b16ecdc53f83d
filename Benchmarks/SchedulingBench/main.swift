import MartinetAPI
import MartinetBase
import MartinetClient
import MartinetScheduling
import MartinetSchema

// How many placements a second on how many nodes: `swift run -c release SchedulingBench`.

let runtime = ProductionRuntime()

func measure(_ name: String, nodes: Int, pods: Int, _ change: (inout Pod, Int) -> Void) {
    var placement = PodPlacement()
    for number in 0..<nodes {
        placement.table.set(
            Node { node in
                node.metadata.name = "node-\(number)"
                node.metadata.labels = [
                    "kubernetes.io/hostname": "node-\(number)", "topology.kubernetes.io/zone": "zone-\(number % 3)",
                ]
                node.status.allocatable = ["cpu": "32", "memory": "128Gi", "pods": "110"]
            })
    }
    let start = runtime.monotonic()
    var placed = 0
    for number in 0..<pods {
        let pod = Pod { pod in
            pod.metadata.name = "pod-\(number)"
            pod.metadata.namespace = "default"
            pod.metadata.uid = "pod-\(number)"
            pod.metadata.labels = ["app": "web"]
            pod.spec.containers = [
                MartinetAPI.Container { $0.resources.requests = ["cpu": "100m", "memory": "128Mi"] }
            ]
            change(&pod, number)
        }
        if case .place(let node) = placement.decide(pod, pick: { number % max(1, $0) }) {
            placement.table.place(pod, on: node)
            placed += 1
        }
    }
    let seconds = Double((runtime.monotonic() - start).nanoseconds) / 1e9
    print("\(name): \(placed) of \(pods) pods on \(nodes) nodes, \(Int(Double(pods) / seconds)) a second")
}

measure("plain", nodes: 100, pods: 5000) { _, _ in }
measure("plain", nodes: 1000, pods: 5000) { _, _ in }
measure("plain", nodes: 5000, pods: 2000) { _, _ in }
measure("spread over zones", nodes: 1000, pods: 2000) { pod, _ in
    pod.spec.topologySpreadConstraints = [
        TopologySpreadConstraint {
            $0.maxSkew = 1
            $0.topologyKey = "topology.kubernetes.io/zone"
            $0.whenUnsatisfiable = "DoNotSchedule"
            $0.labelSelector = LabelSelector { $0.matchLabels["app"] = "web" }
        }
    ]
}
measure("managed, spread by default", nodes: 1000, pods: 2000) { pod, _ in
    pod.metadata.ownerReferences = [OwnerReference { $0.controller = true }]
}
