import Glibc
import MartinetAPI
import MartinetAPICore
import MartinetClient
import MartinetSchema
import Testing

/// What policies cost writes that they are not about. Processor time, because others use the machine too.
@Suite(.serialized) struct PolicyCostTests {
    private static func now() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) * 1e6 + Double(time.tv_nsec) / 1000
    }

    private func make(_ json: String, in cluster: TestCluster) throws {
        let meta = try JSONDecoder.typeMeta(of: Array(json.utf8))
        let type = try #require(Schema.builtin.type(named: "\(meta.apiVersion ?? "").\(meta.kind ?? "")"))
        let object = try JSONDecoder.decode(Array(json.utf8), as: type).object
        try cluster.send(APIRequest(.create, ResourceName(try #require(type.kind)), object: object))
    }

    private func add(_ count: Int, about plural: String, to cluster: TestCluster) throws {
        let group = #""apiVersion":"admissionregistration.k8s.io/v1""#
        for number in 0..<count {
            for kind in ["Validating", "Mutating"] {
                let rules =
                    kind == "Mutating"
                    ? #""reinvocationPolicy":"IfNeeded","mutations":[{"patchType":"ApplyConfiguration","applyConfiguration":{"expression":"Object{}"}}]"#
                    : #""validations":[{"expression":"object.metadata.name != 'x'"}]"#
                try make(
                    """
                    {\(group),"kind":"\(kind)AdmissionPolicy","metadata":{"name":"p\(number)"},"spec":{\(rules),\
                    "matchConstraints":{"resourceRules":[{"apiGroups":["*"],"apiVersions":["*"],"operations":["CREATE"],\
                    "resources":["\(plural)"]}]}}}
                    """, in: cluster)
                let actions = kind == "Validating" ? #","validationActions":["Deny"]"# : ""
                try make(
                    """
                    {\(group),"kind":"\(kind)AdmissionPolicyBinding","metadata":{"name":"p\(number)"},\
                    "spec":{"policyName":"p\(number)"\(actions)}}
                    """, in: cluster)
            }
        }
    }

    /// Microseconds of one write.
    private func write(_ count: Int, to cluster: TestCluster, _ round: Int) throws -> Double {
        let start = PolicyCostTests.now()
        for number in 0..<count {
            let map = ConfigMap {
                $0.metadata.name = "m\(round)-\(number)"
                $0.metadata.namespace = "shop"
            }
            try cluster.send(cluster.create(map))
        }
        return (PolicyCostTests.now() - start) / Double(count)
    }

    private func best(_ cluster: TestCluster) throws -> Double {
        _ = try write(20, to: cluster, 0)
        return try (1...5).map { try write(60, to: cluster, $0) }.min() ?? 0
    }

    @Test func policiesAboutSomethingElseCostNothing() throws {
        let (plain, crowded, met) = (try TestCluster(), try TestCluster(), try TestCluster())
        try add(100, about: "secrets", to: crowded)
        try add(1, about: "configmaps", to: met)
        let times = (try best(plain), try best(crowded), try best(met))
        print("a write in µs: without policies \(times.0), with 200 others \(times.1), with 2 that match \(times.2)")
        #expect(times.1 < times.0 * 1.5)
    }
}
