/// The forms that names take (RFC 1123, RFC 1035, and Kubernetes' own), judged byte by byte.
///
/// Each answers with what is wrong: nothing where the text has the form. Too long and ill-formed are two faults.
package enum Names {
    static let labelMax = 63
    static let subdomainMax = 253

    private static func isLower(_ byte: UInt8) -> Bool { byte >= 97 && byte <= 122 }
    private static func isDigit(_ byte: UInt8) -> Bool { byte >= 48 && byte <= 57 }
    private static func isLetter(_ byte: UInt8) -> Bool { isLower(byte) || (byte >= 65 && byte <= 90) }

    private static func isLabelBody(_ bytes: some BidirectionalCollection<UInt8>) -> Bool {
        guard let first = bytes.first, let last = bytes.last, first != 45, last != 45 else { return false }
        return bytes.allSatisfy { isLower($0) || isDigit($0) || $0 == 45 }
    }

    private static func faults(_ text: String, max: Int, _ form: Bool, _ message: String) -> [String] {
        (text.utf8.count > max ? ["must be no more than \(max) bytes"] : []) + (form ? [] : [message])
    }

    /// `my-name`
    static func dnsLabel(_ text: String) -> [String] {
        faults(
            text, max: labelMax, isLabelBody(text.utf8),
            "a lowercase RFC 1123 label is letters, digits and '-', and begins and ends with a letter or digit")
    }

    /// As `dnsLabel`, beginning with a letter.
    static func dns1035Label(_ text: String) -> [String] {
        let form = isLabelBody(text.utf8) && isLower(text.utf8.first ?? 0)
        return faults(
            text, max: labelMax, form, "a DNS-1035 label begins with a letter and holds letters, digits and '-'")
    }

    /// Labels joined by dots, in one pass: a dot or a hyphen where a label begins or ends is one too many.
    private static func isSubdomain(_ text: Substring.UTF8View) -> Bool {
        var before: UInt8 = 46
        for byte in text {
            switch byte {
            case 45: if before == 46 { return false }
            case 46: if before == 46 || before == 45 { return false }
            default: guard isLower(byte) || isDigit(byte) else { return false }
            }
            before = byte
        }
        return before != 46 && before != 45
    }

    /// Whether a text with a prefix and a name is a qualified name, with so many bytes before it.
    static func isPrefixed(_ text: String, after bytes: Int = 0) -> Bool {
        guard let slash = text.utf8.firstIndex(of: 47) else { return false }
        let (prefix, name) = (text.utf8[..<slash], text.utf8[text.utf8.index(after: slash)...])
        return prefix.count + bytes <= subdomainMax && isSubdomain(prefix) && name.count <= labelMax && isWord(name)
    }

    /// `my.name`
    static func dnsSubdomain(_ text: String) -> [String] {
        return faults(
            text, max: subdomainMax, isSubdomain(text.utf8[...]),
            "a lowercase RFC 1123 subdomain is labels of letters, digits and '-', joined by '.'")
    }

    /// What can stand between two slashes of a path.
    static func pathSegment(_ text: String) -> [String] {
        if text == "." || text == ".." { return ["may not be '\(text)'"] }
        return ["/", "%"].filter { text.utf8.contains($0.utf8.first ?? 0) }.map { "may not contain '\($0)'" }
    }

    /// `example.com/name` or `name`: labels' and annotations' keys, finalizers, resources.
    static func qualifiedName(_ text: String) -> [String] {
        if text.utf8.count <= labelMax, isWord(text.utf8[...]) || isPrefixed(text) { return [] }
        let parts = text.utf8.split(separator: 47, omittingEmptySubsequences: false).map { String(Substring($0)) }
        var faults: [String] = []
        if parts.count > 2 { return ["must be a name with an optional DNS prefix and '/'"] }
        if parts.count == 2 {
            if parts[0].isEmpty {
                faults.append("the prefix must not be empty")
            } else {
                faults += dnsSubdomain(parts[0])
            }
        }
        let name = parts[parts.count - 1]
        if name.isEmpty {
            faults.append("the name must not be empty")
        } else if name.utf8.count > labelMax {
            faults.append("the name must be no more than \(labelMax) bytes")
        }
        if !isWord(name.utf8[...]) {
            faults.append(
                "the name holds letters, digits, '-', '_' and '.', and begins and ends with a letter or digit")
        }
        return faults
    }

    private static func isWord(_ text: Substring.UTF8View) -> Bool {
        guard let first = text.first, let last = text.last else { return false }
        func isEnd(_ byte: UInt8) -> Bool { isLetter(byte) || isDigit(byte) }
        return isEnd(first) && isEnd(last) && text.allSatisfy { isEnd($0) || $0 == 45 || $0 == 95 || $0 == 46 }
    }

    static func labelValue(_ text: String) -> [String] {
        faults(
            text, max: labelMax, text.isEmpty || isWord(text.utf8[...]),
            "a label's value holds letters, digits, '-', '_' and '.', and begins and ends with a letter or digit")
    }

    /// Keys of ConfigMaps and Secrets.
    static func configKey(_ text: String) -> [String] {
        var found: [String] = []
        if text.utf8.count > subdomainMax { found.append("must be no more than \(subdomainMax) bytes") }
        let isForm = !text.isEmpty && text.utf8.allSatisfy { isLetter($0) || isDigit($0) || [45, 46, 95].contains($0) }
        if !isForm { found.append("a key holds letters, digits, '-', '_' and '.'") }
        return found + dots(text)
    }

    private static func dots(_ text: String) -> [String] {
        if text == "." { return ["must not be '.'"] }
        if text == ".." { return ["must not be '..'"] }
        return text.hasPrefix("..") ? ["must not start with '..'"] : []
    }

    /// Printable ASCII without `=`.
    static func environmentName(_ text: String) -> [String] {
        let isForm = !text.isEmpty && text.utf8.allSatisfy { $0 >= 32 && $0 < 127 && $0 != 61 }
        return isForm ? [] : ["a variable's name holds printable ASCII without '='"]
    }

    /// `http`: a port's name (RFC 6335).
    static func portName(_ text: String) -> [String] {
        var found: [String] = []
        if text.utf8.count > 15 { found.append("must be no more than 15 bytes") }
        if !text.utf8.allSatisfy({ isLower($0) || isDigit($0) || $0 == 45 }) || text.isEmpty {
            found.append("must hold letters, digits and '-'")
        }
        if !text.utf8.contains(where: isLower) { found.append("must hold a letter") }
        if zip(text.utf8, text.utf8.dropFirst()).contains(where: { $0 == 45 && $1 == 45 }) {
            found.append("must not hold '--'")
        }
        if text.utf8.first == 45 || text.utf8.last == 45 { found.append("must not begin or end with '-'") }
        return found
    }

    static func httpHeaderName(_ text: String) -> [String] {
        let isForm = !text.isEmpty && text.utf8.allSatisfy { isLetter($0) || isDigit($0) || $0 == 45 }
        return isForm ? [] : ["a header's name holds letters, digits and '-'"]
    }

    /// `_ldap._tcp.example.com`: a search path.
    static func underscoredSubdomain(_ text: String) -> [String] {
        let form = text.utf8.split(separator: 46, omittingEmptySubsequences: false).allSatisfy { label in
            var label = label
            if label.first == 95 { label = label.dropFirst() }
            guard let first = label.first, let last = label.last, isEnd(first), isEnd(last) else { return false }
            return label.allSatisfy { isEnd($0) || $0 == 45 || $0 == 95 }
        }
        return faults(text, max: subdomainMax, form, "must be labels of letters, digits, '-' and '_', joined by '.'")
    }

    private static func isEnd(_ byte: UInt8) -> Bool { isLower(byte) || isDigit(byte) }

    static func wildcardSubdomain(_ text: String) -> [String] {
        let form = text.hasPrefix("*.") && dnsSubdomain(String(text.dropFirst(2).prefix(subdomainMax))).isEmpty
        return faults(text, max: subdomainMax, form, "must be '*.' and a lowercase RFC 1123 subdomain")
    }

    static func conditionReason(_ text: String) -> [String] {
        func isPlain(_ byte: UInt8) -> Bool { isLetter(byte) || isDigit(byte) || byte == 95 }
        let form =
            isLetter(text.utf8.first ?? 0) && isPlain(text.utf8.last ?? 0)
            && text.utf8.allSatisfy { isPlain($0) || $0 == 44 || $0 == 58 }
        return form ? [] : ["a reason begins with a letter and holds letters, digits, '_', ',' and ':'"]
    }

    /// A C identifier.
    static func identifier(_ text: String) -> [String] {
        let form =
            !isDigit(text.utf8.first ?? 48) && text.utf8.allSatisfy { isLetter($0) || isDigit($0) || $0 == 95 }
        return form ? [] : ["must be letters, digits and '_', and not begin with a digit"]
    }

    static func percentage(_ text: String) -> [String] {
        let form = text.utf8.count > 1 && text.hasSuffix("%") && text.utf8.dropLast().allSatisfy(isDigit)
        return form ? [] : ["must be a percentage, such as 93%"]
    }

    /// Characters of an HTTP path.
    static func isHTTPPath(_ text: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { isLetter($0) || isDigit($0) || "/-._~%!$&'()*+,;=:".utf8.contains($0) }
    }
}

extension StringProtocol {
    /// Whether this byte is in the text: faster than looking for a text of one.
    func has(_ byte: Unicode.Scalar) -> Bool { utf8.contains(UInt8(ascii: byte)) }

    /// Whether this ASCII text is in the text, byte by byte.
    func has(text: String) -> Bool {
        let (bytes, wanted) = (utf8, text.utf8)
        guard let first = wanted.first else { return true }
        return bytes.indices.contains { bytes[$0] == first && bytes[$0...].starts(with: wanted) }
    }
}
