import Glibc
import MartinetBase

/// The programs that this binary is.
enum Program {
    static func run(_ arguments: [String]) async -> Int32 {
        let called = arguments.first?.split(separator: "/").last.map(String.init) ?? "martinet"
        if let tool = tools[called] { return await tool(Array(arguments.dropFirst())) }
        guard let name = arguments.dropFirst().first else {
            print(usage)
            return 0
        }
        guard let tool = tools[name] else {
            if name == "help" || name == "--help" || name == "-h" {
                print(usage)
                return 0
            }
            Log.standardError("martinet: there is no program \(name.debugDescription)\n\n\(usage)")
            return 2
        }
        return await tool(Array(arguments.dropFirst(2)))
    }

    private static let tools: [String: @Sendable ([String]) async -> Int32] = [
        "apiserver": ServerProgram.runAlone, "bench": BenchProgram.run, "certificates": CertificatesProgram.run,
        "docker": DockerProgram.run, "down": DownProgram.run, "hello": HelloProgram.run,
        "kubectl": KubectlProgram.run,
        "martinet-oci": OCIProgram.run, "node": NodeProgram.run, "oci": OCIProgram.run, "runc": OCIProgram.run,
        "server": ServerProgram.run, "snapshot": SnapshotProgram.run, "store": StoreProgram.run,
        "up": UpProgram.run,
    ]

    static let usage = """
        martinet PROGRAM [FLAGS]

          up       start a cluster on this machine
          down     end it and leave nothing behind
          kubectl  the client, also under its own name by a link
          docker   build, ship and run containers, also under its own name by a link
          oci      the container runtime, with runc's command line
          server   the API server, the controllers and the scheduler
          apiserver  the API server alone, beside the controllers and the scheduler of others
          store    serve etcd's API from a store, or move one
          snapshot copy the store while it is in use, fork it, put a copy back
          node     the agent of a node: kubelet, engine, services, names
          hello    a small web server that tells the name of its pod
          certificates  how long the cluster's certificates still hold
          bench    how fast an API server is, this one or any other
        """
}
