/// The one door to time, chance and concurrency.
///
/// Everything above this target asks a `Runtime` that it was handed. There are two: `ProductionRuntime` (threads and
/// the kernel's clocks) and `SimulatedRuntime` (one thread, virtual time, one seed), so that a component behaves the
/// same, byte for byte, whenever it is given the same seed.
package protocol Runtime: Sendable {
    /// Time since an arbitrary start; never goes back. For durations and deadlines.
    func monotonic() -> Duration
    /// The wall clock. For time stamps in objects only.
    func now() -> Timestamp
    /// 64 random bits.
    func random() -> UInt64
    /// A serial executor: what is submitted to it runs in order, one at a time.
    func executor(named name: String) -> any SerialExecutorPort
}

/// Runs work in order, one piece at a time.
package protocol SerialExecutorPort: Sendable {
    /// Runs `work` after everything that was submitted before.
    func submit(_ work: @escaping @Sendable () -> Void)
    /// Runs `work` here once `delay` has passed, unless the timer is cancelled first.
    @discardableResult
    func submit(after delay: Duration, _ work: @escaping @Sendable () -> Void) -> any TimerPort
}

/// A pending piece of delayed work.
package protocol TimerPort: Sendable {
    /// After this returns the work does not start any more, if it has not yet.
    func cancel()
}

extension Runtime {
    /// A random (version 4) UUID in lower case, as Kubernetes' uids are written (RFC 9562).
    package func uid() -> String {
        var bytes = [UInt8]()
        bytes.reserveCapacity(16)
        for word in [random(), random()] {
            for shift in stride(from: 56, through: 0, by: -8) {
                bytes.append(UInt8(truncatingIfNeeded: word >> UInt64(shift)))
            }
        }
        bytes[6] = bytes[6] & 0x0F | 0x40
        bytes[8] = bytes[8] & 0x3F | 0x80
        let hex = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(36)
        for (index, byte) in bytes.enumerated() {
            if index == 4 || index == 6 || index == 8 || index == 10 { text.append(45) }
            text.append(hex[Int(byte >> 4)])
            text.append(hex[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// `count` characters from the alphabet of upstream's generated names: no vowels, no look-alikes.
    package func nameSuffix(_ count: Int = 5) -> String {
        let alphabet = Array("bcdfghjklmnpqrstvwxz2456789".utf8)
        return String(
            decoding: (0..<count).map { _ in alphabet[Int(random() % UInt64(alphabet.count))] }, as: UTF8.self)
    }
}
