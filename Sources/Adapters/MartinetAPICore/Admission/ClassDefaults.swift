import MartinetAPI
import MartinetBase
import MartinetClient
import MartinetSchema

extension Registry {
    /// What is stored of a resource, in one namespace or in all.
    func objects(_ name: ResourceName) -> [Object] {
        guard let resource = served[name] else { return [] }
        var selection = Selection()
        selection.namespace = name.namespace
        return (resource.cache.page(selection, from: nil, limit: 0, at: nil)?.objects ?? []).map(\.object)
    }

    /// The class that is marked as the default one: of several the newest, then the first by name.
    func defaultClass(_ name: ResourceName, mark: String) -> Object? {
        objects(name).filter { $0.metadata.annotations[mark] == "true" }.min { a, b in
            let (a, b) = (a.metadata, b.metadata)
            let (first, second) = (a.creationTimestamp?.seconds ?? 0, b.creationTimestamp?.seconds ?? 0)
            return first == second ? a.name < b.name : first > second
        }
    }
}

/// A claim that names no class gets the default one.
struct DefaultStorageClass: AdmissionPlugin {
    let name = "DefaultStorageClass"
    private static let mark = "storageclass.kubernetes.io/is-default-class"
    private static let oldField = "volume.beta.kubernetes.io/storage-class"

    func admit(_ attributes: inout AdmissionAttributes, in registry: Registry) throws(APIError) {
        guard attributes.isCreation(of: "PersistentVolumeClaim", group: "") else { return }
        guard attributes.object.part("spec")?[field: "storageClassName"] == nil,
            attributes.object.metadata.annotations[DefaultStorageClass.oldField] == nil
        else { return }
        let classes = ResourceName(group: "storage.k8s.io", version: "v1", plural: "storageclasses")
        guard let found = registry.defaultClass(classes, mark: DefaultStorageClass.mark) else { return }
        attributes.object.change("spec") { $0[field: "storageClassName"] = .string(found.metadata.name) }
    }
}

/// An Ingress that names no class gets the default one.
struct DefaultIngressClass: AdmissionPlugin {
    let name = "DefaultIngressClass"
    private static let mark = "ingressclass.kubernetes.io/is-default-class"
    private static let oldField = "kubernetes.io/ingress.class"

    func admit(_ attributes: inout AdmissionAttributes, in registry: Registry) throws(APIError) {
        let isIngress =
            attributes.isCreation(of: "Ingress", group: "networking.k8s.io")
            || attributes.isCreation(of: "Ingress", group: "extensions")
        guard isIngress, attributes.object.part("spec")?[field: "ingressClassName"] == nil,
            attributes.object.metadata.annotations[DefaultIngressClass.oldField] == nil
        else { return }
        let classes = ResourceName(group: "networking.k8s.io", version: "v1", plural: "ingressclasses")
        guard let found = registry.defaultClass(classes, mark: DefaultIngressClass.mark) else { return }
        attributes.object.change("spec") { $0[field: "ingressClassName"] = .string(found.metadata.name) }
    }
}

/// Every pod has a priority: that of its class, of the default class, or 0.
struct PodPriority: AdmissionPlugin {
    let name = "Priority"
    /// The two classes that every cluster has, whether or not somebody has made them.
    private static let systemClasses: [String: Int64] = [
        "system-cluster-critical": 2_000_000_000, "system-node-critical": 2_000_001_000,
    ]
    private static let classes = ResourceName(group: "scheduling.k8s.io", version: "v1", plural: "priorityclasses")

