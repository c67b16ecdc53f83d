import Glibc

/// The streams that a command writes to: those of the process, or a test's.
package struct Console: Sendable {
    package var out: @Sendable ([UInt8]) -> Void
    package var err: @Sendable ([UInt8]) -> Void

    package init(out: @escaping @Sendable ([UInt8]) -> Void, err: @escaping @Sendable ([UInt8]) -> Void) {
        self.out = out
        self.err = err
    }

    package static let process = Console(out: { write(1, $0) }, err: { write(2, $0) })

    func print(_ text: String) { out(Array("\(text)\n".utf8)) }
    func note(_ text: String) { err(Array("\(text)\n".utf8)) }

    static func write(_ descriptor: Int32, _ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno == EAGAIN {
                var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&entry, 1, 1000)
            } else if errno != EINTR {
                return  // nobody reads on
            }
        }
    }
}

/// Lets a thread that may block wait for what is asynchronous.
enum Blocking {
    static func wait<T: Sendable>(_ body: @escaping @Sendable () async throws -> T) throws -> T {
        let slot = ResultSlot<T>()
        // Unstructured, as the thread that waits is no task; it ends before this returns.
        Task {
            do { slot.set(.success(try await body())) } catch { slot.set(.failure(error)) }
        }
        return try slot.wait().get()
    }
}
