import Glibc
import MartinetAPISession
import MartinetBase
import MartinetKubectl
import MartinetToolPorts
import MartinetTransport

/// The client: `martinet kubectl …`, or this binary under the name `kubectl`.
enum KubectlProgram {
    @Sendable static func run(_ arguments: [String]) async -> Int32 {
        let runtime = ProductionRuntime()
        let host = SystemHost()
        return await KubectlCommand.run(
            arguments: arguments, terminal: SystemTerminal(), host: host, runtime: runtime,
            environment: Environ.variables
        ) { configuration in
            try TransportSession(
                configuration, loops: EventLoops(threads: 1), runtime: runtime, userAgent: "kubectl/martinet",
                readFile: { try host.readFile($0) })
        }
    }
}
