/// One frame of SPDY/3.1, as far as Kubernetes' clients use it.
///
/// Source: SPDY Protocol, Draft 3.1, §2.
package enum SPDYFrame: Sendable, Hashable {
    /// Opens stream `id`. `fin`: the sender sends nothing on it; `unidirectional`: the receiver must not either.
    case synStream(id: UInt32, associated: UInt32, priority: UInt8, fin: Bool, unidirectional: Bool, SPDYHeaders)
    case synReply(id: UInt32, fin: Bool, SPDYHeaders)
    /// A piece of a stream's data. A decoder hands on a large frame as several of these, `fin` with the last.
    case data(id: UInt32, fin: Bool, [UInt8])
    case reset(id: UInt32, status: UInt32)
    case settings([Setting])
    case ping(UInt32)
    case goAway(lastGood: UInt32, status: UInt32)
    case headers(id: UInt32, fin: Bool, SPDYHeaders)
    case windowUpdate(id: UInt32, delta: UInt32)

    package struct Setting: Sendable, Hashable {
        package let flags: UInt8
        /// 24 bits.
        package let id: UInt32
        package let value: UInt32
        package init(flags: UInt8, id: UInt32, value: UInt32) {
            self.flags = flags
            self.id = id & 0xFF_FFFF
            self.value = value
        }
    }

    /// Why a stream was reset (§2.6.3).
    package enum ResetStatus {
        package static let protocolError: UInt32 = 1
        package static let invalidStream: UInt32 = 2
        package static let refusedStream: UInt32 = 3
        package static let cancel: UInt32 = 5
        package static let internalError: UInt32 = 6
    }
}
