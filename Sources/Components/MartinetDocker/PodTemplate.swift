import Glibc
import MartinetAPI
import MartinetContainers
import MartinetImageSpec
import MartinetImages
import MartinetSchema

/// A container of `docker run` as the node's engine takes it: a pod of one container.
struct PodTemplate {
    let record: ContainerRecord
    let configuration: DockerConfiguration
    let image: Image

    static let container = "main"

    func pod() throws -> Pod {
        let options = record.options
        let container = try self.container()
        var pod = Pod {
            $0.metadata.name = record.name
            $0.metadata.namespace = "docker"
            $0.metadata.uid = record.id
            $0.spec.hostname = options.hostname ?? record.shortID
            $0.spec.hostNetwork = options.usesHostNetwork
            $0.spec.hostPID = options.usesHostProcesses
            $0.spec.hostIPC = options.usesHostIPC
            $0.spec.dnsPolicy = options.dns.isEmpty ? "Default" : "None"
            if !options.dns.isEmpty { $0.spec.dnsConfig = PodDNSConfig { $0.nameservers = options.dns } }
            $0.spec.containers = [container]
        }
        for line in options.hosts {
            let sides = line.split(separator: ":", maxSplits: 1).map(String.init)
            guard sides.count == 2 else { throw DockerError("--add-host \(line): expected name:address", status: 125) }
            pod.spec.hostAliases.append(
                HostAlias {
                    $0.ip = sides[1]
                    $0.hostnames = [sides[0]]
                })
        }
        for (index, mount) in options.mounts.enumerated() {
            let path = source(mount, index)
            pod.spec.volumes.append(
                Volume {
                    $0.name = "v\(index)"
                    if let path {
                        $0.hostPath = HostPathVolumeSource { $0.path = path }
                    } else {
                        $0.emptyDir = EmptyDirVolumeSource { $0.medium = "Memory" }
                    }
                })
        }
        return pod
    }

    private func container() throws -> Container {
        let options = record.options
        var container = Container {
            $0.name = PodTemplate.container
            $0.image = record.image
            $0.stdin = options.isInteractive
            $0.tty = options.hasTerminal
            $0.workingDir = options.folder ?? ""
            if let entrypoint = options.entrypoint, !entrypoint.isEmpty {
                $0.command = [PodTemplate.plain(entrypoint)]
            }
            $0.args = options.command.map(PodTemplate.plain)
            $0.securityContext = security(options)
        }
        if let memory = options.memory { container.resources.limits["memory"] = "\(memory)" }
        if let milliCPU = options.milliCPU { container.resources.limits["cpu"] = "\(milliCPU)m" }
        for line in options.environment {
            let sides = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard !sides[0].isEmpty else { throw DockerError("--env \(line): expected a name", status: 125) }
            container.env.append(
                EnvVar {
                    $0.name = sides[0]
                    $0.value = PodTemplate.plain(sides.count == 2 ? sides[1] : "")
                })
        }
        for port in options.ports {
            container.ports.append(
                ContainerPort {
                    $0.containerPort = Int32(port.container)
                    $0.hostPort = Int32(port.host ?? 0)
                    $0.hostIP = port.address ?? ""
                    $0.`protocol` = port.transport.uppercased()
                })
        }
        for (index, mount) in options.mounts.enumerated() {
            container.volumeMounts.append(
                VolumeMount {
                    $0.name = "v\(index)"
                    $0.mountPath = mount.target
                    $0.readOnly = mount.isReadOnly
                })
        }
        return container
    }

    private func security(_ options: RunOptions) -> SecurityContext {
        SecurityContext {
            $0.privileged = options.isPrivileged
            $0.readOnlyRootFilesystem = options.isReadOnly
            if options.noNewPrivileges { $0.allowPrivilegeEscalation = false }
            if !options.addedCapabilities.isEmpty || !options.droppedCapabilities.isEmpty {
                $0.capabilities = Capabilities {
                    $0.add = options.addedCapabilities
                    $0.drop = options.droppedCapabilities
                }
            }
        }
    }

    /// The image as this run wants it: what a pod cannot say is said here.
    var adjusted: Image {
        var defaults = image.defaults
        if let user = record.options.user { defaults.user = user }
        if let signal = record.options.stopSignal { defaults.stopSignal = signal }
        // --entrypoint takes the image's away; its command goes with it.
        if record.options.entrypoint != nil {
            defaults.entrypoint = nil
            defaults.command = nil
        }
        return image.with(defaults: defaults)
    }

    /// Makes the folders of volumes, and those of this machine that are not there, as docker does.
    func makeFolders() throws {
        for (index, mount) in record.options.mounts.enumerated() {
            guard let path = source(mount, index), access(path, F_OK) != 0 else { continue }
            try Files.makeFolders(path)
        }
    }

    private func source(_ mount: RunOptions.Mount, _ index: Int) -> String? {
        guard let source = mount.source else { return nil }
        if source.hasPrefix("/") { return source }
        let name = source.isEmpty ? "\(record.id)-\(index)" : source
        return "\(configuration.volumes)/\(name)/_data"
    }

    /// A pod's texts have `$(NAME)` expanded; what was typed for docker means itself.
    private static func plain(_ text: String) -> String { text.replacing("$(", with: "$$(") }
}
