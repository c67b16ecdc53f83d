import Dispatch
import Glibc
import MartinetBase
import MartinetDocker

/// Docker's command line: `martinet docker …`, or this binary under the name `docker`.
enum DockerProgram {
    @Sendable static func run(_ arguments: [String]) async -> Int32 {
        let variables = Environ.variables
        do {
            var settings = try Settings([])
            if let folder = variables["MARTINET_STATE"] { settings.state = folder }
            if let folder = variables["MARTINET_RUN"] { settings.run = folder }
            settings.registryCA = variables["MARTINET_REGISTRY_CA"]
            settings.registries = variables["MARTINET_REGISTRIES"]
            var configuration = DockerConfiguration()
            configuration.state = settings.state
            configuration.nodeRun = settings.run
            configuration.data = settings.state + "-docker"
            configuration.run = settings.run + "-docker"
            configuration.loginFolder = variables["DOCKER_CONFIG"] ?? (variables["HOME"] ?? "/root") + "/.docker"
            configuration.registries = try settings.registryAccess()
            let ready = configuration
            // Its commands wait for the kernel, for children and for a terminal.
            return await withCheckedContinuation { continuation in
                DispatchQueue(label: "martinet.docker").async {
                    continuation.resume(
                        returning: DockerCommand.run(
                            arguments, configuration: ready, runtime: ProductionRuntime()))
                }
            }
        } catch {
            Log.standardError("docker: \(error)")
            return 1
        }
    }
}
