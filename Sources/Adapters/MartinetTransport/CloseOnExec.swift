import Glibc
import NIOCore

extension Channel {
    /// Keeps the socket from the programs that this process starts. NIO opens its sockets without `SOCK_CLOEXEC`: a child
    /// would hold listeners open after they are closed, and connections after both ends have left them.
    ///
    /// On the event loop. Between the socket's birth and this a spawn may still slip in; whoever spawns closes what it
    /// does not mean to hand on.
    func closeOnExec() throws {
        try pipeline.syncOperations.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) { descriptor in
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        }
    }
}
