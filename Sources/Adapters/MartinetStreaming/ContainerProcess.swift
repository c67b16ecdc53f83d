/// A process in a container, with its streams. Usable from any thread; callbacks come one at a time.
package protocol ContainerProcess: AnyObject, Sendable {
    /// Starts delivery. `onExit` is called once, after the last byte of output.
    func start(
        onOutput: @escaping @Sendable (ContainerOutput, [UInt8]) -> Void,
        onExit: @escaping @Sendable (ProcessExit) -> Void)
    /// Stops and resumes delivery; while stopped the process is held back by its pipe or terminal.
    func setReading(_ reading: Bool)
    /// Queues bytes for the standard input. What is written after the process has closed it is dropped.
    func write(_ bytes: [UInt8])
    /// Whether more may be written now. A writer that goes on regardless fills memory.
    var isWritable: Bool { get }
    /// Called each time `isWritable` becomes true again, and when the process takes no more input at all.
    func onWritable(_ callback: @escaping @Sendable () -> Void)
    /// Ends the standard input after what is queued.
    func closeInput()
    /// In character cells. For terminals; ignored otherwise.
    func resize(width: Int, height: Int)
    /// The client has gone, perhaps before `start`: a command is killed, an attached process left alone.
    func hangUp()
}

package enum ContainerOutput: UInt8, Sendable, Hashable {
    case stdout = 1
    case stderr = 2
}

package enum ProcessExit: Sendable, Hashable {
    /// 0...255; 128 and the signal's number where one ended it.
    case code(Int32)
    /// It could not be run, or what became of it is not known.
    case failed(String)
}

/// Bytes to and from a port of a pod. Usable from any thread; callbacks come one at a time.
package protocol ContainerPipe: AnyObject, Sendable {
    /// `onEnd` is called once, when the pod's side has sent its last byte (nil) or the connection broke.
    func start(onBytes: @escaping @Sendable ([UInt8]) -> Void, onEnd: @escaping @Sendable (String?) -> Void)
    func setReading(_ reading: Bool)
    func write(_ bytes: [UInt8])
    var isWritable: Bool { get }
    func onWritable(_ callback: @escaping @Sendable () -> Void)
    /// Half-closes after what is queued: the pod's side reads an end, and may still send.
    func closeWriting()
    /// Ends it both ways.
    func close()
}

/// A log on its way. Callbacks come one at a time.
package protocol LogSource: AnyObject, Sendable {
    /// `onEnd` is called once: nil where the log is whole, else why it is not.
    func start(onBytes: @escaping @Sendable ([UInt8]) -> Void, onEnd: @escaping @Sendable (String?) -> Void)
    func setReading(_ reading: Bool)
    /// Nobody reads any more; nothing is called after this returns but what is under way.
    func cancel()
}
