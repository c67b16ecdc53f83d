import Dispatch
import Glibc

/// Tells the keeper each second that this process still lives: a byte on the pipe that it was given.
///
/// A process that nobody keeps has no such pipe and no heartbeat.
enum Heartbeat {
    /// Begins; the timer lives as long as the process.
    static func start() {
        guard let text = getenv("MARTINET_HEARTBEAT_FD"), let descriptor = Int32(String(cString: text)) else { return }
        // The pipe is for this process alone.
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        let source = DispatchSource.makeTimerSource(queue: DispatchQueue(label: "martinet.heartbeat"))
        source.schedule(deadline: .now(), repeating: .seconds(1), leeway: .milliseconds(200))
        source.setEventHandler {
            var byte: UInt8 = 1
            _ = write(descriptor, &byte, 1)
        }
        source.resume()
        _ = Unmanaged.passRetained(source as AnyObject)
    }

    /// The first listening socket that the keeper holds for us; nil where nobody does.
    static var listener: Int32? {
        guard let text = getenv("MARTINET_LISTEN"), let count = Int(String(cString: text)), count > 0 else {
            return nil
        }
        return 3
    }
}
