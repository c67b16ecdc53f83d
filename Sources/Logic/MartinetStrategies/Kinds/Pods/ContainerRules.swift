import MartinetSchema

/// What holds of the containers of a pod.
struct ContainerRules {
    let spec: Part
    /// The volumes without faults, by name.
    let volumes: [String: Part]
    /// The names of the pod's resource claims.
    let claims: Set<String>
    let options: PodOptions

    func validate() {
        regular()
        initial()
        ephemeral()
    }

    private func regular() {
        let containers = spec.containers
        guard containers.count > 0 else { return containers.required("must have a container") }
        var names: Set<String> = []
        for container in containers.items {
            common(container)
            if !names.insert(container.name.text).inserted { container.name.duplicate() }
            probes(container)
            restartPolicy(container)
        }
        var seen: Set<String> = []
        for container in containers.items { hostPorts(container, at: container.place, &seen) }
    }

    private func initial() {
        var names = Set(spec.containers.items.map({ $0.name.text }))
        for container in spec.initContainers.items {
            common(container)
            let isSidecar = container.restartPolicy.text == "Always"
            restartPolicy(container, isInitial: true)
            if names.contains(container.name.text) {
                container.name.duplicate()
            } else if !container.name.isEmpty {
                names.insert(container.name.text)
            }
            var seen: Set<String> = []
            hostPorts(container, at: spec.initContainers.place.index(0), &seen)
            if isSidecar {
                probes(container)
            } else {
                for name in ["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"] where container[name].isSet
                {
                    container[name].forbidden("an init container has none, unless its restartPolicy is Always")
                }
                if !options.allowsRestartingInitResize {
                    for policy in container.resizePolicy.items where policy.restartPolicy.text == "RestartContainer" {
                        policy.restartPolicy.invalid("must be NotRequired in an init container")
                    }
                }
            }
        }
    }

    private func ephemeral() {
        let others = Set((spec.containers.items + spec.initContainers.items).map({ $0.name.text }))
        var names = others
        for container in spec.ephemeralContainers.items {
            common(container)
            Self.image(container)
            if !names.insert(container.name.text).inserted { container.name.duplicate() }
            let target = container.targetContainerName
            if !target.isEmpty, !others.contains(target.text) { target.notFound("in spec.containers") }
            for name in container.setFields where Self.notEphemeral.contains(name) {
                let part = container[name]
                if !part.isEmpty || part.isPointer { part.forbidden("an ephemeral container has none") }
            }
            for mount in container.volumeMounts.items {
                for name in ["subPath", "subPathExpr"] where !mount[name].isEmpty {
                    mount[name].forbidden("an ephemeral container mounts volumes whole")
                }
            }
        }
    }

    private static let notEphemeral: Set<String> = [
        "ports", "resources", "resizePolicy", "restartPolicy", "restartPolicyRules", "livenessProbe", "readinessProbe",
        "startupProbe", "lifecycle",
    ]

    /// White space around an image's name is allowed in templates only.
    static func image(_ container: Part) {
        let text = container.image.text
        if text.first?.isWhitespace == true || text.last?.isWhitespace == true {
            container.image.invalid("must not begin or end with white space")
        }
    }

    private func common(_ container: Part) {
        container.name.mustBe(.dnsLabel)
        container.image.mustBeSet()
        container.terminationMessagePolicy.mustBeOneOf("File", "FallbackToLogsOnError")
        ports(container.ports)
        EnvironmentRules.variables(container.env)
        EnvironmentRules.sources(container.envFrom)
        MountRules(container: container, volumes: volumes).validate()
        container.imagePullPolicy.mustBeOneOf("Always", "IfNotPresent", "Never")
        ResourceRules.requirements(container.resources, podClaims: claims, .container, options)
        resizePolicy(container.resizePolicy)
        SecurityContextRules.container(container.securityContext, hostUsers: spec.usesHostUsers)
    }

    private func ports(_ ports: Part) {
        var names: Set<String> = []
        for port in ports.items {
            if !port.name.isEmpty {
                let faults = Form.portName.faults(port.name.text)
                port.name.invalid(faults)
                if faults.isEmpty, !names.insert(port.name.text).inserted { port.name.duplicate() }
            }
            if port.containerPort.mustBeSet() { port.containerPort.mustBePort() }
            if port.hostPort.int != 0 { port.hostPort.mustBePort() }
            port.protocol.mustBeOneOf("SCTP", "TCP", "UDP")
        }
    }

    /// - Parameter place: the container's; upstream counts every init container as the first.
    private func hostPorts(_ container: Part, at place: Place, _ seen: inout Set<String>) {
        for (index, port) in container.ports.items.enumerated() where port.hostPort.int != 0 {
            let key = "\(port.hostIP.text)/\(port.hostPort.int)/\(port.protocol.text)"
            if seen.insert(key).inserted { continue }
            port.hostPort.at(place.member("ports").index(index).member("hostPort")).duplicate()
        }
    }

    private func resizePolicy(_ policies: Part) {
        var seen: Set<String> = []
        for policy in policies.items {
            let (name, restart) = (policy.resourceName, policy.restartPolicy)
            if !seen.insert(name.text).inserted { name.at(policy.place).duplicate() }
            // Upstream names the list, not its item.
            name.at(policies.place).mustBeOneOf("cpu", "memory")
            restart.at(policies.place).mustBeOneOf("NotRequired", "RestartContainer")
            if spec.restartPolicy.text == "Never", restart.text != "NotRequired" {
                policies.invalid("must be NotRequired where the pod's restartPolicy is Never")
            }
        }
    }

    private func restartPolicy(_ container: Part, isInitial: Bool = false) {
        let (policy, rules) = (container.restartPolicy, container.restartPolicyRules)
        if !policy.isSet {
            guard rules.count > 0 else { return }
            policy.required("must be set where there are restartPolicyRules")
            if isInitial { return }
        } else {
            policy.oneOf("Always", "Never", "OnFailure")
        }
        rules.atMost(items: 20)
        for rule in rules.items {
            rule.action.oneOf("Restart", "RestartAllContainers")
            guard rule.exitCodes.isSet else {
                rule.exitCodes.required()
                continue
            }
            rule.exitCodes.operator.oneOf("In", "NotIn")
            rule.exitCodes["values"].atMost(items: 255)
        }
    }
}

extension Part {
    /// Whether a pod's users are the host's: they are, unless the pod says otherwise.
    var usesHostUsers: Bool { !self.hostUsers.isSet || self.hostUsers.isTrue }
}
