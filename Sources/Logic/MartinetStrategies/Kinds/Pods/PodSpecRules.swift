import MartinetSchema

/// What holds of the spec of a pod, and of every template of one.
enum PodSpecRules {
    static func template(_ template: Part, _ options: PodOptions) {
        metadata(template, options)
        validate(template.spec, metadata: nil, options)
        PodAnnotationRules.profilesMatch(template.metadata.annotations, template.spec)
        if template.spec.ephemeralContainers.count > 0 {
            template.spec.ephemeralContainers.forbidden("a template has none")
        }
    }

    /// Labels and annotations, which upstream names as if they were the template's own.
    static func metadata(_ template: Part, _ options: PodOptions) {
        template.metadata.labels.renamed("labels", in: template).mustBeLabels()
        let annotations = template.metadata.annotations.renamed("annotations", in: template)
        annotations.mustBeAnnotations()
        PodAnnotationRules.validate(annotations, template.spec, options)
    }

    /// - Parameter metadata: the pod's; nil in a template.
    static func validate(_ spec: Part, metadata: Part?, _ options: PodOptions) {
        if !spec.terminationGracePeriodSeconds.isSet { spec.terminationGracePeriodSeconds.required() }
        let volumes = VolumeRules.validate(spec.volumes, metadata, options)
        let claims = Set(spec.resourceClaims.items.map({ $0.name.text }).filter { !$0.isEmpty })
        if let metadata, metadata.annotations.has(key: PodAnnotationRules.mirror), spec.resourceClaims.count > 0 {
            for _ in spec.resourceClaims.items { spec.at(.root).forbidden("a static pod has no resource claims") }
        } else {
            resourceClaims(spec.resourceClaims)
        }
        ContainerRules(spec: spec, volumes: volumes, claims: claims, options: options).validate()
        podResources(spec, claims, options)
        hostPorts(spec, options)
        spec.restartPolicy.mustBeOneOf("Always", "OnFailure", "Never")
        spec.dnsPolicy.mustBeOneOf("ClusterFirstWithHostNet", "ClusterFirst", "Default", "None")
        spec.nodeSelector.mustBeLabels()
        SecurityContextRules.pod(spec, options)
        AffinityRules.validate(spec.affinity, options)
        dns(spec.dnsConfig, policy: spec.dnsPolicy.text)
        for gate in spec.readinessGates.items { gate.conditionType.form(.qualifiedName) }
        schedulingGates(spec.schedulingGates)
        AffinityRules.spreading(spec.topologySpreadConstraints, options)
        SecurityContextRules.hostProcess(spec)
        SecurityContextRules.hostUsers(spec, options)
        names(spec)
        spec.activeDeadlineSeconds.ifSet(range: 1...Int64(Int32.max))
        TolerationRules.validate(spec.tolerations, options)
        for alias in spec.hostAliases.items {
            alias.ip.form(.ip)
            for name in alias.hostnames.items { name.form(.dnsSubdomain) }
        }
        if spec.preemptionPolicy.isSet { spec.preemptionPolicy.mustBeOneOf("PreemptLowerPriority", "Never") }
        if spec.overhead.isSet {
            let limits = spec.overhead.at(spec.overhead.place.member("limits"))
            ResourceRules.requirements(
                limits: limits, requests: nil, claims: nil, at: spec.overhead, podClaims: [], .container, options)
        }
        operatingSystem(spec)
        fileReferences(spec)
    }

    private static func resourceClaims(_ claims: Part) {
        var seen: Set<String> = []
        for claim in claims.items {
            if claim.name.mustBeSet() {
                if seen.insert(claim.name.text).inserted { claim.name.form(.dnsLabel) } else { claim.name.duplicate() }
            }
            let (name, template) = (claim.resourceClaimName, claim.resourceClaimTemplateName)
            if name.isSet, template.isSet { claim.invalid("may not name both a claim and a template") }
            if !name.isSet, !template.isSet { claim.invalid("must name a claim or a template") }
            name.ifSet(form: .dnsSubdomain)
            template.ifSet(form: .dnsSubdomain)
        }
    }

