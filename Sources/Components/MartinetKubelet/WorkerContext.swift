import MartinetBase
import MartinetClient
import MartinetEngine
import MartinetNetwork

/// What all workers of a node share.
struct WorkerContext: Sendable {
    let configuration: KubeletConfiguration
    let client: any APIClient
    let runtime: any Runtime
    let engine: Engine
    let content: ContentStore
    let events: EventRecorder
    let secure: SecureProber
    let log: Log
    /// Makes things ready before they are needed, off every pod's path.
    let spare: any SerialExecutorPort
    /// Told when nothing of a pod is left, its object included.
    let onOver: @Sendable (String) -> Void

    /// Keeps network namespaces ready for the next pods.
    func prepareNetworks() {
        spare.submit {
            do {
                while try engine.network.prepareOne() {}
            } catch {
                log.warning("no network can be made ready", [("error", "\(error)")])
            }
        }
    }
}
