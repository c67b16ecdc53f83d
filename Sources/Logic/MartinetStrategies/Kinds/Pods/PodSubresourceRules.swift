import MartinetAPI
import MartinetSchema

/// Containers for debugging come to a running pod, and stay.
struct EphemeralContainersRules: SubresourceRules {
    func prepare(_ object: inout Object, old: Object) {
        let (new, metadata) = (Pod(object: object), Pod(object: object).metadata)
        var pod = Pod(object: old)
        pod.spec.ephemeralContainers = new.spec.ephemeralContainers
        PodSpecDefaults.apply(to: &pod.spec)
        pod.metadata.resourceVersion = metadata.resourceVersion
        object = pod.object
    }

    func validate(_ new: Part, _ old: Part) {
        let options = PodRules.options(old: old)
        if let type = new.type?.kind {
            MetadataRules.validate(new.metadata, form: .dnsSubdomain, isNamespaced: type.isNamespaced)
        }
        PodRules.metadataAndSpec(new, options)
        PodAnnotationRules.validate(new.metadata.annotations, new.spec, options)
        if old.metadata.annotations.has(key: PodAnnotationRules.mirror) {
            return new.at(.root).forbidden("a static pod has no ephemeral containers")
        }
        let containers = new.spec.ephemeralContainers
        for before in old.spec.ephemeralContainers.items {
            guard let container = containers.items.last(where: { $0.name.text == before.name.text }) else {
                containers.forbidden("\(before.name.text) may not be removed")
                continue
            }
            if container.value != before.value { containers.forbidden("\(before.name.text) may not be changed") }
        }
    }
}

/// What the containers of a running pod ask for and may use.
struct PodResizeRules: SubresourceRules {
    /// Only resources and how they are changed: anything else is ignored.
    func prepare(_ object: inout Object, old: Object) {
        let new = Pod(object: object)
        var pod = Pod(object: old)
        func resize(_ containers: inout ViewList<Container>, _ wanted: ViewList<Container>) {
            guard containers.count == wanted.count else { return containers = wanted }
            for (index, container) in wanted.enumerated() {
                guard containers[index].name == container.name else { return containers = wanted }
                containers[index].resources = container.resources
                containers[index].resizePolicy = container.resizePolicy
            }
        }
        resize(&pod.spec.containers, new.spec.containers)
        resize(&pod.spec.initContainers, new.spec.initContainers)
        pod.spec.resources = new.spec.resources
        pod.metadata.resourceVersion = new.metadata.resourceVersion
        object = pod.object
    }

    func validate(_ new: Part, _ old: Part) {
        PodRules.metadataAndSpec(new, PodRules.options(old: old))
        if old.metadata.annotations.has(key: PodAnnotationRules.mirror) {
            return new.at(.root).forbidden("a static pod cannot be resized")
        }
        if old.spec.os.name.text == "windows" { return new.at(.root).forbidden("a windows pod cannot be resized") }
        let spec = new.spec
        if let object = new.object, old.status.qosClass.text != PodQuality.of(Pod(object: object).spec) {
            spec.invalid("may not come to another quality of service than \(old.status.qosClass.text)")
        }
        if let running = old.status.containerStatuses.items.first(where: { $0.state.running.isSet }),
            !running.resources.isSet
        {
            spec.forbidden("this pod's node cannot resize it")
        }
        for name in ["containers", "initContainers"] {
            let (containers, before) = (spec[name], old.spec[name])
            guard containers.count == before.count else {
                containers.forbidden("may not become more or fewer")
                continue
            }
            for (container, old) in zip(containers.items, before.items) {
                if container.name.text != old.name.text { container.name.forbidden("may not be renamed or reordered") }
                for list in ["requests", "limits"] where isRemoved(container.resources[list], old.resources[list]) {
                    container.resources[list].forbidden("may not lose an entry")
                }
                if !isComparable(container, old) {
                    (name == "containers" ? spec : container).forbidden("only cpu and memory can be changed")
                }
            }
        }
        for list in ["requests", "limits"] where isRemoved(spec.resources[list], old.spec.resources[list]) {
            spec.resources[list].forbidden("may not lose an entry")
        }
    }

    private func isRemoved(_ list: Part, _ old: Part) -> Bool { old.pairs.contains { !list.has(key: $0.key) } }

    /// Whether two containers differ in cpu and memory at most.
    private func isComparable(_ container: Part, _ old: Part) -> Bool {
        guard let new = container.object, let before = old.object else { return false }
        var munged = Container(object: new)
        munged.resources = Container(object: before).resources
        let others = ["requests", "limits"].allSatisfy { list in
            let names = Set((container.resources[list].pairs + old.resources[list].pairs).map({ $0.key }))
            return names.subtracting(["cpu", "memory"]).allSatisfy {
                container.resources[list].quantity(key: $0) == old.resources[list].quantity(key: $0)
            }
        }
        return others && munged.object == before
    }
}
