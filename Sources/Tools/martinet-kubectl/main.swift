import Glibc
import MartinetAPISession
import MartinetBase
import MartinetKubectl
import MartinetToolPorts
import MartinetTransport

// kubectl alone, until it is called through the one binary.
let runtime = ProductionRuntime()
let host = SystemHost()
var variables: [String: String] = [:]
var next = environ
while let entry = next.pointee {
    let pair = String(cString: entry).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    if pair.count == 2 { variables[String(pair[0])] = String(pair[1]) }
    next += 1
}
let code = await KubectlCommand.run(
    arguments: Array(CommandLine.arguments.dropFirst()), terminal: SystemTerminal(), host: host, runtime: runtime,
    environment: variables
) { configuration in
    try TransportSession(
        configuration, loops: EventLoops(threads: 1), runtime: runtime, userAgent: "kubectl/martinet",
        readFile: { try host.readFile($0) })
}
exit(code)
