package import MartinetBase

/// Where an etcd is, and how it is spoken to.
package struct EtcdConfiguration: Sendable {
    /// `http://host:port` or `https://host:port`, one for each member.
    package var endpoints: [String]
    /// The authorities of the members' certificates, in PEM; nil: the machine's own list.
    package var authorities: [UInt8]?
    /// This client's certificate chain and key, in PEM.
    package var certificate: [UInt8]?
    package var key: [UInt8]?
    /// For an etcd with users; the token that they are given is asked for anew when it has expired.
    package var user: String?
    package var password = ""
    /// The keys that belong to this store begin so; it ends with a slash. What is hidden lies beside it.
    package var scope = "/registry/"
    /// Transactions that are under way at once; more wait their turn.
    package var inFlightMax = 256
    /// Transactions that may wait before more are refused with `.overloaded`.
    package var waitingMax = 16_384
    /// After this long without an answer a member is left for the next.
    package var callTimeout = Duration.seconds(6)
    /// After this long a transaction whose reply was lost is answered `.unknownOutcome`, and a read fails.
    package var giveUpAfter = Duration.seconds(30)
    package var connectTimeout = Duration.seconds(2)
    /// How long what this client keeps beside the objects outlives it, in seconds.
    package var clientLease: Int64 = 3600
    /// Called when the store can never go on: the history since its last event is gone.
    package var onLost: (@Sendable (StoreLoss) -> Void)?
    package var log = Log(component: "etcd")

    package init(endpoints: [String]) { self.endpoints = endpoints }
}

/// Why a store cannot follow its etcd any more. Whoever gets it must start anew.
package struct StoreLoss: Error, Sendable, CustomStringConvertible {
    package let description: String
}
