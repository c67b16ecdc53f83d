package import MartinetAPICore

/// Tokens that a file gives to users (`--token-auth-file`): `token,user,uid,"group1,group2"` a line.
package struct StaticTokens: TokenVerifier {
    private let identities: [String: Identity]
    private let audiences: [String]

    package init(_ identities: [String: Identity], audiences: [String]) {
        self.identities = identities
        self.audiences = audiences
    }

    /// Reads a file of comma-separated values (RFC 4180). A token that is given twice belongs to the later line, as
    /// upstream has it.
    package static func read(_ text: String, file: String) throws(AccessError) -> [String: Identity] {
        var tokens: [String: Identity] = [:]
        for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let line = line.hasSuffix("\r") ? line.dropLast() : line
            guard !line.isEmpty else { continue }
            // The line itself is not told: it holds a secret.
            guard let fields = fields(line), fields.count >= 3 else {
                throw AccessError("\(file): line \(number + 1) must have at least the columns token, user name and uid")
            }
            guard !fields[0].isEmpty else { continue }
            let groups = fields.count > 3 && !fields[3].isEmpty ? fields[3].split(separator: ",").map(String.init) : []
            tokens[fields[0]] = Identity(user: fields[1], uid: fields[2], groups: groups.known)
        }
        return tokens
    }

    /// The fields of a line, quotes taken off; nil where a quote is not closed.
    private static func fields(_ line: Substring) -> [String]? {
        var fields: [String] = []
        var field = ""
        var isQuoted = false
        var rest = line[...]
        while let character = rest.popFirst() {
            switch (character, isQuoted) {
            case ("\"", true):
                if rest.first == "\"" { field.append(rest.removeFirst()) } else { isQuoted = false }
            case ("\"", false): isQuoted = true
            case (",", false):
                fields.append(field)
                field = ""
                while rest.first == " " { rest.removeFirst() }
            default: field.append(character)
            }
        }
        return isQuoted ? nil : fields + [field]
    }

    package func check(_ token: String, for audiences: [String]) -> TokenOutcome {
        guard let identity = identities[token] else { return .foreign }
        guard let common = agnosticAudiences(audiences, of: self.audiences) else { return .foreign }
        return .accepted(identity, audiences: common)
    }
}

extension [String] {
    /// With the group of all who are known, unless it is said already whether they are.
    var known: [String] {
        let everybody = ["system:authenticated", "system:unauthenticated"]
        return contains(where: everybody.contains) ? self : self + [everybody[0]]
    }
}

/// A setting of authentication or authorization that cannot be used. It holds no secret.
package struct AccessError: Error, Sendable, Hashable, CustomStringConvertible {
    package let message: String
    package init(_ message: String) { self.message = message }
    package var description: String { message }
}
