import MartinetAPI
import MartinetSchema

/// The containers of a pod, of all three sorts.
struct ContainerRules {
    let volumes: [String: Volume]
    let claims: Set<String>
    let spec: PodSpec

    mutating func validate(_ path: String, _ checker: inout Checker) {
        var names: Set<String> = []
        for (index, container) in spec.containers.enumerated() {
            let place = "\(path).containers[\(index)]"
            common(container, place, &checker)
            if !names.insert(container.name).inserted { checker.duplicate(place + ".name", container.name) }
            probes(container, place, &checker)
            restartPolicy(container, place, &checker)
        }
        hostPorts(Array(spec.containers), path + ".containers", &checker)
        for (index, container) in spec.initContainers.enumerated() {
            let place = "\(path).initContainers[\(index)]"
            common(container, place, &checker)
            if !container.name.isEmpty, !names.insert(container.name).inserted {
                checker.duplicate(place + ".name", container.name)
            }
            if container.restartPolicy == "Always" {
                probes(container, place, &checker)
            } else {
                for (name, isSet) in [
                    ("lifecycle", container.lifecycle != nil), ("livenessProbe", container.livenessProbe != nil),
                    ("readinessProbe", container.readinessProbe != nil),
                    ("startupProbe", container.startupProbe != nil),
                ] where isSet {
                    checker.drop { $0.field.hasPrefix("\(place).\(name).") }
                    checker.forbidden("\(place).\(name)", "may not be set without restartPolicy Always")
                }
            }
            restartPolicy(container, place, &checker)
        }
    }

    private func restartPolicy(_ container: Container, _ path: String, _ checker: inout Checker) {
        let rules = container.restartPolicyRules
        if let policy = container.restartPolicy {
            if !["Always", "Never", "OnFailure"].contains(policy) {
                checker.notSupported(path + ".restartPolicy", policy, ["Always", "Never", "OnFailure"])
            } else if policy == "Always", !rules.isEmpty {
                checker.forbidden(path + ".restartPolicyRules", "must not be set with restartPolicy Always")
            }
        } else if !rules.isEmpty {
            checker.required(path + ".restartPolicy", "must be set with restartPolicyRules")
        }
        for (index, rule) in rules.enumerated() {
            let place = "\(path).restartPolicyRules[\(index)]"
            if rule.action.isEmpty {
                checker.drop { $0.field == place + ".action" }
                checker.notSupported(place + ".action", "", ["Restart", "RestartAllContainers"])
            } else if !["Restart", "RestartAllContainers"].contains(rule.action) {
                checker.drop { $0.field == place + ".action" }
                checker.notSupported(place + ".action", rule.action, ["Restart", "RestartAllContainers"])
            }
            if rule.exitCodes == nil { checker.required(place + ".exitCodes") }
        }
    }

    private func common(_ container: Container, _ path: String, _ checker: inout Checker) {
        if !container.name.isEmpty { checker.invalid(path + ".name", Names.dnsLabel(container.name)) }
        if container.image.isEmpty { checker.required(path + ".image") }
        ports(container.ports, path + ".ports", &checker)
        for (index, variable) in container.env.enumerated() {
            environment(variable, "\(path).env[\(index)]", &checker)
        }
        for (index, source) in container.envFrom.enumerated() {
            let place = "\(path).envFrom[\(index)]"
            if !source.prefix.isEmpty { checker.invalid(place + ".prefix", Names.environmentName(source.prefix)) }
            if let config = source.configMapRef { name(config.name, place + ".configMapRef.name", &checker) }
            if let secret = source.secretRef { name(secret.name, place + ".secretRef.name", &checker) }
            // Upstream names the list, not the element.
            if source.configMapRef == nil, source.secretRef == nil {
                checker.invalid(path + ".envFrom", "must specify one of configMapRef and secretRef")
            } else if source.configMapRef != nil, source.secretRef != nil {
                checker.invalid(path + ".envFrom", "may not have more than one source")
            }
        }
        mounts(container, path, &checker)
        ResourceRules.requirements(container.resources, claims: claims, at: path + ".resources", &checker)
        resizePolicy(container, path + ".resizePolicy", &checker)
        if let context = container.securityContext {
            let place = path + ".securityContext"
            checker.identity(context.runAsUser, place + ".runAsUser")
            checker.identity(context.runAsGroup, place + ".runAsGroup")
            checker.profile(
                context.seccompProfile.map { ($0.type, $0.localhostProfile) }, place + ".seccompProfile", seccomp: true)
            checker.profile(
                context.appArmorProfile.map { ($0.type, $0.localhostProfile) }, place + ".appArmorProfile",
                seccomp: false)
            if context.allowPrivilegeEscalation == false {
                if context.privileged == true {
                    checker.invalid(place, "allowPrivilegeEscalation cannot be false where privileged is true")
                }
                if context.capabilities?.add.contains("CAP_SYS_ADMIN") == true {
                    checker.invalid(place, "allowPrivilegeEscalation cannot be false with CAP_SYS_ADMIN")
                }
            }
        }
    }

