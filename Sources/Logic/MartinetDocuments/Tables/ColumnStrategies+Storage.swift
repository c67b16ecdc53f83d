import MartinetBase
import MartinetSchema

extension ColumnStrategies {
    private static let classAnnotation = "volume.beta.kubernetes.io/storage-class"

    private static func quantity(_ map: Map, _ absent: String) -> String {
        if case .string(let text) = map["storage"] { text } else { absent }
    }

    static let volumes: [String: Strategy] = [
        "persistentVolumeCapacity": text { quantity($0.map("spec.capacity"), "0") },
        "persistentVolumeAccessModes": text { CellText.accessModes($0.texts("spec.accessModes")) },
        "persistentVolumeStatus": text { $0.isBeingDeleted ? "Terminating" : $0.text("status.phase") },
        "persistentVolumeClaim": text { volume in
            guard let claim = volume.object("spec.claimRef") else { return "" }
            return "\(claim.text("namespace"))/\(claim.text("name"))"
        },
        "persistentVolumeStorageClass": text { $0.annotation(classAnnotation) ?? $0.text("spec.storageClassName") },
        "persistentVolumeVolumeAttributesClass": text {
            $0.optionalText("spec.volumeAttributesClassName") ?? CellText.unset
        },
        "persistentVolumeVolumeMode": text { $0.optionalText("spec.volumeMode") ?? CellText.unset },
        "persistentVolumeClaimStatus": text { $0.isBeingDeleted ? "Terminating" : $0.text("status.phase") },
        "persistentVolumeClaimCapacity": text {
            $0.text("spec.volumeName").isEmpty ? "" : quantity($0.map("status.capacity"), "0")
        },
        "persistentVolumeClaimAccessModes": text {
            $0.text("spec.volumeName").isEmpty ? "" : CellText.accessModes($0.texts("status.accessModes"))
        },
        "persistentVolumeClaimStorageClass": text {
            $0.annotation(classAnnotation) ?? $0.text("spec.storageClassName")
        },
        "persistentVolumeClaimVolumeAttributesClass": text {
            $0.optionalText("spec.volumeAttributesClassName") ?? CellText.unset
        },
        "persistentVolumeClaimVolumeMode": text { $0.optionalText("spec.volumeMode") ?? CellText.unset },
        "storageClassName": defaultName([
            "storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class",
        ]),
        "storageClassReclaimPolicy": text { $0.optionalText("reclaimPolicy") ?? "Delete" },
        "storageClassVolumeBindingMode": text { $0.optionalText("volumeBindingMode") ?? "Immediate" },
        "storageClassAllowVolumeExpansion": flag("allowVolumeExpansion"),
        "csiNodeDrivers": number { Int64($0.objects("spec.drivers").count) },
        "csiDriverAttachRequired": flag("spec.attachRequired", true),
        "csiDriverPodInfoOnMount": flag("spec.podInfoOnMount"),
        "csiDriverStorageCapacity": flag("spec.storageCapacity"),
        "csiDriverRequiresRepublish": flag("spec.requiresRepublish"),
        "csiDriverModes": text { CellText.or($0.texts("spec.volumeLifecycleModes").joined(separator: ",")) },
        "csiDriverTokenRequests": text { driver in
            guard driver.has("spec.tokenRequests") else { return CellText.unset }
            return driver.objects("spec.tokenRequests").map { $0.text("audience") }.joined(separator: ",")
        },
        "volumeAttachmentPV": text { $0.text("spec.source.persistentVolumeName") },
    ]

    static let resources: [String: Strategy] = [
        "resourceClaimState": text { claim in
            var states: [String] = claim.isBeingDeleted ? ["deleted"] : []
            if !claim.has("status.allocation") {
                if !claim.isBeingDeleted { states.append("pending") }
            } else {
                states.append("allocated")
                if !claim.objects("status.reservedFor").isEmpty { states.append("reserved") }
            }
            return states.joined(separator: ",")
        },
        "resourceSliceNode": text { $0.text("spec.nodeName") },
        "deviceTaintRuleTimeAdded": { context in
            let added = context.object.time("spec.taint.timeAdded")
            return .string(added.map { CellText.age($0, context.now) } ?? "")
        },
        "resourcePoolStatusRequestTotal": pools("totalDevices"),
        "resourcePoolStatusRequestAvailable": pools("availableDevices"),
        "resourcePoolStatusRequestAllocated": pools("allocatedDevices"),
        "resourcePoolStatusRequestUnavailable": pools("unavailableDevices"),
        "resourcePoolStatusRequestErrors": text { request in
            guard request.has("status"), poolStatus(request) != "Failed" else { return "-" }
            return "\(request.objects("status.pools").filter { $0.has("validationError") }.count)"
        },
        "resourcePoolStatusRequestPools": number { $0.number("status.poolCount") },
        "resourcePoolStatusRequestStatus": text { request in
            let (known, shown) = (request.number("status.poolCount"), request.objects("status.pools").count)
            let status = poolStatus(request)
            return status == "Complete" && known > shown ? "Complete (\(shown)/\(known) pools)" : status
        },
        "resourcePoolStatusRequestCompleted": { context in
            guard poolStatus(context.object) == "Complete", let condition = context.object.condition("Complete") else {
                return .string(CellText.none)
            }
            return .string(CellText.age(condition.time("lastTransitionTime"), context.now))
        },
    ]

    private static func poolStatus(_ request: Object) -> String {
        for condition in request.objects("status.conditions") where condition.text("status") == "True" {
            if ["Complete", "Failed"].contains(condition.text("type")) { return condition.text("type") }
        }
        return "Pending"
    }

    private static func pools(_ name: String) -> Strategy {
        text { request in
            guard request.has("status"), poolStatus(request) != "Failed" else { return "-" }
            return "\(request.objects("status.pools").reduce(0) { $0 &+ $1.number(name) })"
        }
    }
}
