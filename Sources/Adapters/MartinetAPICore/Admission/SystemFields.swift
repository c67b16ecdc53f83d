import MartinetAPI
import MartinetBase
import MartinetClient
import MartinetSchema

/// What the server itself writes into an object because it knows the time and the caller.
struct SystemFields: AdmissionPlugin {
    let name = "SystemFields"

    func admit(_ attributes: inout AdmissionAttributes, in registry: Registry) throws(APIError) {
        let now = registry.runtime.now()
        switch (attributes.verb, attributes.resource.subresource) {
        case (.create, ""): create(&attributes.object, attributes, now)
        case (.update, "status"), (.update, "approval"):
            if let old = attributes.old { status(&attributes.object, old, attributes.kind, now) }
        case (.update, ""): stampTaints(&attributes.object, attributes.kind, now)
        default: break
        }
    }

    private func create(_ object: inout Object, _ attributes: AdmissionAttributes, _ now: Timestamp) {
        switch (attributes.kind.group, attributes.kind.name) {
        case ("", "Pod"):
            guard object.part("spec")?[field: "schedulingGates"] != nil else { return }
            var pod = Pod(object: object)
            pod.status.conditions.append(
                PodCondition {
                    $0.type = "PodScheduled"
                    $0.status = "False"
                    $0.reason = "SchedulingGated"
                    $0.message = "The pod has scheduling gates, nothing places it before they are gone."
                    $0.lastTransitionTime = now
                })
            object = pod.object
        case ("", "PersistentVolume"):
            object.change("status") { $0[field: "lastPhaseTransitionTime"] = .int(now.seconds) }
        case ("certificates.k8s.io", "CertificateSigningRequest"):
            let identity = attributes.identity
            object.change("spec") { spec in
                spec[field: "username"] = identity.user.isEmpty ? nil : .string(identity.user)
                spec[field: "uid"] = identity.uid.isEmpty ? nil : .string(identity.uid)
                spec[field: "groups"] = identity.groups.isEmpty ? nil : .list(identity.groups.map(Value.string))
                let extra = identity.extra.map { Map.Entry(key: $0.key, value: .list($0.value.map(Value.string))) }
                spec[field: "extra"] = extra.isEmpty ? nil : .map(Map(unsorted: extra))
            }
        default: stampTaints(&object, attributes.kind, now)
        }
    }

    /// A taint of a device says since when.
    private func stampTaints(_ object: inout Object, _ kind: Kind, _ now: Timestamp) {
        guard kind.group == "resource.k8s.io" else { return }
        func stamp(_ taint: inout Object) {
            if taint[field: "timeAdded"] == nil { taint[field: "timeAdded"] = .int(now.seconds) }
        }
        switch kind.name {
        case "DeviceTaintRule":
            object.change("spec") { spec in if spec.part("taint") != nil { spec.change("taint", stamp) } }
        case "ResourceSlice":
            object.change("spec") { spec in
                spec.changeEach("devices") { device in
                    device.changeEach("taints", stamp)
                    if device.part("basic") != nil { device.change("basic") { $0.changeEach("taints", stamp) } }
                }
            }
        default: break
        }
    }

    private func status(_ object: inout Object, _ old: Object, _ kind: Kind, _ now: Timestamp) {
        switch (kind.group, kind.name) {
        case ("", "PersistentVolume"):
            let before = old.part("status")
            let name = "lastPhaseTransitionTime"
            object.change("status") { status in
                guard status[field: "phase"] != before?[field: "phase"] else {
                    if status[field: name] == nil { status[field: name] = before?[field: name] }
                    return
                }
                if status[field: name] == nil || status[field: name] == before?[field: name] {
                    status[field: name] = .int(now.seconds)
                }
            }
        case ("certificates.k8s.io", "CertificateSigningRequest"):
            let before = old.part("status")?.parts("conditions") ?? []
            object.change("status") { status in
                status.changeEach("conditions") { condition in
                    let same = before.first {
                        $0.text("type") == condition.text("type") && $0.text("status") == condition.text("status")
                    }
                    if condition[field: "lastUpdateTime"] == nil {
                        condition[field: "lastUpdateTime"] = .int(now.seconds)
                    }
                    if condition[field: "lastTransitionTime"] == nil {
                        condition[field: "lastTransitionTime"] =
                            same?[field: "lastTransitionTime"] ?? .int(now.seconds)
                    }
                }
            }
        default: break
        }
    }
}