    func admit(_ attributes: inout AdmissionAttributes, in registry: Registry) throws(APIError) {
        if attributes.isCreation(of: "PriorityClass", group: "scheduling.k8s.io") {
            return try checkDefault(attributes, registry)
        }
        guard attributes.isPodCreation else { return }
        var pod = Pod(object: attributes.object)
        let classes = registry.objects(PodPriority.classes)
        var (priority, policy): (Int64, String) = (0, "PreemptLowerPriority")
        if pod.spec.priorityClassName.isEmpty {
            // Of several default classes the least counts.
            let defaults = classes.filter { $0[field: "globalDefault"] == .bool(true) }
            if let least = defaults.min(by: { PodPriority.value($0) < PodPriority.value($1) }) {
                pod.spec.priorityClassName = least.metadata.name
                (priority, policy) = PodPriority.effect(least)
            }
        } else if let found = classes.first(where: { $0.metadata.name == pod.spec.priorityClassName }) {
            (priority, policy) = PodPriority.effect(found)
        } else if let known = PodPriority.systemClasses[pod.spec.priorityClassName] {
            priority = known
        } else {
            throw attributes.forbidden("no PriorityClass with name \(pod.spec.priorityClassName) was found")
        }
        if let asked = pod.spec.priority, Int64(asked) != priority {
            throw attributes.forbidden(
                "the integer value of priority (\(asked)) must not be provided in pod spec; priority admission controller computed \(priority) from the given PriorityClass name"
            )
        }
        if let asked = pod.spec.preemptionPolicy, asked != policy, !pod.spec.priorityClassName.isEmpty {
            throw attributes.forbidden(
                "the string value of PreemptionPolicy (\(asked)) must not be provided in pod spec; priority admission controller computed \(policy) from the given PriorityClass name"
            )
        }
        pod.spec.priority = Int32(clamping: priority)
        if pod.spec.preemptionPolicy == nil { pod.spec.preemptionPolicy = policy }
        attributes.object = pod.object
    }

    private static func value(_ object: Object) -> Int64 {
        if case .int(let number)? = object[field: "value"] { number } else { 0 }
    }

    private static func effect(_ object: Object) -> (Int64, String) {
        let policy = object.text("preemptionPolicy")
        return (value(object), policy.isEmpty ? "PreemptLowerPriority" : policy)
    }

    /// There is one default class at most.
    private func checkDefault(_ attributes: AdmissionAttributes, _ registry: Registry) throws(APIError) {
        guard attributes.object[field: "globalDefault"] == .bool(true) else { return }
        guard
            let other = registry.objects(PodPriority.classes).first(where: {
                $0[field: "globalDefault"] == .bool(true) && $0.metadata.name != attributes.object.metadata.name
            })
        else { return }
        throw attributes.forbidden(
            "PriorityClass \(other.metadata.name) is already marked as default. Only one default can exist")
    }
}

/// A pod of a runtime class costs what the class says and goes where it can run.
struct RuntimeClassDefaults: AdmissionPlugin {
    let name = "RuntimeClass"

    func admit(_ attributes: inout AdmissionAttributes, in registry: Registry) throws(APIError) {
        guard attributes.isPodCreation else { return }
        var pod = Pod(object: attributes.object)
        guard let className = pod.spec.runtimeClassName, !className.isEmpty else {
            guard pod.spec.overhead.isEmpty else {
                throw attributes.forbidden(
                    "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead")
            }
            return
        }
        let classes = ResourceName(group: "node.k8s.io", version: "v1", plural: "runtimeclasses")
        guard let found = registry.objects(classes).first(where: { $0.metadata.name == className }) else {
            throw attributes.forbidden("pod rejected: RuntimeClass \"\(className)\" not found")
        }
        let overhead = found.part("overhead")?.map("podFixed") ?? Map()
        let asked = attributes.object.part("spec")?.map("overhead") ?? Map()
        guard asked.isEmpty || asked == overhead else {
            throw attributes.forbidden("pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead")
        }
        if let scheduling = found.part("scheduling") {
            for entry in scheduling.map("nodeSelector").entries {
                guard case .string(let value) = entry.value else { continue }
                if let own = pod.spec.nodeSelector[entry.key], own != value {
                    throw attributes.forbidden(
                        "pod rejected: conflict: runtimeClass.scheduling.nodeSelector[\(entry.key)] = \(value); pod.spec.nodeSelector[\(entry.key)] = \(own)"
                    )
                }
                pod.spec.nodeSelector[entry.key] = value
            }
            for toleration in scheduling.parts("tolerations") {
                let toleration = Toleration(object: toleration)
                if !pod.spec.tolerations.contains(toleration) { pod.spec.tolerations.append(toleration) }
            }
        }
        attributes.object = pod.object
        if !overhead.isEmpty { attributes.object.change("spec") { $0[field: "overhead"] = .map(overhead) } }
    }
}
