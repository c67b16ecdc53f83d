import MartinetTransport
import Synchronization

/// The body of a request on its way through.
final class ProxyUpload: Sendable {
    private let stream: RequestStream
    private let out = Mutex<(any OutgoingStream)?>(nil)

    init(_ stream: RequestStream) { self.stream = stream }

    var length: Int? { stream.length }

    func start(_ out: any OutgoingStream) {
        self.out.withLock { $0 = out }
        let stream = stream
        out.onWritable { stream.setReading(true) }
        // The target wants no more of it: the client goes on until it has the answer.
        out.onClose { stream.setReading(true) }
        stream.start(
            onBytes: { bytes in
                guard out.write(bytes), !out.isWritable else { return }
                stream.setReading(false)
                if out.isWritable { stream.setReading(true) }
            },
            onEnd: { isWhole in
                if isWhole { out.end() } else { out.abort() }
            })
    }
}
