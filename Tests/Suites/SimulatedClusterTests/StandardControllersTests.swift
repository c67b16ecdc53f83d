import MartinetAPI
import MartinetBase
import MartinetClient
import MartinetControllers
import MartinetReconcile
import MartinetScheduler
import MartinetSchema
import MartinetSimulation
import Testing

/// All controllers, the scheduler and hollow nodes together, behind a network that delays, refuses and loses.
struct StandardControllersTests {
    private struct Signer: TokenSigner {
        func legacyToken(_ claims: LegacyTokenClaims) -> String {
            "token-of-\(claims.accountName)-\(claims.accountUID)"
        }
    }

    private final class World {
        let cluster: SimulatedCluster
        let server: FakeAPIServer
        private(set) var kubelets: [ComponentDriver] = []

        init(seed: UInt64, nodes: Int = 2, faults: FaultyClient.Faults = RolloutTests.storm) throws {
            var made: FakeAPIServer?
            cluster = SimulatedCluster(seed: seed, faults: faults) { runtime in
                let server = FakeAPIServer(runtime: runtime)
                made = server
                return server
            }
            server = try #require(made)
            let kinds = [
                Pod.kind, Service.kind, EndpointSlice.kind, Endpoints.kind, ConfigMap.kind, Secret.kind,
                ServiceAccount.kind, ReplicaSet.kind, Deployment.kind, Node.kind, Namespace.kind, Lease.kind,
            ]
            let configuration = StandardControllers.Configuration(kinds: kinds, rootPEM: "PEM", signer: Signer())
            cluster.run(StandardControllers.make(configuration))
            cluster.run([Scheduler()])
            for number in 1...nodes {
                kubelets.append(cluster.run([HollowKubelet(.init(nodeName: "node-\(number)"))]))
            }
            server.apply(
                .create(
                    Namespace {
                        $0.metadata.name = "default"
                    }))
        }

        func until(_ limit: Int64 = 300, _ condition: () -> Bool) -> Bool {
            cluster.advance(atMost: .seconds(limit), until: condition)
        }
    }

    private static let seeds: [UInt64] = [1, 2, 3, 4, 5]

    @Test("a namespace gets its account, its certificate and its tokens", arguments: seeds)
    func namespaceContent(seed: UInt64) throws {
        let world = try World(seed: seed)
        #expect(
            world.until {
                world.server.get(ServiceAccount.self, "default", "default") != nil
                    && world.server.get(ConfigMap.self, "default", "kube-root-ca.crt")?.data["ca.crt"] == "PEM"
            })
        world.server.apply(
            .create(
                Secret {
                    $0.metadata.name = "tok"
                    $0.metadata.namespace = "default"
                    $0.metadata.annotations[TokenSecretPlanner.accountName] = "default"
                    $0.type = TokenSecretPlanner.type
                }))
        let uid = try #require(world.server.get(ServiceAccount.self, "default", "default")).metadata.uid
        let expected = Value.bytes(Array("token-of-default-\(uid)".utf8))
        #expect(world.until { world.server.get(Secret.self, "default", "tok")?.data["token"] == expected })
        // With another account of that name the old token must go.
        let account = try #require(world.server.get(ServiceAccount.self, "default", "default"))
        world.server.apply(try #require(APIRequest.delete(account.object)))
        #expect(world.until { world.server.get(Secret.self, "default", "tok") == nil })
        #expect(world.until { world.server.get(ServiceAccount.self, "default", "default") != nil })
    }

    @Test("a Service leads to the ready pods of its Deployment", arguments: seeds)
    func endpoints(seed: UInt64) throws {
        let world = try World(seed: seed)
        world.server.apply(.create(RolloutTests.deployment(image: "web:1", replicas: 5)))
        world.server.apply(
            .create(
                Service { service in
                    service.metadata.name = "web"
                    service.metadata.namespace = "default"
                    service.spec.selector = ["app": "web"]
                    service.spec.ports = [
                        ServicePort {
                            $0.name = "http"
                            $0.port = 80
                            $0.targetPort = .int(8080)
                        }
                    ]
                }))
        func addresses() -> (slices: [String], endpoints: [String]) {
            let slices = world.server.all(EndpointSlice.self).flatMap(\.endpoints)
                .filter { $0.conditions.ready == true }.flatMap(\.addresses)
            let endpoints = world.server.get(Endpoints.self, "default", "web")?.subsets.flatMap {
                $0.addresses.map(\.ip)
            }
            return (slices.sorted(), (endpoints ?? []).sorted())
        }
        func isExact(_ count: Int) -> Bool {
            let ready = world.server.all(Pod.self).filter { $0.isReady && $0.isActive }.map(\.status.podIP).sorted()
            return ready.count == count && addresses() == (ready, ready)
        }
        #expect(world.until { isExact(5) })
        let slice = try #require(world.server.all(EndpointSlice.self).first)
        #expect(slice.metadata.labels[EndpointSlicePlanner.serviceName] == "web")
        #expect(slice.ports.first?.port == 8080)
        #expect(slice.endpoints.first?.nodeName?.hasPrefix("node-") == true)
        world.server.edit(Deployment.self, "default", "web") { $0.spec.replicas = 0 }
        #expect(world.until { isExact(0) && world.server.all(EndpointSlice.self).count == 1 })
        let service = try #require(world.server.get(Service.self, "default", "web"))
        world.server.apply(try #require(APIRequest.delete(service.object)))
        #expect(
            world.until {
                world.server.all(EndpointSlice.self).isEmpty && world.server.all(Endpoints.self).isEmpty
            })
    }

