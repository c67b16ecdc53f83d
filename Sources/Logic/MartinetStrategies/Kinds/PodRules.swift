import MartinetAPI
import MartinetSchema

struct PodRules: KindRules {
    var hasGeneration: Bool? { true }

    func setDefaults(_ object: inout Object) {
        var pod = Pod(object: object)
        PodSpecDefaults.apply(to: &pod.spec)
        PodSpecDefaults.applyPodOnly(to: &pod.spec)
        object = pod.object
    }

    func prepareForCreate(_ object: inout Object) {
        var pod = Pod(object: object)
        pod.status.phase = "Pending"
        pod.status.qosClass = PodQuality.of(pod.spec)
        object = pod.object
    }

    func validate(_ object: Object, _ checker: inout Checker) {
        let pod = Pod(object: object)
        PodSpecRules.validate(pod.spec, at: "spec", isTemplate: false, &checker)
        guard pod.spec.serviceAccountName.isEmpty else { return }
        for (index, volume) in pod.spec.volumes.enumerated() {
            guard let sources = volume.projected?.sources else { continue }
            for (position, source) in sources.enumerated() where source.serviceAccountToken != nil {
                checker.forbidden(
                    "spec.volumes[\(index)].projected.sources[\(position)].serviceAccountToken",
                    "needs a serviceAccountName")
            }
        }
    }

    func validateCreate(_ object: Object, _ checker: inout Checker) {
        if !Pod(object: object).spec.ephemeralContainers.isEmpty {
            checker.forbidden("spec.ephemeralContainers", "cannot be set on create")
        }
    }

    func validateUpdate(_ object: Object, old: Object, _ checker: inout Checker) {
        // A pod's metadata is looked at once more than that of other kinds.
        if let kind = object.type.kind {
            MetadataRules.validate(object, form: .dnsSubdomain, kind: kind, checker: &checker)
        }
        let (pod, before) = (Pod(object: object).spec, Pod(object: old).spec)
        for (path, new, old) in [
            ("spec.containers", pod.containers, before.containers),
            ("spec.initContainers", pod.initContainers, before.initContainers),
        ] {
            guard new.count == old.count else {
                return checker.forbidden(path, "an update may not add or remove containers")
            }
            for (index, container) in new.enumerated() {
                let place = "\(path)[\(index)].image"
                if container.image.isEmpty {
                    checker.required(place)
                } else if container.image.first?.isWhitespace == true || container.image.last?.isWhitespace == true {
                    checker.invalid(place, "must not have leading or trailing blanks")
                }
            }
        }
        if let deadline = pod.activeDeadlineSeconds {
            if deadline < 0 || deadline > Int64(Int32.max) {
                return checker.invalid("spec.activeDeadlineSeconds", "must be between 0 and 2147483647")
            }
            if let earlier = before.activeDeadlineSeconds, earlier < deadline {
                return checker.invalid("spec.activeDeadlineSeconds", "must not grow")
            }
        } else if before.activeDeadlineSeconds != nil {
            checker.invalid("spec.activeDeadlineSeconds", "must not be taken away")
        }
        tolerations(pod, before, &checker)
        for gate in pod.schedulingGates where !before.schedulingGates.contains(gate) {
            checker.forbidden("spec.schedulingGates", "only deletion is allowed, but \(gate.name) was added")
            break
        }
        var munged = pod
        for index in munged.containers.indices { munged.containers[index].image = before.containers[index].image }
        for index in munged.initContainers.indices {
            munged.initContainers[index].image = before.initContainers[index].image
        }
        munged.activeDeadlineSeconds = before.activeDeadlineSeconds
        munged.schedulingGates = before.schedulingGates
        munged.tolerations = before.tolerations
        if munged != before {
            checker.forbidden(
                "spec",
                "only images, activeDeadlineSeconds, tolerations (added) and schedulingGates (removed) may change")
        }
    }

    /// Tolerations may be added; one that is there may only last longer or shorter.
    private func tolerations(_ pod: PodSpec, _ before: PodSpec, _ checker: inout Checker) {
        func identity(_ toleration: Toleration) -> Toleration {
            var copy = toleration
            copy.tolerationSeconds = nil
            return copy
        }
        let known = Set(pod.tolerations.map(identity))
        if before.tolerations.contains(where: { !known.contains(identity($0)) }) {
            return checker.forbidden("spec.tolerations", "only their seconds may change once they are there")
        }
        // What may have been added is looked at once more.
        for (index, toleration) in pod.tolerations.enumerated() {
            PodSpecRules.toleration(toleration, "spec.tolerations[\(index)]", &checker)
        }
    }
}

/// The class by which a node under pressure chooses what to evict.
enum PodQuality {
    static func of(_ spec: PodSpec) -> String {
        var limits: [String: Int128] = [:]
        var requests: [String: Int128] = [:]
        var isGuaranteed = true
        for container in Array(spec.containers) + Array(spec.initContainers) {
            var limited: Set<String> = []
            for (name, text) in container.resources.requests {
                guard name == "cpu" || name == "memory", let quantity = Quantity(text), quantity.nanos > 0 else {
                    continue
                }
                requests[name, default: 0] += quantity.nanos
            }
            for (name, text) in container.resources.limits {
                guard name == "cpu" || name == "memory", let quantity = Quantity(text), quantity.nanos > 0 else {
                    continue
                }
                limits[name, default: 0] += quantity.nanos
                limited.insert(name)
            }
            if limited.count < 2 { isGuaranteed = false }
        }
        if requests.isEmpty, limits.isEmpty { return "BestEffort" }
        return isGuaranteed && requests == limits ? "Guaranteed" : "Burstable"
    }
}
