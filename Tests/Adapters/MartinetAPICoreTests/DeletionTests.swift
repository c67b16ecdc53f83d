import MartinetAPI
import MartinetAPICore
import MartinetBase
import MartinetClient
import MartinetSchema
import MartinetStore
import Testing

@Suite struct DeletionTests {
    private func config(_ name: String, finalizers: [String] = []) -> ConfigMap {
        ConfigMap {
            $0.metadata.name = name
            $0.metadata.namespace = "shop"
            $0.metadata.finalizers = finalizers
        }
    }

    private func delete<V: View>(
        _ type: V.Type, _ name: String?, _ cluster: TestCluster, _ options: (inout DeleteOptions) -> Void = { _ in }
    ) throws -> APIRequest {
        var request = try cluster.request(name == nil ? .deletecollection : .delete, V.self, "shop", name)
        var made = DeleteOptions()
        options(&made)
        request.object = made.object
        return request
    }

    @Test func aCollectionIsDeletedHoweverManyThereAre() throws {
        let cluster = try TestCluster()
        for index in 0..<300 { try cluster.send(cluster.create(config("c\(index)"))) }
        let before = cluster.store.revision
        let dry = try delete(ConfigMap.self, nil, cluster) { $0.dryRun = ["All"] }
        #expect(try cluster.send(dry).itemNames.count == 300)
        #expect(cluster.store.revision == before)
        var one = try delete(ConfigMap.self, nil, cluster)
        one.options.limit = 1
        #expect(try cluster.send(one).itemNames == ["c0"])
        #expect(try cluster.send(delete(ConfigMap.self, nil, cluster)).itemNames.count == 299)
        #expect(try cluster.send(cluster.request(.list, ConfigMap.self, "shop")).itemNames == [])
    }

    @Test func anObjectWithAFinalizerStaysUntilItIsGone() throws {
        let cluster = try TestCluster()
        try cluster.send(cluster.create(config("a", finalizers: ["example.com/keep"])))
        let left = try cluster.send(delete(ConfigMap.self, "a", cluster) { $0.propagationPolicy = "Foreground" })
        #expect(left.metadata.finalizers == ["example.com/keep", "foregroundDeletion"])
        #expect(left.metadata.deletionGracePeriodSeconds == 0)
        // Another policy, and another finalizer.
        let orphan = try cluster.send(delete(ConfigMap.self, "a", cluster) { $0.propagationPolicy = "Orphan" })
        #expect(orphan.metadata.finalizers == ["example.com/keep", "orphan"])
        #expect(orphan.metadata.deletionTimestamp == left.metadata.deletionTimestamp)
        var patch = try cluster.request(.patch, ConfigMap.self, "shop", "a")
        patch.patch = (.merge, Array(#"{"metadata":{"finalizers":null}}"#.utf8))
        try cluster.send(patch)
        #expect(try cluster.failure(cluster.request(.get, ConfigMap.self, "shop", "a")).isNotFound)
    }

    @Test func preconditionsHoldOrNothingHappens() throws {
        let cluster = try TestCluster()
        try cluster.send(cluster.create(config("a")))
        for wrong in 0..<2 {
            let request = try delete(ConfigMap.self, "a", cluster) {
                $0.preconditions = Preconditions {
                    if wrong == 0 { $0.uid = "another" } else { $0.resourceVersion = "1" }
                }
            }
            let error = try cluster.failure(request)
            #expect(error.code == 409)
            #expect(error.kind == "ConfigMap")
        }
        try cluster.send(cluster.request(.get, ConfigMap.self, "shop", "a"))
    }

    @Test func aGracePeriodIsOnlyShortened() throws {
        let cluster = try TestCluster()
        try cluster.send(
            cluster.create(
                ServiceAccount {
                    $0.metadata.name = "default"
                    $0.metadata.namespace = "shop"
                }))
        let pod = Pod {
            $0.metadata.name = "p"
            $0.metadata.namespace = "shop"
            $0.spec.nodeName = "n1"
            $0.spec.containers = [Container { ($0.name, $0.image) = ("web", "nginx") }]
        }
        try cluster.send(cluster.create(pod))
        func grace(_ seconds: Int64?) throws -> Int64? {
            let request = try delete(Pod.self, "p", cluster) { $0.gracePeriodSeconds = seconds }
            return try cluster.send(request).metadata.deletionGracePeriodSeconds
        }
        #expect(try grace(60) == 60)
        #expect(try grace(nil) == 60, "to say nothing changes nothing")
        #expect(try grace(90) == 60)
        #expect(try grace(20) == 20)
        #expect(try grace(-5) == 1)
        _ = try grace(0)
        #expect(try cluster.failure(cluster.request(.get, Pod.self, "shop", "p")).isNotFound)
    }

    @Test func whatAskedForDependentsToGoIsToldThatTheObjectIsStillThere() throws {
        let cluster = try TestCluster()
        try cluster.send(cluster.create(config("a", finalizers: ["example.com/keep"])))
        let wrong = try delete(ConfigMap.self, "a", cluster) {
            $0.orphanDependents = true
            $0.propagationPolicy = "Sideways"
        }
        let error = try cluster.failure(wrong)
        #expect(error.code == 422)
        #expect(error.causes.map(\.reason) == ["FieldValueInvalid", "FieldValueNotSupported"])
        let kept = try cluster.send(delete(ConfigMap.self, "a", cluster) { $0.orphanDependents = true })
        #expect(kept.metadata.finalizers == ["example.com/keep", "orphan"])
    }
}
