import MartinetAddresses
import MartinetServiceRules
import Testing

@Suite struct ServiceRulesTests {
    private let clusterIP = IPAddress(10, 96, 0, 1)

    private func endpoint(_ index: Int, isLocal: Bool = false) -> ServiceEndpoint {
        ServiceEndpoint(IPAddress(10, 244, 0, UInt8(index)), 8080, isLocal: isLocal)
    }

    private func service(
        _ endpoints: [ServiceEndpoint], name: String = "default/web", transport: TransportProtocol = .tcp,
        nodePort: UInt16? = nil
    ) -> ServiceInput {
        ServiceInput(
            name: name, clusterIPs: [clusterIP],
            ports: [ServicePort(transport, 80, nodePort: nodePort, endpoints: endpoints)])
    }

    /// The state that operations lead to; an operation that does not fit the state before fails the test.
    private struct Model {
        var elements: Set<RuleElement> = []
        var choosers: Set<Chooser> = []

        mutating func apply(_ operations: [RuleOperation]) {
            for operation in operations {
                switch operation {
                case .addChooser(let chooser): #expect(choosers.insert(chooser).inserted)
                case .removeChooser(let chooser):
                    #expect(choosers.remove(chooser) != nil)
                    let isUsed = elements.contains { if case .route(_, _, chooser) = $0 { true } else { false } }
                    #expect(!isUsed)
                case .addElement(let element):
                    #expect(elements.insert(element).inserted)
                    if case .route(_, _, let chooser?) = element { #expect(choosers.contains(chooser)) }
                case .removeElement(let element): #expect(elements.remove(element) != nil)
                case .forgetConnections: break
                }
            }
        }
    }

    @Test func anyHistoryEndsWhereAFreshStartDoes() {
        var state: UInt64 = 11
        func next(_ bound: UInt64) -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return (state >> 33) % bound
        }
        var rules = ServiceRules(family: .v4)
        var model = Model()
        for _ in 0..<400 {
            let name = "default/s\(next(4))"
            var input = service(
                (0..<next(5)).map { _ in endpoint(Int(next(6)), isLocal: next(2) == 0) }, name: name,
                transport: next(2) == 0 ? .tcp : .udp, nodePort: next(2) == 0 ? 30000 + UInt16(next(2)) : nil)
            // Few addresses, so that services claim the same ones.
            input.clusterIPs = [IPAddress(10, 96, 0, UInt8(next(4)))]
            input.affinitySeconds = next(3) == 0 ? 60 : nil
            input.isExternalTrafficLocal = next(2) == 0
            input.isInternalTrafficLocal = next(4) == 0
            model.apply(rules.set(name, next(5) == 0 ? nil : input))
            #expect(rules.set(name, rules.services[name]).isEmpty)
        }
        for name in rules.services.keys.sorted() { model.apply(rules.set(name, nil)) }
        #expect(model.elements.isEmpty)
        #expect(model.choosers.isEmpty)
    }

    @Test func anEndpointThatLeavesMovesAtMostOneOther() {
        var rules = ServiceRules(family: .v4)
        _ = rules.set("default/web", service((1...50).map { endpoint($0) }))
        let operations = rules.set("default/web", service((1...50).filter { $0 != 7 }.map { endpoint($0) }))
        // The gap is filled by the last one; the frontend leads to the chain for 49.
        #expect(operations.count == 1 + 1 + 2 + 1 + 1 + 1)
    }

    @Test func aLocalPolicyWithoutLocalEndpointsDropsAndInsidersGetThrough() {
        var rules = ServiceRules(family: .v4)
        var input = service([endpoint(1)], nodePort: 30080)
        input.isExternalTrafficLocal = true
        let operations = rules.set("default/web", input)
        let node = Frontend(.unspecified(.v4), .tcp, 30080)
        #expect(operations.contains(.addElement(.route(node, .everyone, nil))))
        let inside = Chooser(count: 1, isNodePort: true, scope: .inside, affinitySeconds: nil)
        #expect(operations.contains(.addElement(.route(node, .inside, inside))))
        #expect(!operations.contains(.addElement(.masquerade(node))))
    }

    @Test func aFrontendBelongsToTheFirstAndPassesOn() {
        var rules = ServiceRules(family: .v4)
        _ = rules.set("default/a", service([endpoint(1)], name: "default/a"))
        #expect(rules.set("default/b", service([endpoint(2)], name: "default/b")).isEmpty)
        let frontend = Frontend(clusterIP, .tcp, 80)
        #expect(rules.conflicts == [frontend: ["default/a", "default/b"]])
        let operations = rules.set("default/a", nil)
        #expect(operations.contains(.addElement(.endpoint(frontend, index: 0, IPAddress(10, 244, 0, 2), 8080))))
        #expect(rules.conflicts.isEmpty)
    }

    @Test func movedDatagramsAreForgotten() {
        var rules = ServiceRules(family: .v4)
        let frontend = Frontend(clusterIP, .udp, 80)
        #expect(
            rules.set("default/web", service([endpoint(1)], transport: .udp))
                .contains(.forgetConnections(frontend, endpoint: nil)))
        let moved = rules.set("default/web", service([endpoint(2)], transport: .udp))
        #expect(moved.contains(.forgetConnections(frontend, endpoint: endpoint(1))))
    }
}
