import Glibc
import MartinetBase
import MartinetCertificates
import Synchronization

/// Replaces the cluster's certificates while it runs, long before they end. It runs as root, in the process of the node;
/// whoever uses a certificate looks at its file.
final class CertificateRenewer: Sendable {
    private let settings: Settings
    private let serviceAddress: String
    private let runtime: any Runtime
    private let log: Log
    private let executor: any SerialExecutorPort
    private let isStopped = Mutex(false)

    init(_ settings: Settings, serviceAddress: String, runtime: any Runtime, log: Log) {
        self.settings = settings
        self.serviceAddress = serviceAddress
        self.runtime = runtime
        self.log = log
        executor = runtime.executor(named: "martinet.renewal")
    }

    func start() {
        executor.submit(after: CertificateRenewal.interval(validity: settings.certificateValidity)) { [weak self] in
            guard let self, !isStopped.withLock({ $0 }) else { return }
            renew()
            start()
        }
    }

    func stop() { isStopped.withLock { $0 = true } }

    private func renew() {
        do {
            let renewed = try ClusterCredentials.renew(settings, serviceAddress: serviceAddress, now: runtime.now())
            let left = "\(settings.certificateValidity.components.seconds)s"
            for name in renewed { log.info("a certificate was renewed", [("certificate", name), ("left", left)]) }
            guard renewed.contains(ClusterCredentials.Name.admin.rawValue) else { return }
            try KubeconfigFile.renew(settings)
        } catch {
            log.error("the certificates cannot be renewed", [("error", "\(error)")])
        }
    }
}
