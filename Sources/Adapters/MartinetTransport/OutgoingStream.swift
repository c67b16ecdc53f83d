/// A bounded, ordered flow of bytes to the peer. Usable from any thread.
///
/// Writes made in one burst go out together. When more than the server's `streamBuffer` is waiting for a peer that does not
/// read, the stream is cut off rather than buffered further: the writer watches `isWritable`, or accepts the cut.
package protocol OutgoingStream: AnyObject, Sendable {
    /// Queues bytes. False where the stream has ended, was cut off, or is cut off by this write.
    @discardableResult
    func write(_ bytes: [UInt8]) -> Bool
    @discardableResult
    func write(slices: [ArraySlice<UInt8>]) -> Bool
    /// Bytes queued and not yet handed to the kernel.
    var pending: Int { get }
    /// Whether `pending` is below the soft mark (a quarter of the bound).
    var isWritable: Bool { get }
    /// Called on the event loop each time `isWritable` becomes true again.
    func onWritable(_ callback: @escaping @Sendable () -> Void)
    /// Called once, on the event loop, when nothing more can be written: the peer has gone, the stream was cut off or
    /// aborted. Not called after `end()` went through. At once where that has already happened.
    func onClose(_ callback: @escaping @Sendable () -> Void)
    /// Ends the stream in good order after what is queued.
    func end()
    /// Ends it at once, so that the peer sees it as broken.
    func abort()
}

/// The bytes of an upgraded connection, both ways.
package protocol BytePipe: OutgoingStream {
    /// Starts delivery, on the event loop: nothing is read before. `onEnd` is called once, when the peer has sent its last
    /// byte or has gone.
    func start(onBytes: @escaping @Sendable ([UInt8]) -> Void, onEnd: @escaping @Sendable () -> Void)
    /// Stops and resumes delivery; while stopped the peer is held back by TCP.
    func setReading(_ reading: Bool)
}
