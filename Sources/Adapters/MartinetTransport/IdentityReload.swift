package import MartinetBase
import MartinetCertificates
import Synchronization

/// Looks at the files of a certificate and hands over what is new in them: new handshakes show it, and no connection ends.
package final class IdentityReload: Sendable {
    private struct State {
        var shown: [UInt8]
        var timer: (any TimerPort)?
        var isStopped = false
    }
    private let file: String
    private let interval: Duration
    private let executor: any SerialExecutorPort
    private let runtime: any Runtime
    private let log: Log
    private let apply: @Sendable (TLSIdentity) throws -> Void
    private let state: Mutex<State>

    /// - Parameters:
    ///   - file: the path without `.crt` and `.key`. Whoever replaces them writes the key first.
    ///   - shown: what is in use now.
    package init(
        _ file: String, shown: TLSIdentity, every interval: Duration, runtime: any Runtime, log: Log,
        apply: @escaping @Sendable (TLSIdentity) throws -> Void
    ) {
        self.file = file
        self.interval = interval
        self.runtime = runtime
        self.log = log
        self.apply = apply
        executor = runtime.executor(named: "martinet.certificates")
        state = Mutex(State(shown: shown.certificateChain))
    }

    package func start() {
        let timer = executor.submit(after: interval) { [weak self] in
            self?.look()
            self?.start()
        }
        let isStopped = state.withLock { state in
            if !state.isStopped { state.timer = timer }
            return state.isStopped
        }
        if isStopped { timer.cancel() }
    }

    package func stop() {
        let timer = state.withLock { state in
            state.isStopped = true
            return state.timer
        }
        timer?.cancel()
    }

    private func look() {
        do {
            let chain = try CertificateFile.read(file + ".crt")
            guard chain != state.withLock({ $0.shown }) else { return }
            let info = try CertificateInfo(pem: chain)
            try apply(TLSIdentity(certificateChain: chain, privateKey: try CertificateFile.read(file + ".key")))
            state.withLock { $0.shown = chain }
            log.info(
                "a renewed certificate is in use",
                [("certificate", file), ("ends", info.notAfter.rfc3339)]
                    + [("left", CertificateRenewal.left(info, now: runtime.now()))])
        } catch {
            // The old one holds for a third of its life still: it is tried again, and told each time.
            log.error("a renewed certificate cannot be used", [("certificate", file), ("error", "\(error)")])
        }
    }
}
