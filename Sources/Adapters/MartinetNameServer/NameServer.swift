import Glibc
package import MartinetAddresses
package import MartinetBase
import MartinetDNSMessage
package import MartinetNameAnswers
package import MartinetNetwork
import Synchronization

/// The cluster's name server: UDP and TCP on one address, one thread, one loop.
///
/// The cluster's names come from a snapshot that `update` replaces; other names go to the upstream servers. Everything
/// is bounded: questions under way, connections, the cache, the time for each. Questions that are equal share one
/// question upstream; so if upstream leads back here, a loop is one question that times out, never a storm.
package final class NameServer: Sendable {
    package struct Configuration: Sendable {
        package var address: IPAddress
        /// 0 lets the kernel choose.
        package var port: UInt16 = 53
        package var upstream: [(address: IPAddress, port: UInt16)] = []
        /// The namespace to serve in; nil is the process's own.
        package var namespace: NetworkNamespace?
        package var questionsMax = 512
        package var connectionsMax = 64
        package var upstreamTimeout: Duration = .seconds(2)

        package init(address: IPAddress) { self.address = address }
    }

    package let port: UInt16
    private let snapshot: Mutex<NameAnswers>
    private let wake: Int32
    private let stopped = Mutex(false)

    /// Serves until `stop`.
    package init(
        _ configuration: Configuration, records: NameRecords, runtime: any Runtime, log: Log
    ) throws {
        let descriptors = try configuration.namespace.run { try NameServer.listen(configuration) }
        port = descriptors.port
        // A pair of sockets rather than a signal: the loop sees it as one more descriptor.
        var pair: [Int32] = [-1, -1]
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0, &pair) == 0 else {
            throw SystemError.last("socketpair", "name server")
        }
        wake = pair[0]
        snapshot = Mutex(NameAnswers(records))
        var upstream = configuration.upstream
        upstream.removeAll { $0.address == configuration.address && $0.port == port }
        if upstream.count < configuration.upstream.count {
            log.warning(
                "the name server is its own upstream server: that one is left out",
                [("address", "\(configuration.address)")])
        }
        let loop = NameServerLoop(
            server: self, configuration: configuration,
            upstream: upstream.map { Peer(address: $0.address, port: $0.port) },
            sockets: (udp: descriptors.udp, tcp: descriptors.tcp, wake: pair[1]), runtime: runtime, log: log)
        var thread = pthread_t()
        let started = pthread_create(
            &thread, nil,
            {
                Unmanaged<NameServerLoop>.fromOpaque($0!).takeRetainedValue().run()
                return nil
            }, Unmanaged.passRetained(loop).toOpaque())
        guard started == 0 else { throw SystemError(call: "pthread_create", operand: "name server", errno: started) }
        pthread_detach(thread)
    }

    deinit { close(wake) }

    /// A UDP and a TCP socket with the same port. Where the kernel chooses it, TCP's may be taken: then another.
    private static func listen(_ configuration: Configuration) throws -> (udp: Int32, tcp: Int32, port: UInt16) {
        for _ in 0..<16 where configuration.port == 0 {
            do {
                return try listenOnce(configuration)
            } catch let error as SystemError where error.errno == EADDRINUSE {}
        }
        return try listenOnce(configuration)
    }

    private static func listenOnce(_ configuration: Configuration) throws -> (udp: Int32, tcp: Int32, port: UInt16) {
        let udp = try InternetSocket.open(configuration.address.family, isStream: false)
        try udp.bind(to: Peer(address: configuration.address, port: configuration.port))
        let port = udp.localPort()
        let tcp = try InternetSocket.open(configuration.address.family, isStream: true)
        try tcp.bind(to: Peer(address: configuration.address, port: port))
        guard Glibc.listen(tcp.descriptor, 64) == 0 else {
            throw SystemError.last("listen", "\(configuration.address):\(port)")
        }
        return (udp.release(), tcp.release(), port)
    }

    /// Answers from `records` from now on.
    package func update(_ records: NameRecords) {
        snapshot.withLock { $0 = NameAnswers(records) }
    }

    /// Ends the loop; its sockets close soon after.
    package func stop() {
        stopped.withLock { isStopped in
            guard !isStopped else { return }
            isStopped = true
            shutdown(wake, Int32(SHUT_RDWR))
        }
    }

    func decide(_ query: DNSMessage) -> NameAnswers.Decision {
        let answers = snapshot.withLock { $0 }
        return answers.decide(query)
    }
}
