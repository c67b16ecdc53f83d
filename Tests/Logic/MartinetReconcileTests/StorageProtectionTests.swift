import MartinetAPI
import MartinetBase
import MartinetClient
import MartinetReconcile
import MartinetSchema
import Testing

struct StorageProtectionTests {
    private func claim(isDeleted: Bool = true) -> PersistentVolumeClaim {
        PersistentVolumeClaim {
            $0.metadata.name = "data"
            $0.metadata.namespace = "default"
            $0.metadata.finalizers = [StorageProtectionPlanner.claimFinalizer, "other/finalizer"]
            if isDeleted { $0.metadata.deletionTimestamp = Timestamp(seconds: 1) }
        }
    }

    private func pod(_ phase: String, node: String = "node", isDeleted: Bool = false) -> Pod {
        Pod {
            $0.metadata.name = "user"
            $0.spec.nodeName = node
            $0.status.phase = phase
            if isDeleted { $0.metadata.deletionTimestamp = Timestamp(seconds: 1) }
            $0.spec.volumes = [
                Volume { volume in
                    volume.name = "data"
                    volume.persistentVolumeClaim = PersistentVolumeClaimVolumeSource { $0.claimName = "data" }
                }
            ]
        }
    }

    @Test("a claim that is to go waits for the pods that mount it, and keeps what is others' business")
    func claims() throws {
        #expect(StorageProtectionPlanner.plan(claim(isDeleted: false), pods: []).steps.isEmpty)
        #expect(StorageProtectionPlanner.plan(claim(), pods: [pod("Running")]).steps.isEmpty)
        #expect(StorageProtectionPlanner.plan(claim(), pods: [pod("Pending", node: "")]).steps.isEmpty)
        for ended in [pod("Succeeded"), pod("Pending", node: "", isDeleted: true)] {
            let steps = StorageProtectionPlanner.plan(claim(), pods: [ended]).steps
            let written = try #require(steps.first?.first?.request.object)
            #expect(written.metadata.finalizers == ["other/finalizer"])
        }
    }

    @Test("the claim of an ephemeral volume is named after its pod")
    func ephemeral() {
        let pod = Pod {
            $0.metadata.name = "web"
            $0.spec.volumes = [
                Volume {
                    $0.name = "scratch"
                    $0.ephemeral = EphemeralVolumeSource()
                }
            ]
        }
        #expect(StorageProtectionPlanner.claims(of: pod) == ["web-scratch"])
    }

    @Test("a volume waits until it is not bound")
    func volumes() {
        var volume = PersistentVolume {
            $0.metadata.finalizers = [StorageProtectionPlanner.volumeFinalizer]
            $0.metadata.deletionTimestamp = Timestamp(seconds: 1)
            $0.status.phase = "Bound"
        }
        #expect(StorageProtectionPlanner.plan(volume).steps.isEmpty)
        volume.status.phase = "Released"
        #expect(StorageProtectionPlanner.plan(volume).steps.count == 1)
    }
}
