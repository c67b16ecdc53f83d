import MartinetAPI
import MartinetSchema

struct PodRules: KindRules {
    var metadataOnUpdate: MetadataOnUpdate { .everything }

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

    /// What nodes of old leave out stays, and owners are none of their business.
    func prepareForStatusUpdate(_ object: inout Object, old: Object) {
        var pod = Pod(object: object)
        let before = Pod(object: old)
        pod.metadata.ownerReferences = before.metadata.ownerReferences
        if pod.status.qosClass.isEmpty { pod.status.qosClass = before.status.qosClass }
        if pod.status.observedGeneration == 0 { pod.status.observedGeneration = before.status.observedGeneration }
        object = pod.object
    }

    static func options(old: Part? = nil) -> PodOptions {
        var options = PodOptions(old: old?.spec, metadata: old?.metadata)
        options.isPod = true
        return options
    }

    static func metadataAndSpec(_ pod: Part, _ options: PodOptions) {
        PodAnnotationRules.validate(pod.metadata.annotations, pod.spec, options)
        PodSpecRules.validate(pod.spec, metadata: pod.metadata, options)
        if pod.spec.serviceAccountName.isEmpty {
            for source in pod.spec.volumes.items.flatMap({ $0.projected.sources.items })
            where source.serviceAccountToken.isSet {
                source.serviceAccountToken.forbidden("needs spec.serviceAccountName")
            }
        }
        for container in pod.spec.containers.items + pod.spec.initContainers.items { ContainerRules.image(container) }
    }

    func validateCreate(_ new: Part) {
        Self.metadataAndSpec(new, Self.options())
        if new.spec.ephemeralContainers.count > 0 { new.spec.ephemeralContainers.forbidden("a new pod has none") }
        if !new.spec.nodeName.isEmpty, new.spec.schedulingGates.count > 0 {
            new.spec.nodeName.forbidden("may not be set while there are schedulingGates")
        }
        PodAnnotationRules.profilesMatch(new.metadata.annotations, new.spec)
    }

    // MARK: - Changes

    func validateUpdate(_ new: Part, _ old: Part) {
        let options = Self.options(old: old)
        Self.metadataAndSpec(new, options)
        PodAnnotationRules.validateUpdate(new.metadata.annotations, old.metadata.annotations)
        PodAnnotationRules.validate(new.metadata.annotations, new.spec, options)
        let (spec, before) = (new.spec, old.spec)
        for name in ["containers", "initContainers"] {
            guard spec[name].count == before[name].count else {
                return spec[name].forbidden("may not become more or fewer")
            }
            for container in spec[name].items {
                container.image.mustBeSet()
                ContainerRules.image(container)
            }
        }
        let deadline = spec.activeDeadlineSeconds
        if deadline.isSet {
            guard (0...Int64(Int32.max)).contains(deadline.int) else { return deadline.range(0...Int64(Int32.max)) }
            if before.activeDeadlineSeconds.isSet, before.activeDeadlineSeconds.int < deadline.int {
                return deadline.invalid("may not become later than \(before.activeDeadlineSeconds.int)")
            }
        } else if before.activeDeadlineSeconds.isSet {
            deadline.invalid("may not be taken away")
        }
        TolerationRules.onlyAdded(spec.tolerations, before.tolerations, options)
        let gates = Set(before.schedulingGates.items.map({ $0.name.text }))
        for gate in spec.schedulingGates.items where !gates.contains(gate.name.text) {
            gate.name.forbidden("no gate may be added")
        }
        restIsSame(spec, before)
    }

    /// All but what may change is as it was.
    private func restIsSame(_ spec: Part, _ before: Part) {
        guard let object = spec.object, let old = before.object, object != old else { return }
        var munged = PodSpec(object: object)
        let kept = PodSpec(object: old)
        for index in munged.containers.indices { munged.containers[index].image = kept.containers[index].image }
        for index in munged.initContainers.indices {
            munged.initContainers[index].image = kept.initContainers[index].image
        }
        munged.activeDeadlineSeconds = kept.activeDeadlineSeconds
        munged.schedulingGates = kept.schedulingGates
        munged.tolerations = kept.tolerations
        if let seconds = kept.terminationGracePeriodSeconds, seconds < 0, munged.terminationGracePeriodSeconds == 1 {
            munged.terminationGracePeriodSeconds = seconds
        }
        if !kept.schedulingGates.isEmpty {
            SchedulingDirectives.onlyNarrow(spec, before)
            munged.nodeSelector = kept.nodeSelector
            SchedulingDirectives.restoreNodeAffinity(in: &munged, from: kept)
        }
        if munged.object.semantics != kept.object.semantics {
            spec.forbidden(
                "only images, activeDeadlineSeconds, tolerations (additions) and schedulingGates (removals) may change")
        }
    }

    func validateStatusUpdate(_ new: Part, _ old: Part) { PodStatusRules.validate(new, old, Self.options(old: old)) }

    func warn(_ new: Part, _ old: Part?) {
        if old == nil, !Form.dnsLabel.faults(new.metadata.name.text).isEmpty {
            new.metadata.name.warn("is no DNS label, which gives the pod's host name problems")
        }
        PodWarnings.pod(new)
    }

    func subresource(_ name: String) -> (any SubresourceRules)? {
        switch name {
        case "ephemeralcontainers": EphemeralContainersRules()
        case "resize": PodResizeRules()
        default: nil
        }
    }
}

/// Where a gated pod may go may be narrowed, never widened.
enum SchedulingDirectives {
    private static let required = "requiredDuringSchedulingIgnoredDuringExecution"

    static func onlyNarrow(_ spec: Part, _ old: Part) {
        if old.nodeSelector.pairs.contains(where: { spec.nodeSelector.text(key: $0.key) != $0.value.text }) {
            spec.nodeSelector.invalid("may only gain entries while the pod is gated")
        }
        let (new, before) = (spec.affinity.nodeAffinity[required], old.affinity.nodeAffinity[required])
        guard spec.affinity.nodeAffinity.value != old.affinity.nodeAffinity.value, before.isSet else { return }
        let (terms, oldTerms) = (new.nodeSelectorTerms, before.nodeSelectorTerms)
        if oldTerms.count > 0, oldTerms.count != terms.count {
            return terms.invalid("must have as many terms as before, \(oldTerms.count)")
        }
        for (term, oldTerm) in zip(terms.items, oldTerms.items) where !isNarrowed(term, oldTerm) {
            term.invalid("may only gain requirements while the pod is gated")
        }
    }

    private static func isNarrowed(_ term: Part, _ old: Part) -> Bool {
        let lists = ["matchExpressions", "matchFields"]
        if lists.allSatisfy({ old[$0].count == 0 }) { return lists.allSatisfy { term[$0].count == 0 } }
        return lists.allSatisfy { list in
            let (new, before) = (term[list].items, old[list].items)
            return new.count >= before.count && zip(new, before).allSatisfy { $0.value == $1.value }
        }
    }

    static func restoreNodeAffinity(in spec: inout PodSpec, from old: PodSpec) {
        let before = old.affinity?.nodeAffinity
        guard spec.affinity?.nodeAffinity != before else { return }
        if var affinity = spec.affinity {
            affinity.nodeAffinity = before
            spec.affinity = affinity.object.isEmpty && old.affinity == nil ? nil : affinity
        } else if let before {
            spec.affinity = Affinity { $0.nodeAffinity = before }
        }
    }
}
