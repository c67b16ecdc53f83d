import Glibc
import MartinetBase
import MartinetTransport

/// A small web server that tells the name of its pod: the first workload of a new cluster.
enum HelloProgram {
    @Sendable static func run(_ arguments: [String]) async -> Int32 {
        let log = Log(component: "hello")
        guard let port = arguments.isEmpty ? 8080 : Int(arguments[0]), (1...65535).contains(port) else {
            log.error("the port must be a number from 1 to 65535", [("found", arguments[0])])
            return 2
        }
        var name = [CChar](repeating: 0, count: 256)
        gethostname(&name, name.count - 1)
        let pod = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let loops = EventLoops(threads: 1)
        do {
            let server = try HTTPServer(
                loops: loops, log: log,
                handler: FunctionHandler { _, exchange in exchange.respond(200, text: "Hello from \(pod)\n") })
            try server.listen(.ip("0.0.0.0", port: port), secure: false)
            log.info("listening", [("port", String(port)), ("pod", pod)])
            await Signals.wait(for: [SIGTERM, SIGINT])
            await server.shutdown(grace: .seconds(2))
        } catch {
            log.error("the web server cannot start", [("error", "\(error)")])
            return 1
        }
        await loops.shutdown()
        return 0
    }
}
