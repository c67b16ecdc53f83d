import MartinetBase

/// The outside of PEM and DER (RFC 7468, X.690): whether there are blocks of a label that hold what they say they hold.
/// Signatures are for who has cryptography.
enum PEM {
    static func isRequest(_ bytes: [UInt8]) -> Bool {
        guard let block = blocks(bytes).first else { return false }
        return block.label == "CERTIFICATE REQUEST" && isSequence(block.bytes, of: [0x30, 0x30, 0x03])
    }

    static func areCertificates(_ bytes: [UInt8]) -> Bool {
        let blocks = blocks(bytes)
        return !blocks.isEmpty
            && blocks.allSatisfy { $0.label == "CERTIFICATE" && isSequence($0.bytes, of: [0x30, 0x30, 0x03]) }
    }

    private static func blocks(_ bytes: [UInt8]) -> [(label: String, bytes: [UInt8])] {
        var found: [(String, [UInt8])] = []
        var label: String?
        var body = ""
        for line in String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline) {
            let line = line.drop(while: \.isWhitespace)
            if let name = name(in: line, after: "-----BEGIN ") {
                label = name
                body = ""
            } else if let name = name(in: line, after: "-----END "), name == label {
                if let bytes = Base64.decode(body) { found.append((name, bytes)) }
                label = nil
            } else if label != nil {
                body += line.filter { !$0.isWhitespace }
            }
        }
        return found
    }

    private static func name(in line: Substring, after prefix: String) -> String? {
        guard line.hasPrefix(prefix), line.hasSuffix("-----"), line.count >= prefix.count + 5 else { return nil }
        return String(line.dropFirst(prefix.count).dropLast(5))
    }

    /// Whether this is one sequence, and its parts have these tags.
    private static func isSequence(_ bytes: [UInt8], of tags: [UInt8]) -> Bool {
        guard let whole = element(bytes[...]), whole.tag == 0x30, whole.rest.isEmpty else { return false }
        var rest = whole.content
        for tag in tags {
            guard let part = element(rest), part.tag == tag else { return false }
            rest = part.rest
        }
        return rest.isEmpty
    }

    private static func element(_ bytes: ArraySlice<UInt8>) -> (
        tag: UInt8, content: ArraySlice<UInt8>, rest: ArraySlice<UInt8>
    )? {
        guard bytes.count >= 2, let tag = bytes.first else { return nil }
        var rest = bytes.dropFirst()
        guard let first = rest.popFirst() else { return nil }
        var length = Int(first)
        if first & 0x80 != 0 {
            let digits = Int(first & 0x7F)
            guard (1...4).contains(digits), rest.count >= digits else { return nil }
            length = rest.prefix(digits).reduce(0) { $0 << 8 | Int($1) }
            rest = rest.dropFirst(digits)
        }
        guard length <= rest.count else { return nil }
        return (tag, rest.prefix(length), rest.dropFirst(length))
    }
}
