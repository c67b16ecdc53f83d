import CMartinetNetwork
import Glibc
import MartinetBase
package import MartinetNetlink

/// A netlink socket of one namespace. Exchanges are exclusive by its type: it is not copyable and they mutate it.
///
/// The kernel answers a request while it is sent, so that an exchange takes microseconds and never waits for a network.
package struct NetlinkSocket: ~Copyable, Sendable {
    /// By their numbers in <linux/netlink.h>.
    package enum Family: Int32, Sendable {
        case route = 0
        case netfilter = 12
    }

    private let descriptor: Int32
    private var sequence: UInt32 = 1

    /// Opens one in `namespace`, or in the process's own.
    package init(_ family: Family, in namespace: NetworkNamespace? = nil) throws {
        descriptor = try namespace.run { try NetlinkSocket.open(family) }
    }

    /// Takes over a socket from `open`.
    init(adopting descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// Opens a socket of the calling thread's namespace.
    static func open(_ family: Family) throws(SystemError) -> Int32 {
        let descriptor = martinet_netlink_open(family.rawValue, 5000)
        guard descriptor >= 0 else {
            throw SystemError(call: "socket", operand: "AF_NETLINK \(family)", errno: -descriptor)
        }
        return descriptor
    }

    /// Sends every request in one datagram and waits for each answer. All of them are tried; the first refusal is thrown.
    package mutating func perform(_ requests: [NetlinkRequest]) throws {
        let first = sequence
        sequence &+= UInt32(truncatingIfNeeded: requests.count)
        try send(NetlinkRequest.encode(requests, sequence: first))
        var refusal: NetlinkError?
        var answered = 0
        while answered < requests.count {
            for reply in try receive(wait: true) {
                let index = Int(reply.sequence &- first)
                guard case .acknowledgement(let errno, let text) = reply.kind, requests.indices.contains(index) else {
                    continue
                }
                answered += 1
                guard errno != 0, refusal == nil else { continue }
                refusal = .refused(errno, purpose: requests[index].purpose, text: text)
            }
        }
        if let refusal { throw refusal }
    }

    /// All answers to a dump, or the one to a get. An interrupted dump is asked again, up to five times.
    package mutating func query(_ request: NetlinkRequest) throws -> [NetlinkReply] {
        for _ in 0..<5 {
            if let replies = try queryOnce(request) { return replies }
        }
        throw NetlinkError(.unanswered, "\(request.purpose): changed while it was read, five times")
    }

    private mutating func queryOnce(_ request: NetlinkRequest) throws -> [NetlinkReply]? {
        let number = sequence
        sequence &+= 1
        try send(NetlinkRequest.encode([request], sequence: number))
        var found: [NetlinkReply] = []
        var isInterrupted = false
        while true {
            for reply in try receive(wait: true) where reply.sequence == number {
                isInterrupted = isInterrupted || reply.isInterrupted
                switch reply.kind {
                case .data: found.append(reply)
                case .done(let errno), .acknowledgement(let errno, _):
                    guard errno == 0 else {
                        var text: String?
                        if case .acknowledgement(_, let said) = reply.kind { text = said }
                        throw NetlinkError.refused(errno, purpose: request.purpose, text: text)
                    }
                    return isInterrupted ? nil : found
                }
            }
        }
    }

    /// One nftables transaction: all of it or nothing. Returns the bytes that it took.
    @discardableResult
    package mutating func commit(_ requests: [NetlinkRequest]) throws -> Int {
        guard !requests.isEmpty else { return 0 }
        let first = sequence
        // The last message asks for an answer: it tells of the commit, and a refusal of any message always comes.
        var all = [NftRequests.batchBegin()] + requests
        all[all.count - 1].flags.insert(.acknowledge)
        all.append(NftRequests.batchEnd())
        sequence &+= UInt32(truncatingIfNeeded: all.count)
        let bytes = NetlinkRequest.encode(all, sequence: first)
        try send(bytes)
        var wait = true
        var refusal: NetlinkError?
        receiving: while true {
            let replies: [NetlinkReply]
            do {
                replies = try receive(wait: wait)
            } catch let error as NetlinkError where error.code == .unanswered && !wait {
                break receiving
            }
            for reply in replies {
                let index = Int(reply.sequence &- first)
                guard case .acknowledgement(let errno, let text) = reply.kind, all.indices.contains(index) else {
                    continue
                }
                // All answers are queued by the time the send returns: what follows the first needs no waiting.
                wait = false
                guard errno != 0, refusal == nil else { continue }
                refusal = .refused(errno, purpose: all[index].purpose, text: text)
            }
        }
        if let refusal { throw refusal }
        return bytes.count
    }

    private func send(_ bytes: [UInt8]) throws(SystemError) {
        let sent = martinet_netlink_send(descriptor, bytes, bytes.count)
        guard sent == bytes.count else {
            throw SystemError(call: "sendto", operand: "netlink, \(bytes.count) bytes", errno: Int32(clamping: -sent))
        }
    }

    private func receive(wait: Bool) throws -> [NetlinkReply] {
        var result: Int64 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: 1 << 18) { buffer, count in
            result = martinet_netlink_receive(descriptor, buffer.baseAddress, buffer.count, wait ? 1 : 0)
            count = Int(max(0, result))
        }
        if result == -Int64(EAGAIN) { throw NetlinkError(.unanswered, "netlink: no answer") }
        if result == -Int64(ENOBUFS) { throw NetlinkError(.unanswered, "netlink: answers were lost") }
        guard result >= 0 else {
            throw SystemError(call: "recvfrom", operand: "netlink", errno: Int32(clamping: -result))
        }
        return try NetlinkReply.parse(bytes)
    }
}
