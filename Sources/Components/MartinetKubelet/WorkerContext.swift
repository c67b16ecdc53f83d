import MartinetBase
import MartinetClient
import MartinetEngine

/// What all workers of a node share.
struct WorkerContext: Sendable {
    let configuration: KubeletConfiguration
    let client: any APIClient
    let runtime: any Runtime
    let engine: Engine
    let content: ContentStore
    let events: EventRecorder
    let log: Log
    /// Told when nothing of a pod is left, its object included.
    let onOver: @Sendable (String) -> Void
}