    private func name(_ name: String, _ path: String, _ checker: inout Checker) {
        name.isEmpty ? checker.required(path) : checker.invalid(path, Names.dnsSubdomain(name))
    }

    private func resizePolicy(_ container: Container, _ path: String, _ checker: inout Checker) {
        checker.drop { $0.field.hasPrefix(path + "[") && $0.origin == "declared" }
        var seen: Set<String> = []
        for (index, policy) in container.resizePolicy.enumerated() {
            if !seen.insert(policy.resourceName).inserted {
                checker.duplicate("\(path)[\(index)]", policy.resourceName)
            }
            for (value, known) in [
                (policy.resourceName, ["cpu", "memory"]), (policy.restartPolicy, ["NotRequired", "RestartContainer"]),
            ] where !known.contains(value) {
                value.isEmpty ? checker.required(path) : checker.notSupported(path, value, known)
            }
            if spec.restartPolicy == "Never", policy.restartPolicy != "NotRequired" {
                checker.invalid(path, "must be NotRequired where the pod is never restarted")
            }
        }
    }

    // MARK: - Ports, variables, mounts

    private func ports(_ ports: ViewList<ContainerPort>, _ path: String, _ checker: inout Checker) {
        var names: Set<String> = []
        for (index, port) in ports.enumerated() {
            let place = "\(path)[\(index)]"
            if !port.name.isEmpty {
                let faults = Names.portName(port.name)
                checker.invalid(place + ".name", faults)
                if faults.isEmpty, !names.insert(port.name).inserted { checker.duplicate(place + ".name", port.name) }
            }
            if port.containerPort == 0 {
                checker.required(place + ".containerPort")
            } else {
                checker.invalid(place + ".containerPort", Names.portNumber(Int64(port.containerPort)))
            }
            if port.hostPort != 0 { checker.invalid(place + ".hostPort", Names.portNumber(Int64(port.hostPort))) }
            if spec.hostNetwork, port.hostPort != port.containerPort {
                checker.invalid(place + ".hostPort", "must match containerPort on the host's network")
            }
        }
    }

    private func hostPorts(_ containers: [Container], _ path: String, _ checker: inout Checker) {
        var seen: Set<String> = []
        for (index, container) in containers.enumerated() {
            for (number, port) in container.ports.enumerated() where port.hostPort != 0 {
                if !seen.insert("\(port.protocol)/\(port.hostIP)/\(port.hostPort)").inserted {
                    checker.duplicate("\(path)[\(index)].ports[\(number)].hostPort", "\(port.hostPort)")
                }
            }
        }
    }

    private static let fieldPaths: Set<String> = [
        "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName",
        "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs",
    ]

