import MartinetAuthorization
import MartinetSchema
import Testing

@testable import MartinetFlowControl

@Suite("priority and fairness") struct FlowControlTests {
    private func request(
        _ user: String, _ groups: [String] = ["system:authenticated"], verb: String = "get", group: String = "",
        resource: String = "pods", namespace: String = "default", path: String? = nil
    ) -> AccessRequest {
        var request = AccessRequest(user: user, groups: groups, verb: verb, path: path)
        (request.group, request.resource, request.namespace) = (group, resource, namespace)
        return request
    }

    private func control() -> FlowControl {
        var control = FlowControl(seats: 600)
        _ = control.configure(
            BootstrapFlows.schemas.map { FlowSchema($0.object) },
            BootstrapFlows.levels.map { PriorityLevel($0.object) },
            at: .zero)
        return control
    }

    @Test("every request finds its schema by precedence")
    func matching() {
        let control = control()
        func schema(_ request: AccessRequest) -> String? { control.match(request)?.schema.name }
        let account = "system:serviceaccount:kube-system:deployment-controller"
        let groups = ["system:serviceaccounts", "system:authenticated"]
        #expect(schema(request("admin", ["system:masters"])) == "exempt")
        #expect(schema(request("x", ["system:unauthenticated"], path: "/readyz")) == "probes")
        #expect(schema(request("x", ["system:unauthenticated"], path: "/readyz/etcd")) == "global-default")
        #expect(schema(request("system:node:a", ["system:nodes", "system:authenticated"])) == "system-nodes")
        #expect(
            schema(
                request(
                    "system:node:a", ["system:nodes"], verb: "update", group: "coordination.k8s.io", resource: "leases",
                    namespace: "kube-node-lease")) == "system-node-high")
        #expect(
            schema(
                request(account, groups, verb: "update", group: "coordination.k8s.io", resource: "leases"))
                == "system-leader-election")
        #expect(schema(request(account, groups)) == "kube-system-service-accounts")
        #expect(schema(request("system:serviceaccount:shop:a", groups)) == "service-accounts")
        #expect(schema(request("system:kube-scheduler")) == "kube-scheduler")
        #expect(schema(request("jane")) == "global-default")
        #expect(schema(request("jane", [])) == nil, "who is in no group at all is not even caught by the last schema")
    }

    @Test("seats are divided by shares, and nothing waits for exempt requests")
    func seats() {
        var control = control()
        let report = Dictionary(uniqueKeysWithValues: control.report.map { ($0.name, $0.nominalSeats) })
        // 600 seats by 245 shares, rounded up.
        #expect(
            report == [
                "catch-all": 13, "exempt": 0, "global-default": 49, "leader-election": 25, "node-high": 98,
                "system": 74, "workload-high": 98, "workload-low": 245,
            ])
        let master = request("admin", ["system:masters"])
        guard let match = control.match(master) else { Issue.record("no match"); return }
        for _ in 0..<2000 {
            guard case .execute = control.arrive(master, match, Work(), at: .zero).0 else {
                Issue.record("an exempt request did not start")
                return
            }
        }
    }

    @Test("a flood of one user is queued, then refused, while another user is served")
    func flood() {
        var control = control()
        let greedy = request("greedy")
        guard let match = control.match(greedy) else { Issue.record("no match"); return }
        var (executing, waiting, refused) = ([FlowControl.Ticket](), [FlowControl.Ticket](), 0)
        for _ in 0..<1000 {
            switch control.arrive(greedy, match, Work(), at: .zero).0 {
            case .execute(let ticket): executing.append(ticket)
            case .wait(let ticket): waiting.append(ticket)
            case .reject: refused += 1
            }
        }
        #expect(executing.count == 49 && waiting.count == 6 * 50 && refused == 1000 - 49 - 300)
        let modest = request("modest")
        guard case .wait(let ticket) = control.arrive(modest, match, Work(), at: .milliseconds(1)).0 else {
            Issue.record("the other user does not wait")
            return
        }
        var isServed = false
        for (number, running) in executing.prefix(4).enumerated() {
            isServed = isServed || control.finish(running, at: .milliseconds(4 + number)).started.contains(ticket)
        }
        #expect(isServed, "the other user waits behind the flood")
        let isGone = control.giveUp(waiting[100], at: .seconds(15))
        #expect(isGone)
    }

    @Test("a level that needs more borrows what others lend, and gives it back")
    func borrowing() {
        var control = control()
        let user = request("jane")
        guard let match = control.match(user) else { Issue.record("no match"); return }
        var tickets: [FlowControl.Ticket] = []
        for number in 0..<400 {
            if case .execute(let ticket) = control.arrive(request("u\(number)"), match, Work(), at: .zero).0 {
                tickets.append(ticket)
            }
        }
        func seats() -> Int? { control.report.first { $0.name == "global-default" }?.currentSeats ?? nil }
        #expect(seats() == 49)
        let started = control.adjust(at: .seconds(10))
        #expect((seats() ?? 0) > 200, "global-default has \(String(describing: seats()))")
        #expect(started.count > 150)
        let total = control.report.compactMap(\.currentSeats).reduce(0, +)
        #expect((595...610).contains(total), "together there are \(total) seats")
        for ticket in tickets + started { _ = control.finish(ticket, at: .seconds(11)) }
        for period in 2...400 { _ = control.adjust(at: .seconds(10 * period)) }
        #expect((seats() ?? 0) < 150)
    }

    @Test("what is configured is in force at once, and mandatory objects cannot be lost")
    func configuration() {
        var control = control()
        _ = control.configure([], [], at: .seconds(1))
        #expect(control.report.map(\.name) == ["catch-all", "exempt"])
        #expect(control.match(request("jane"))?.schema.name == "catch-all")
        let type = BootstrapFlows.schemas[0].object.type
        #expect(type.name.hasSuffix("FlowSchema"))
    }

    @Test("hands have no card twice and depend on the hash alone")
    func hands() {
        for hash in stride(from: UInt64(1), to: .max / 2, by: .max / 997) {
            let hand = ShuffleSharding.hand(of: hash, deck: 64, hand: 6)
            #expect(Set(hand).count == 6 && hand.allSatisfy { (0..<64).contains($0) })
            #expect(hand == ShuffleSharding.hand(of: hash, deck: 64, hand: 6))
        }
        #expect(ShuffleSharding.hand(of: 5, deck: 3, hand: 9).sorted() == [0, 1, 2])
        #expect(ShuffleSharding.hand(of: 5, deck: 0, hand: 1).isEmpty)
    }
}
