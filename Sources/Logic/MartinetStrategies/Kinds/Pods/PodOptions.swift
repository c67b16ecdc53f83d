import MartinetSchema

/// What a changed pod may keep although a new one may not have it: that which its older self has already.
struct PodOptions {
    var isPod = false
    var allowsIndivisibleHugePages = false
    var allowsInvalidAffinityValues = false
    var allowsInvalidNodeAffinityValues = false
    var allowsInvalidSpreadSelector = false
    var violatesMatchLabelKeys = false
    var allowsForeignTokenPath = false
    var allowsHostSysctls = false
    var allowsHostNetworkWithUsers = false
    var allowsDevicesWithUsers = false
    var allowsRestartingInitResize = false
    var allowsInvalidDeletionCost = false
    var allowsComparingTolerations = false
    var allowsAnySELinuxPolicy = false

    init() {}

    /// - Parameters:
    ///   - spec: of the pod or template as it was; nil for a new one.
    ///   - metadata: of the pod or template as it was.
    init(old spec: Part?, metadata: Part? = nil) {
        guard let spec else { return }
        let all = PodContainers.all(of: spec)
        allowsIndivisibleHugePages = all.contains { container in
            ["limits", "requests"].contains { list in
                container.resources[list].pairs.contains { ResourceNames.isIndivisible($0.key, $0.value.quantity) }
            }
        }
        let affinity = spec.affinity
        allowsInvalidAffinityValues = ["podAffinity", "podAntiAffinity"].contains { kind in
            AffinityRules.terms(affinity[kind]).contains { term in
                term.isFaulty { AffinityRules.selectors($0, allowInvalidValues: false) }
            }
        }
        allowsInvalidNodeAffinityValues =
            affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution
            .hasInvalidNodeLabelValues
        let spreads = spec.topologySpreadConstraints.items
        allowsInvalidSpreadSelector = spreads.contains { $0.labelSelector.isFaulty { $0.mustBeSelector() } }
        violatesMatchLabelKeys = spreads.contains { $0.isFaulty { AffinityRules.labelKeys($0, mismatch: false) } }
        allowsForeignTokenPath = spec.volumes.items.flatMap({ $0.projected.sources.items }).contains { source in
            source.serviceAccountToken.isSet && source.serviceAccountToken.path.isFaulty { $0.localPath() }
        }
        allowsHostSysctls = spec.securityContext.sysctls.items.contains { sysctl in
            sysctl.isFaulty { SecurityContextRules.hostSysctl($0, spec) }
        }
        let hasOwnUsers = spec.hostUsers.isSet && !spec.hostUsers.isTrue
        allowsHostNetworkWithUsers = hasOwnUsers && spec.hostNetwork.isTrue
        allowsDevicesWithUsers = hasOwnUsers && all.contains { $0.volumeDevices.count > 0 }
        allowsRestartingInitResize = spec.initContainers.items.contains { container in
            container.restartPolicy.text != "Always"
                && container.resizePolicy.items.contains { $0.restartPolicy.text == "RestartContainer" }
        }
        allowsComparingTolerations = spec.tolerations.items.contains { ["Lt", "Gt"].contains($0.operator.text) }
        allowsAnySELinuxPolicy = spec.securityContext.seLinuxChangePolicy.isSet
        if let metadata { allowsInvalidDeletionCost = PodAnnotationRules.hasInvalidDeletionCost(metadata.annotations) }
    }
}

/// The containers of a pod, of every sort.
enum PodContainers {
    static let lists = ["initContainers", "containers", "ephemeralContainers"]

    static func all(of spec: Part) -> [Part] { lists.flatMap { spec[$0].items } }
}
