import MartinetAPI
import MartinetBase
import MartinetClient
import MartinetReconcile
import MartinetSchema
import Testing

struct EndpointSlicePlannerTests {
    private let service = Service { service in
        service.metadata.name = "web"
        service.metadata.namespace = "default"
        service.metadata.uid = "s"
        service.spec.selector = ["app": "web"]
        service.spec.ports = [
            ServicePort {
                $0.port = 80
                $0.targetPort = .string("http")
            }
        ]
    }

    private func pod(_ number: Int, isReady: Bool, port: Int32 = 8080) -> Pod {
        Pod { pod in
            pod.metadata.name = "p\(number)"
            pod.metadata.namespace = "default"
            pod.metadata.uid = "p\(number)"
            pod.metadata.labels = ["app": "web"]
            pod.spec.nodeName = "n1"
            pod.spec.containers = [
                MartinetAPI.Container {
                    $0.ports = [
                        ContainerPort {
                            $0.name = "http"
                            $0.containerPort = port
                        }
                    ]
                }
            ]
            pod.status.phase = "Running"
            pod.status.podIP = "10.0.\(number / 256).\(number % 256)"
            pod.status.conditions = [
                PodCondition {
                    $0.type = "Ready"
                    $0.status = isReady ? "True" : "False"
                }
            ]
        }
    }

    /// Plans and does it; returns how many writes there were.
    private func reconcile(_ pods: [Pod], _ slices: inout [EndpointSlice], _ names: inout Int) -> Int {
        var name = names
        let plan = EndpointSlicePlanner(service: service, pods: pods, slices: slices, zone: { _ in "z" })
            .plan {
                name += 1
                return String(name)
            }
        names = name
        let writes = plan.steps.joined().map(\.request)
        for request in writes {
            switch request.verb {
            case .create: slices += request.object?.view(EndpointSlice.self).map { [$0] } ?? []
            case .delete: slices.removeAll { $0.metadata.name == request.resource.name }
            default:
                guard let slice = request.object?.view(EndpointSlice.self) else { continue }
                slices = slices.map { $0.metadata.name == slice.metadata.name ? slice : $0 }
            }
        }
        return writes.count
    }

    @Test("every pod is in one slice, no slice has more than a hundred, and at rest nothing is written")
    func property() {
        var random = SplitMix64(state: 3)
        var slices: [EndpointSlice] = []
        var names = 0
        for _ in 0..<40 {
            let pods = (0..<Int(random.next() % 350)).map { number in
                pod(
                    number + Int(random.next() % 2) * 400, isReady: random.next() % 3 > 0, port: number % 9 == 0 ? 9 : 8
                )
            }
            let unique = Dictionary(pods.map { ($0.metadata.uid, $0) }, uniquingKeysWith: { a, _ in a }).values
                .sorted { $0.metadata.uid.precedes($1.metadata.uid) }
            _ = reconcile(unique, &slices, &names)
            #expect(slices.allSatisfy { $0.endpoints.count <= 100 })
            let shown = slices.flatMap { slice in slice.endpoints.compactMap { $0.targetRef?.uid } }.sorted()
            #expect(shown == unique.map(\.metadata.uid).sorted())
            let ready = slices.flatMap(\.endpoints).filter { $0.conditions.ready == true }.count
            #expect(ready == unique.filter(\.isReady).count)
            #expect(reconcile(unique, &slices, &names) == 0)
        }
    }

    @Test("one pod that changes touches one slice")
    func minimal() {
        var slices: [EndpointSlice] = []
        var names = 0
        var pods = (0..<250).map { pod($0, isReady: true) }
        #expect(reconcile(pods, &slices, &names) == 3)
        pods[120] = pod(120, isReady: false)
        #expect(reconcile(pods, &slices, &names) == 1)
        pods.remove(at: 10)
        #expect(reconcile(pods, &slices, &names) == 1)
    }

    @Test("a Service without pods has one empty slice, and one without a selector none of ours")
    func empty() {
        var slices: [EndpointSlice] = []
        var names = 0
        #expect(reconcile([], &slices, &names) == 1)
        #expect(slices.map(\.endpoints.count) == [0])
        #expect(reconcile([], &slices, &names) == 0)
        #expect(reconcile([pod(1, isReady: true)], &slices, &names) == 2)
        #expect(slices.map(\.endpoints.count) == [1])
    }
}
