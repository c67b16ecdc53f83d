/// What a registry wants before it answers (`Www-Authenticate`; RFC 9110, section 11; docker's token authentication).
struct AuthChallenge: Equatable {
    var scheme: String
    var parameters: [String: String]

    /// Reads the header's first challenge. Nil where it is none.
    init?(_ header: String) {
        var rest = Array(header.utf8)[...]
        let scheme = rest.prefix { $0 != 32 }
        guard !scheme.isEmpty, header.utf8.count <= 8192 else { return nil }
        self.scheme = String(decoding: scheme, as: UTF8.self).lowercased()
        rest = rest.dropFirst(scheme.count)
        parameters = [:]
        while true {
            rest = rest.drop { $0 == 32 || $0 == UInt8(ascii: ",") }
            let key = rest.prefix { $0 != UInt8(ascii: "=") && $0 != UInt8(ascii: ",") && $0 != 32 }
            rest = rest.dropFirst(key.count)
            guard !key.isEmpty, rest.popFirst() == UInt8(ascii: "=") else { return }
            var value: [UInt8] = []
            if rest.first == UInt8(ascii: "\"") {
                rest = rest.dropFirst()
                while let byte = rest.popFirst(), byte != UInt8(ascii: "\"") {
                    value.append(byte == UInt8(ascii: "\\") ? rest.popFirst() ?? byte : byte)
                }
            } else {
                value = Array(rest.prefix { $0 != UInt8(ascii: ",") && $0 != 32 })
                rest = rest.dropFirst(value.count)
            }
            parameters[String(decoding: key, as: UTF8.self).lowercased()] = String(decoding: value, as: UTF8.self)
        }
    }
}
