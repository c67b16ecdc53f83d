package import MartinetAuthorization
package import MartinetBase
import MartinetSchema

/// What is known of a request when it comes, the same in each of its events.
package struct AuditRecord: Sendable {
    package let id: String
    /// As whom it came in.
    package let asked: AccessRequest
    /// With its query.
    package let uri: String
    package let userAgent: String
    package let sources: [String]
    package let received: Timestamp

    /// How much of what a client chose is kept.
    private static let bytesMax = 8192

    package init(
        id: String, _ asked: AccessRequest, uri: String, userAgent: String, sources: [String], received: Timestamp
    ) {
        self.id = id
        self.asked = asked
        self.uri = AuditRecord.shortened(uri)
        self.userAgent = AuditRecord.shortened(userAgent)
        self.sources = sources
        self.received = received
    }

    private static func shortened(_ text: String) -> String {
        text.utf8.count <= bytesMax ? text : String(decoding: Array(text.utf8.prefix(bytesMax)), as: UTF8.self) + "..."
    }

    /// Where a request came from: whoever passed it on says so first, then who is at the other end.
    ///
    /// - Parameters:
    ///   - forwarded: the values of `X-Forwarded-For`.
    ///   - real: the value of `X-Real-Ip`.
    package static func sources(forwarded: [String], real: String?, peer: String) -> [String] {
        var sources: [String] = []
        for value in forwarded {
            for part in value.split(separator: ",").prefix(32) {
                let address = part.drop { $0 == " " }.prefix { $0 != " " }
                if isAddress(address) { sources.append(String(address)) }
            }
        }
        if let real, isAddress(real[...]), !sources.contains(real) { sources.append(real) }
        if !peer.isEmpty, sources.last != peer { sources.append(peer) }
        return sources
    }

    private static func isAddress(_ text: Substring) -> Bool {
        !text.isEmpty && text.utf8.count <= 45
            && text.utf8.allSatisfy {
                switch $0 {
                case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
                    UInt8(ascii: "A")...UInt8(ascii: "F"), UInt8(ascii: "."), UInt8(ascii: ":"):
                    true
                default: false
                }
            }
    }
}
