import Dispatch
import Glibc

/// Waits for signals without a thread of its own.
enum Signals {
    /// Returns when one of them arrives; from then on they are ignored.
    static func wait(for signals: [Int32]) async {
        let sources = signals.map { number in
            Glibc.signal(number, SIG_IGN)
            return DispatchSource.makeSignalSource(signal: number)
        }
        let stream = AsyncStream<Void> { continuation in
            for source in sources {
                source.setEventHandler { continuation.yield() }
                source.resume()
            }
        }
        for await _ in stream { break }
        for source in sources { source.cancel() }
    }
}
