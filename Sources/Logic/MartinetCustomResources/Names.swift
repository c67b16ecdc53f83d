/// The forms of names that definitions and objects have (apimachinery's content rules).
enum Names {
    private static func isLower(_ byte: UInt8) -> Bool { byte >= 97 && byte <= 122 }
    private static func isDigit(_ byte: UInt8) -> Bool { byte >= 48 && byte <= 57 }
    private static func isLetter(_ byte: UInt8) -> Bool { isLower(byte | 0x20) }

    /// RFC 1035: starts with a letter; at most 63 of lower-case letters, digits and inner dashes.
    static func isLabel1035(_ text: String) -> Bool {
        guard isLabel1123(text), let first = text.utf8.first else { return false }
        return isLower(first)
    }

    static func isLabel1123(_ text: String) -> Bool { text.utf8.count <= 63 && isPart(text[...]) }

    static func isSubdomain(_ text: String) -> Bool {
        text.utf8.count <= 253 && text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy(isPart)
    }

    private static func isPart(_ text: Substring) -> Bool {
        guard let first = text.utf8.first, let last = text.utf8.last else { return false }
        func isAlphanumeric(_ byte: UInt8) -> Bool { isLower(byte) || isDigit(byte) }
        return isAlphanumeric(first) && isAlphanumeric(last)
            && text.utf8.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "-") }
    }

    /// `name` or `prefix/name`, as labels and annotations are keyed.
    static func isQualified(_ text: String) -> Bool {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, let name = parts.last else { return false }
        if parts.count == 2, !isSubdomain(String(parts[0])) { return false }
        return !name.isEmpty && isLabelValue(String(name))
    }

    static func isLabelValue(_ text: String) -> Bool {
        guard let first = text.utf8.first, let last = text.utf8.last else { return true }
        func isAlphanumeric(_ byte: UInt8) -> Bool { isLetter(byte) || isDigit(byte) }
        return text.utf8.count <= 63 && isAlphanumeric(first) && isAlphanumeric(last)
            && text.utf8.allSatisfy { isAlphanumeric($0) || [45, 46, 95].contains($0) }
    }
}
