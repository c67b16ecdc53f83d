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
            arguments: arguments, terminal: SystemTerminal(), host: host, runtime: runtime, environment: environment
        ) { configuration in
            try TransportSession(
                configuration, loops: EventLoops(threads: 1), runtime: runtime, userAgent: "kubectl/martinet",
                readFile: { try host.readFile($0) })
        }
    }

    private static var environment: [String: String] {
        var variables: [String: String] = [:]
        var next = environ
        while let entry = next.pointee {
            let pair = String(cString: entry).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if pair.count == 2 { variables[String(pair[0])] = String(pair[1]) }
            next += 1
        }
        return variables
    }
}