    private static func podResources(_ spec: Part, _ claims: Set<String>, _ options: PodOptions) {
        let resources = spec.resources
        guard resources.isSet else { return }
        if spec.os.name.text == "windows" { return resources.forbidden("may not be set for a windows pod") }
        if resources.claims.count > 0 { resources.claims.forbidden("a pod's own resources have no claims") }
        ResourceRules.requirements(resources, podClaims: claims, .pod, options)
        let sums = PodResourceSums(spec)
        for (name, sum) in sums.requests.sorted(by: { $0.key < $1.key }) {
            guard let own = resources.requests.quantity(key: name), sum > own else { continue }
            resources.requests.keyed(name).invalid("must be at least what its containers ask for, \(sum)")
        }
        for (name, sum) in sums.limits.sorted(by: { $0.key < $1.key }) where ResourceNames.isHugePages(name) {
            guard let own = resources.limits.quantity(key: name), sum > own else { continue }
            resources.limits.keyed(name).invalid("must be at least what its containers may use, \(sum)")
        }
        for (index, container) in spec.containers.items.enumerated() {
            for (name, limit) in container.resources.limits.pairs {
                guard let own = resources.limits.quantity(key: name), limit.quantity > own else { continue }
                let place = resources.place.member("containers").index(index).key(name).member("limits")
                limit.at(place).invalid("must not be more than the pod's limit, \(own)")
            }
        }
    }

    private static func hostPorts(_ spec: Part, _ options: PodOptions) {
        guard spec.hostNetwork.isTrue else { return }
        for port in spec.containers.items.flatMap({ $0.ports.items }) {
            let (host, inside) = (port.hostPort.int, port.containerPort.int)
            if options.isPod || host != 0, host != inside {
                port.hostPort.invalid("must be containerPort, \(inside), on the host's network")
            }
        }
    }

    static func dns(_ config: Part, policy: String) {
        if policy == "None" {
            if !config.isSet { return config.required("must be set where dnsPolicy is None") }
            if config.nameservers.count == 0 {
                return config.nameservers.required("must have a name server where dnsPolicy is None")
            }
        }
        guard config.isSet else { return }
        if config.nameservers.count > 3 { config.nameservers.invalid("may have at most 3 items") }
        for server in config.nameservers.items { server.form(.ip) }
        if config.searches.count > 32 { config.searches.invalid("may have at most 32 items") }
        if config.searches.strings.joined(separator: " ").utf8.count > 2048 {
            config.searches.invalid("may be at most 2048 bytes long")
        }
        for search in config.searches.items where search.text != "." {
            let text = search.text.hasSuffix(".") ? String(search.text.dropLast()) : search.text
            search.invalid(Form.underscoredSubdomain.faults(text))
        }
        for option in config.options.items where option.name.isEmpty { option.required("must have a name") }
    }

    private static func schedulingGates(_ gates: Part) {
        var seen: Set<String> = []
        for gate in gates.items {
            gate.invalid(Form.qualifiedName.faults(gate.name.text))
            if !seen.insert(gate.name.text).inserted { gate.duplicate() }
        }
    }

    private static func names(_ spec: Part) {
        let name = spec.hostnameOverride
        if name.isSet {
            if spec.setHostnameAsFQDN.isTrue { name.forbidden("may not be set with setHostnameAsFQDN") }
            if spec.hostNetwork.isTrue { name.forbidden("may not be set on the host's network") }
            name.atMost(bytes: 64)
            name.form(.dnsSubdomain)
        }
        spec.serviceAccountName.ifText(form: .dnsSubdomain)
        spec.nodeName.ifText(form: .dnsSubdomain)
        spec.hostname.ifText(form: .dnsLabel)
        spec.subdomain.ifText(form: .dnsLabel)
        spec.priorityClassName.ifText(form: .dnsSubdomain)
        spec.runtimeClassName.ifSet(form: .dnsSubdomain)
    }

    private static func operatingSystem(_ spec: Part) {
        guard spec.os.isSet else { return }
        guard spec.os.name.mustBeSet() else { return }
        switch spec.os.name.text {
        case "linux": SecurityContextRules.linux(spec)
        case "windows": SecurityContextRules.windows(spec)
        default: spec.os.name.at(spec.os.place).unsupported(["linux", "windows"])
        }
    }

    /// What is read from a file comes from a volume that is the pod's own.
    private static func fileReferences(_ spec: Part) {
        for variable in PodContainers.all(of: spec).flatMap({ $0.env.items }) {
            let from = variable.valueFrom
            guard from.isSet else { continue }
            let reference = from.fileKeyRef
            guard reference.isSet else { continue }
            let name = reference.volumeName
            guard let volume = spec.volumes.items.last(where: { $0.name.text == name.text }) else {
                name.notFound("in spec.volumes")
                continue
            }
            if !volume.emptyDir.isSet { name.invalid("must name an emptyDir") }
        }
    }
}
