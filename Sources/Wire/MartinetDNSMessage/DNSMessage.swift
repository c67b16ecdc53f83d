package import MartinetAddresses

/// The kind of a record or question, by its number (IANA's registry of DNS parameters).
package struct DNSType: RawRepresentable, Hashable, Sendable {
    package let rawValue: UInt16
    package init(rawValue: UInt16) { self.rawValue = rawValue }

    package static let a = DNSType(rawValue: 1)
    package static let ns = DNSType(rawValue: 2)
    package static let cname = DNSType(rawValue: 5)
    package static let soa = DNSType(rawValue: 6)
    package static let ptr = DNSType(rawValue: 12)
    package static let txt = DNSType(rawValue: 16)
    package static let aaaa = DNSType(rawValue: 28)
    package static let srv = DNSType(rawValue: 33)
    package static let opt = DNSType(rawValue: 41)
    package static let any = DNSType(rawValue: 255)
}

/// How a query ended (RFC 1035, 4.1.1; RFC 6891).
package enum DNSOutcome: UInt16, Hashable, Sendable {
    case noError = 0
    case formatError, serverFailure, nameError, notImplemented, refused
    case badVersion = 16
}

package struct DNSQuestion: Hashable, Sendable {
    package var name: DNSName
    package var type: DNSType
    /// 1 is the internet's.
    package var recordClass: UInt16

    package init(_ name: DNSName, _ type: DNSType, recordClass: UInt16 = 1) {
        self.name = name
        self.type = type
        self.recordClass = recordClass
    }
}

package enum DNSData: Hashable, Sendable {
    case address(IPAddress)
    case name(DNSName)
    case service(priority: UInt16, weight: UInt16, port: UInt16, target: DNSName)
    case authority(
        server: DNSName, contact: DNSName, serial: UInt32, refresh: UInt32, retry: UInt32, expire: UInt32,
        minimum: UInt32)
    case text([[UInt8]])
    /// Any other kind's bytes; names in it may be compressed and then mean nothing outside their message.
    case other([UInt8])
}

package struct DNSRecord: Hashable, Sendable {
    package var name: DNSName
    package var type: DNSType
    package var recordClass: UInt16 = 1
    /// In seconds.
    package var ttl: UInt32
    package var data: DNSData

    package init(_ name: DNSName, _ type: DNSType, ttl: UInt32, _ data: DNSData) {
        self.name = name
        self.type = type
        self.ttl = ttl
        self.data = data
    }
}

/// What a client says of itself in an OPT record (RFC 6891).
package struct DNSExtension: Hashable, Sendable {
    /// The longest datagram that it takes.
    package var datagramBytes: UInt16
    package var version: UInt8 = 0
    /// Whether it wants the records of DNSSEC (`DO`).
    package var wantsSignatures = false

    package init(datagramBytes: UInt16) { self.datagramBytes = datagramBytes }
}

/// A DNS message (RFC 1035, section 4).
package struct DNSMessage: Hashable, Sendable {
    package var id: UInt16
    package var isResponse = false
    package var operation: UInt8 = 0
    package var isAuthoritative = false
    package var isTruncated = false
    package var isRecursionDesired = false
    package var isRecursionAvailable = false
    package var outcome: DNSOutcome = .noError
    package var questions: [DNSQuestion] = []
    package var answers: [DNSRecord] = []
    package var authorities: [DNSRecord] = []
    package var additional: [DNSRecord] = []
    package var client: DNSExtension?

    package init(id: UInt16) { self.id = id }

    /// An answer to this query, without records.
    package func reply(_ outcome: DNSOutcome = .noError) -> DNSMessage {
        var reply = DNSMessage(id: id)
        reply.isResponse = true
        reply.operation = operation
        reply.isRecursionDesired = isRecursionDesired
        reply.isRecursionAvailable = true
        reply.outcome = outcome
        reply.questions = questions
        if client != nil { reply.client = DNSExtension(datagramBytes: 1232) }
        return reply
    }
}
