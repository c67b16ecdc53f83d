import MartinetSchema

/// What a node may say of its pods.
enum PodStatusRules {
    private static let lists = ["containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"]

    static func validate(_ new: Part, _ old: Part, _ options: PodOptions) {
        PodAnnotationRules.validateUpdate(new.metadata.annotations, old.metadata.annotations)
        PodAnnotationRules.validate(new.metadata.annotations, new.spec, options)
        let (status, before) = (new.status, old.status)
        for condition in status.conditions.items {
            condition.observedGeneration.nonNegative()
            if !["PodScheduled", "Ready", "Initialized"].contains(condition["type"].text) {
                // Upstream writes this name with a capital letter.
                condition["type"].at(condition.place.member("Type")).form(.qualifiedName)
            }
        }
        let node = status.nominatedNodeName
        if node.text != before.nominatedNodeName.text, !node.isEmpty {
            node.form(.dnsSubdomain)
            if !old.spec.nodeName.isEmpty { node.forbidden("may not be set once the pod has a node") }
        }
        status.observedGeneration.nonNegative()
        status.qosClass.mustNotChange(since: before.qosClass)
        for list in lists { transitions(status[list], before[list], old.spec, list) }
        claims(status, new.spec)
        addresses(status.podIPs, before.podIPs)
        if let first = status.hostIPs.items.first {
            if status.hostIP.text != first.ip.text { first.ip.invalid("must be hostIP, \(status.hostIP.text)") }
            addresses(status.hostIPs, before.hostIPs)
        }
        for list in lists { containers(status[list], new.spec, list) }
    }

    private static func addresses(_ list: Part, _ old: Part) {
        let known = Set(old.items.map({ $0.ip.text }))
        for item in list.items where !known.contains(item.ip.text) { item.invalid(Form.ip.faults(item.ip.text)) }
        guard list.count > 1 else { return }
        let isDual = Addresses.isDual(list.items.map({ $0.ip.text }))
        if isDual == nil { list.add(.internalError, "must be addresses") }
        if isDual != true || list.count > 2 { list.invalid("may hold one address of each family") }
    }

    /// What has ended stays so, unless its rules let it start again.
    private static func transitions(_ statuses: Part, _ old: Part, _ spec: Part, _ list: String) {
        let name = list == "initContainerStatuses" ? "initContainers" : "containers"
        if list != "ephemeralContainerStatuses", allCouldRestart(spec) { return }
        for (index, before) in old.items.enumerated() where before.state.terminated.isSet {
            guard
                let now = statuses.items.first(where: {
                    $0.name.text == before.name.text && !$0.state.terminated.isSet
                })
            else { continue }
            _ = now
            let container = spec[name].items.first { $0.name.text == before.name.text }
            let code = before.state.terminated.exitCode.int
            if list == "ephemeralContainerStatuses" || !(container.map { mayRestart($0, spec, code) } ?? false) {
                statuses.at(statuses.place.index(index).member("state")).forbidden(
                    "a container that has ended may not come to another state")
            }
        }
    }

    private static func allCouldRestart(_ spec: Part) -> Bool {
        PodContainers.all(of: spec).flatMap({ $0.restartPolicyRules.items }).contains {
            $0.action.text == "RestartAllContainers"
        }
    }

    private static func mayRestart(_ container: Part, _ spec: Part, _ code: Int64) -> Bool {
        if container.restartPolicy.isSet {
            for rule in container.restartPolicyRules.items where rule.exitCodes.isSet {
                let codes = rule.exitCodes["values"].items.map({ $0.int })
                if codes.contains(code) == (rule.exitCodes.operator.text == "In") { return true }
            }
        }
        switch container.restartPolicy.isSet ? container.restartPolicy.text : spec.restartPolicy.text {
        case "Always": return true
        case "OnFailure": return code != 0
        default: return false
        }
    }

    private static func claims(_ status: Part, _ spec: Part) {
        let known = Set(spec.resourceClaims.items.map({ $0.name.text }))
        var seen: Set<String> = []
        for claim in status.resourceClaimStatuses.items {
            if !known.contains(claim.name.text) { claim.name.invalid("must be the name of one of spec.resourceClaims") }
            if !seen.insert(claim.name.text).inserted { claim.name.duplicate() }
            claim.resourceClaimName.ifSet(form: .dnsSubdomain)
        }
        let extended = status.extendedResourceClaimStatus
        guard extended.isSet else { return }
        let containers = spec.initContainers.items + spec.containers.items
        extended.requestMappings.mustBeSet()
        var mappings: Set<[String]> = []
        for mapping in extended.requestMappings.items {
            if let container = containers.last(where: { $0.name.text == mapping.containerName.text }) {
                if !container.resources.requests.has(key: mapping.resourceName.text) {
                    mapping.resourceName.invalid("must be a resource that the container asks for")
                }
            } else {
                mapping.containerName.invalid("must name a container")
            }
            mapping.requestName.at(extended.place.member("requestName")).form(.dnsLabel)
            let names = ["containerName", "resourceName", "requestName"]
            if !mappings.insert(names.map { mapping[$0].text }).inserted {
                for name in names { mapping[name].duplicate() }
            }
        }
        extended.resourceClaimName.mustBe(.dnsSubdomain)
    }

    private static func containers(_ statuses: Part, _ spec: Part, _ list: String) {
        for status in statuses.items {
            let user = status.user.linux
            if user.isSet {
                if spec.os.name.text == "windows" {
                    user.forbidden("may not be set for a windows pod")
                } else if spec.os.name.isEmpty || spec.os.name.text == "linux" {
                    user.uid.range(0...Int64(Int32.max))
                    user.gid.range(0...Int64(Int32.max))
                    for group in user.supplementalGroups.items { group.range(0...Int64(Int32.max)) }
                }
            }
            let resources = status.allocatedResourcesStatus
            if list == "ephemeralContainerStatuses" {
                if resources.count > 0 { resources.forbidden("an ephemeral container has none") }
                continue
            }
            let name = list == "initContainerStatuses" ? "initContainers" : "containers"
            let container = spec[name].items.first { $0.name.text == status.name.text }
            for resource in resources.items { allocated(resource, container) }
        }
    }

    private static func allocated(_ resource: Part, _ container: Part?) {
        if let container {
            let claims = container.resources.claims.items.map { claim in
                "claim:" + claim.name.text + (claim.request.isEmpty ? "" : "/" + claim.request.text)
            }
            let name = resource.name.text
            if name.hasPrefix("claim:") ? !claims.contains(name) : !container.resources.requests.has(key: name) {
                resource.name.invalid("must be one of the container's requests or claims")
            }
        }
        var seen: Set<String> = []
        for health in resource.resources.items {
            health.health.oneOf("Healthy", "Unhealthy", "Unknown")
            if health["message"].isSet, health["message"].mustBeSet() { health["message"].atMost(bytes: 1024) }
            if !seen.insert(health.resourceID.text).inserted { health.resourceID.duplicate() }
        }
    }
}
