import Glibc
import MartinetBase
import MartinetCertificates
import MartinetStore
import MartinetTransport

/// The API server that `bench` starts for itself.
package enum BenchedAPIServer {
    /// Serves from a folder until `ready` returns. The folder gets `ca.crt`, `admin.crt`, `admin.key`, and in `commits` a
    /// line for each commit: its revision and the monotonic clock's nanoseconds.
    package static func run(_ folder: String, _ ready: @Sendable (Int) -> Void) async throws {
        let runtime = ProductionRuntime()
        var configuration = StandaloneAPIServer.Configuration(folder: folder)
        configuration.threads = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)) / 2)
        let server = try StandaloneAPIServer(configuration, runtime: runtime, log: Log(component: "bench"))
        try CertificateFile.write(server.authority.certificatePEM, to: folder + "/ca.crt", mode: 0o644)
        try CertificateFile.write(server.admin.certificateChain, to: folder + "/admin.crt", mode: 0o644)
        try CertificateFile.write(server.admin.privateKey, to: folder + "/admin.key", mode: 0o600)
        let path = folder + "/commits"
        let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw SystemError.last("open", path) }
        server.store.observe { events in
            guard let last = events.last else { return }
            let text = Array("\(last.revision.value) \(runtime.monotonic().wholeNanoseconds)\n".utf8)
            _ = write(descriptor, text, text.count)
        }
        ready(server.port)
        await server.stop()
        close(descriptor)
    }
}

extension Duration {
    fileprivate var wholeNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds &* 1_000_000_000 &+ attoseconds / 1_000_000_000
    }
}