    @Test("a deleted namespace is emptied before it goes", arguments: seeds)
    func namespaceDeletion(seed: UInt64) throws {
        let world = try World(seed: seed)
        world.server.apply(.create(RolloutTests.deployment(image: "web:1")))
        #expect(world.until { world.server.all(Pod.self).filter(\.isReady).count == 3 })
        let namespace = try #require(world.server.get(Namespace.self, "", "default"))
        world.server.apply(try #require(APIRequest.delete(namespace.object)))
        #expect(
            world.cluster.advance(
                atMost: .seconds(300), until: { world.server.get(Namespace.self, "", "default") == nil }))
        #expect(world.server.all(Pod.self).isEmpty)
        #expect(world.server.all(ReplicaSet.self).isEmpty)
        #expect(world.server.all(ConfigMap.self).isEmpty)
    }

    @Test("dependents go with their owner, before it, or stay, as was asked", arguments: seeds)
    func garbage(seed: UInt64) throws {
        let world = try World(seed: seed)
        func create() -> Deployment? {
            world.server.apply(.create(RolloutTests.deployment(image: "web:1")))
            _ = world.until { world.server.all(Pod.self).filter(\.isReady).count == 3 }
            return world.server.get(Deployment.self, "default", "web")
        }
        func isEmpty() -> Bool { world.server.all(ReplicaSet.self).isEmpty && world.server.all(Pod.self).isEmpty }
        let first = try #require(create())
        world.server.apply(try #require(APIRequest.delete(first.object, propagation: "Background")))
        #expect(world.server.get(Deployment.self, "default", "web") == nil)
        #expect(world.until { isEmpty() })

        let second = try #require(create())
        world.server.apply(try #require(APIRequest.delete(second.object, propagation: "Foreground")))
        #expect(
            world.cluster.advance(
                atMost: .seconds(300), until: { world.server.get(Deployment.self, "default", "web") == nil },
                check: {
                    let isThere = world.server.get(Deployment.self, "default", "web") != nil
                    if !isThere, !isEmpty() { Issue.record("seed \(seed): the owner went before its dependents") }
                }))
        #expect(world.server.all(ReplicaSet.self).isEmpty && world.server.all(Pod.self).isEmpty)

        let third = try #require(create())
        let set = try #require(world.server.all(ReplicaSet.self).first)
        world.server.apply(try #require(APIRequest.delete(third.object, propagation: "Orphan")))
        #expect(world.until { world.server.get(Deployment.self, "default", "web") == nil })
        _ = world.cluster.advance(atMost: .seconds(60))
        let left = try #require(world.server.all(ReplicaSet.self).first)
        #expect(left.metadata.uid == set.metadata.uid)
        #expect(left.metadata.ownerReferences.isEmpty)
        #expect(world.server.all(Pod.self).count == 3)
    }

    @Test("the pods of a node that fell silent are started elsewhere", arguments: seeds)
    func lostNode(seed: UInt64) throws {
        let world = try World(seed: seed)
        var deployment = RolloutTests.deployment(image: "web:1", replicas: 4)
        for key in [NodeLifecyclePlanner.notReady, NodeLifecyclePlanner.unreachable] {
            deployment.spec.template.spec.tolerations.append(
                Toleration {
                    $0.key = key
                    $0.operator = "Exists"
                    $0.effect = "NoExecute"
                    $0.tolerationSeconds = 30
                })
        }
        world.server.apply(.create(deployment))
        #expect(world.until { world.server.all(Pod.self).filter(\.isReady).count == 4 })
        world.kubelets[0].stop()
        #expect(
            world.until {
                let node = world.server.get(Node.self, "", "node-1")
                return node?.spec.taints.contains { $0.effect == "NoExecute" } == true
                    && node?.status.conditions.first { $0.type == "Ready" }?.status == "Unknown"
            })
        #expect(
            world.until {
                world.server.all(Pod.self).filter { $0.isReady && $0.isActive && $0.spec.nodeName == "node-2" }.count
                    == 4
            })
        // Its pods stay marked until somebody says that the node is gone.
        let node = try #require(world.server.get(Node.self, "", "node-1"))
        world.server.apply(try #require(APIRequest.delete(node.object)))
        #expect(world.until { world.server.all(Pod.self).count == 4 })
    }

    @Test("the whole of it, twice with one seed, writes the same bytes")
    func determinism() throws {
        func run() throws -> [String] {
            let world = try World(seed: 99)
            world.server.apply(.create(RolloutTests.deployment(image: "web:1")))
            _ = world.until { world.server.all(Pod.self).filter(\.isReady).count == 3 }
            world.server.edit(Deployment.self, "default", "web") { $0.spec.template.spec.containers[0].image = "web:2" }
            _ = world.cluster.advance(atMost: .seconds(90))
            return world.cluster.recorder.writes
        }
        let (first, second) = (try run(), try run())
        #expect(first.count > 50)
        #expect(first == second)
    }
}