    private func environment(_ variable: EnvVar, _ path: String, _ checker: inout Checker) {
        if !variable.name.isEmpty { checker.invalid(path + ".name", Names.environmentName(variable.name)) }
        guard let source = variable.valueFrom else { return }
        let place = path + ".valueFrom"
        var count = 0
        if let field = source.fieldRef {
            count += 1
            FieldPathRules.field(field, Self.fieldPaths, place + ".fieldRef", &checker)
        }
        if let resource = source.resourceFieldRef {
            count += 1
            FieldPathRules.resource(resource, place + ".resourceFieldRef", inVolume: false, &checker)
        }
        if let config = source.configMapKeyRef {
            count += 1
            if config.name.isEmpty { checker.required(place + ".configMapKeyRef.name") }
            if !config.key.isEmpty { checker.invalid(place + ".configMapKeyRef.key", Names.configKey(config.key)) }
        }
        if let secret = source.secretKeyRef {
            count += 1
            if secret.name.isEmpty { checker.required(place + ".secretKeyRef.name") }
            if !secret.key.isEmpty { checker.invalid(place + ".secretKeyRef.key", Names.configKey(secret.key)) }
        }
        if let file = source.fileKeyRef {
            count += 1
            if !file.volumeName.isEmpty {
                let faults = Names.dnsLabel(file.volumeName)
                checker.invalid(place + ".fileKeyRef.volumeName", faults)
                if let volume = volumes[file.volumeName] {
                    if volume.emptyDir == nil {
                        checker.invalid(place + ".fileKeyRef.volumeName", "must be an emptyDir")
                    }
                } else {
                    checker.notFound(place + ".fileKeyRef.volumeName", file.volumeName)
                }
            }
            if file.path.hasPrefix("/") {
                checker.invalid(place + ".fileKeyRef.path", "must be a relative path")
            } else if !file.path.isEmpty {
                checker.localPath(file.path, place + ".fileKeyRef.path")
            }
        }
        if count == 0 {
            checker.invalid(place, "must specify a source")
        } else if !variable.value.isEmpty {
            checker.invalid(place, "may not be specified where value is set")
        } else if count > 1 {
            checker.invalid(place, "may not have more than one source")
        }
    }

    private func mounts(_ container: Container, _ path: String, _ checker: inout Checker) {
        var points: Set<String> = []
        let place = path + ".volumeMounts"
        let devices = Set(container.volumeDevices.map(\.devicePath))
        let deviceNames = Set(container.volumeDevices.map(\.name))
        for (index, mount) in container.volumeMounts.enumerated() {
            let here = "\(place)[\(index)]"
            if volumes[mount.name] == nil { checker.notFound(here + ".name", mount.name) }
            if !points.insert(mount.mountPath).inserted { checker.invalid(here + ".mountPath", "must be unique") }
            if deviceNames.contains(mount.name) { checker.invalid(here + ".name", "is a volume device already") }
            if devices.contains(mount.mountPath) { checker.invalid(here + ".mountPath", "is a device's path already") }
            // Upstream names the list, not the element, for what follows.
            if !mount.subPath.isEmpty { checker.localPath(mount.subPath, place + ".subPath") }
            if !mount.subPathExpr.isEmpty {
                if !mount.subPath.isEmpty {
                    checker.invalid(here + ".subPathExpr", "subPathExpr and subPath exclude each other")
                }
                checker.localPath(mount.subPathExpr, place + ".subPathExpr")
            }
            if let propagation = mount.mountPropagation {
                checker.drop { $0.field == here + ".mountPropagation" }
                let known = ["Bidirectional", "HostToContainer", "None"]
                if !known.contains(propagation) {
                    checker.notSupported(place + ".mountPropagation", propagation, known)
                } else if propagation == "Bidirectional", container.securityContext?.privileged != true {
                    checker.forbidden(place + ".mountPropagation", "Bidirectional needs a privileged container")
                }
            }
            if let recursive = mount.recursiveReadOnly {
                let known = ["Disabled", "Enabled", "IfPossible"]
                if !known.contains(recursive) {
                    checker.notSupported(place + ".recursiveReadOnly", recursive, known)
                } else if recursive != "Disabled", !mount.readOnly {
                    checker.forbidden(place + ".recursiveReadOnly", "needs readOnly")
                }
            }
        }
        var (names, paths): (Set<String>, Set<String>) = ([], [])
        for (index, device) in container.volumeDevices.enumerated() {
            let here = "\(path).volumeDevices[\(index)]"
            if device.name.isEmpty { continue }
            if !names.insert(device.name).inserted { checker.invalid(here + ".name", "must be unique") }
            if let volume = volumes[device.name] {
                if volume.persistentVolumeClaim == nil, volume.ephemeral == nil {
                    checker.invalid(here + ".name", "must be a claim's volume")
                }
            } else {
                checker.notFound(here + ".name", device.name)
            }
            if !device.devicePath.isEmpty, !paths.insert(device.devicePath).inserted {
                checker.invalid(here + ".devicePath", "must be unique")
            }
        }
    }
}
