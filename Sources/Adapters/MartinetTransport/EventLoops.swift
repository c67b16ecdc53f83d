import NIOCore
import NIOPosix

/// The threads that servers and clients of this process share.
package struct EventLoops: Sendable {
    let group: MultiThreadedEventLoopGroup

    /// - Parameter threads: one is enough for a node; an API server takes as many as half its cores.
    package init(threads: Int) { group = MultiThreadedEventLoopGroup(numberOfThreads: max(1, threads)) }

    /// Ends the threads. Servers and clients that use them must have been shut down.
    package func shutdown() async { try? await group.shutdownGracefully() }

    /// The same without waiting, from any thread but one of these.
    package func end() { group.shutdownGracefully { _ in } }
}
