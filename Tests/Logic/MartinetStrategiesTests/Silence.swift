/// What the schema declares of fields and upstream lets pass all the same: each with the reason. Found by the walk, and
/// asked of upstream's own server, which answered the whole object and the broken one alike.
enum Silence {
    static func reason(_ breakage: String) -> String? {
        reasons.first { $0.breakages.contains(breakage) }?.reason
    }

    private static let reasons: [(reason: String, breakages: Set<String>)] = [
        (
            "published as required, and taken for zero or empty where it is absent",
            [
                "apps/v1.ControllerRevision revision gone",
                "storage.k8s.io/v1.CSINode spec gone",
                "storage.k8s.io/v1.CSINode spec.drivers gone",
            ]
        ),
        (
            "of an object with everything in it, an earlier fault (two sorts where one may be, a field that may not be set) "
                + "ends the look at this one",
            [
                "apiextensions.k8s.io/v1.CustomResourceDefinition spec.conversion.webhook.clientConfig.service.namespace gone",
                "autoscaling/v2.HorizontalPodAutoscaler spec.metrics.external.metric.selector.matchExpressions.key gone",
                "autoscaling/v2.HorizontalPodAutoscaler spec.metrics.pods.metric.name gone",
                "autoscaling/v2.HorizontalPodAutoscaler spec.metrics.pods.metric.selector.matchExpressions.operator gone",
                "batch/v1.CronJob spec.jobTemplate.metadata.ownerReferences.uid gone",
                "batch/v1.Job spec.template.spec.volumes.secret.items.key gone",
                "flowcontrol.apiserver.k8s.io/v1.FlowSchema spec.rules.subjects.group.name gone",
                "flowcontrol.apiserver.k8s.io/v1.PriorityLevelConfiguration spec.limited.limitResponse.type gone",
                "networking.k8s.io/v1.Ingress spec.rules.http.paths.backend.resource.kind gone",
                "resource.k8s.io/v1.ResourceClaimTemplate spec.metadata.ownerReferences.kind gone",
                "resource.k8s.io/v1.ResourceSlice spec.pool.generation gone",
                "storage.k8s.io/v1.CSIDriver spec.tokenRequests.audience gone",
                "storage.k8s.io/v1.VolumeAttachment spec.source.inlineVolumeSpec.csi.volumeHandle gone",
                "storage.k8s.io/v1.VolumeAttachment spec.source.inlineVolumeSpec.scaleIO.gateway gone",
                "v1.PersistentVolume spec.vsphereVolume.volumePath gone",
                "v1.PersistentVolumeClaim spec.dataSourceRef.kind gone",
                "v1.PersistentVolumeClaim spec.dataSourceRef.name gone",
                "v1.Service spec.ports.port gone",
                "v1.Service spec.ports.protocol strange",
                "v1.Service spec.sessionAffinity strange",
                "v1.Service spec.type strange",
            ]
        ),
    ]
}
