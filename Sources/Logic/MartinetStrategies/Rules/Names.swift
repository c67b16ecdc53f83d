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

    /// `my.name`
    static func dnsSubdomain(_ text: String) -> [String] {
        let form = text.utf8.split(separator: 46, omittingEmptySubsequences: false).allSatisfy { isLabelBody($0) }
        return faults(
            text, max: subdomainMax, form,
            "a lowercase RFC 1123 subdomain is labels of letters, digits and '-', joined by '.'")
    }

    /// What can stand between two slashes of a path.
    static func pathSegment(_ text: String) -> [String] {
        if text == "." || text == ".." { return ["may not be '\(text)'"] }
        return ["/", "%"].filter { text.contains($0) }.map { "may not contain '\($0)'" }
    }

    /// `example.com/name` or `name`: labels' and annotations' keys, finalizers, resources.
    static func qualifiedName(_ text: String) -> [String] {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
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
        if !isWord(name) {
            faults.append(
                "the name holds letters, digits, '-', '_' and '.', and begins and ends with a letter or digit")
        }
        return faults
    }

    private static func isWord(_ text: String) -> Bool {
        guard let first = text.utf8.first, let last = text.utf8.last else { return false }
        func isEnd(_ byte: UInt8) -> Bool { isLetter(byte) || isDigit(byte) }
        return isEnd(first) && isEnd(last) && text.utf8.allSatisfy { isEnd($0) || $0 == 45 || $0 == 95 || $0 == 46 }
    }

    static func labelValue(_ text: String) -> [String] {
        faults(
            text, max: labelMax, text.isEmpty || isWord(text),
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
        if text.contains("--") { found.append("must not hold '--'") }
        if text.utf8.first == 45 || text.utf8.last == 45 { found.append("must not begin or end with '-'") }
        return found
    }

    static func portNumber(_ number: Int64) -> [String] {
        (1...65535).contains(number) ? [] : ["must be between 1 and 65535"]
    }

    // MARK: - Addresses

    static func isIPv4(_ text: String) -> Bool {
        let parts = text.utf8.split(separator: 46, omittingEmptySubsequences: false)
        return parts.count == 4
            && parts.allSatisfy { part in
                guard (1...3).contains(part.count), part.allSatisfy(isDigit), part.count == 1 || part.first != 48,
                    let value = Int(String(part) ?? "")
                else { return false }
                return value <= 255
            }
    }

    static func isIPv6(_ text: String) -> Bool {
        guard text.contains(":"), text.utf8.count <= 45 else { return false }
        let halves = text.split(separator: "::", maxSplits: 2, omittingEmptySubsequences: false)
        guard halves.count <= 2 else { return false }
        var groups = 0
        for (half, texts) in halves.map({ $0.split(separator: ":", omittingEmptySubsequences: false) }).enumerated() {
            if halves[half].isEmpty { continue }
            for (index, group) in texts.enumerated() {
                if half == halves.count - 1, index == texts.count - 1, group.contains(".") {
                    guard isIPv4(String(group)) else { return false }
                    groups += 2
                    continue
                }
                guard (1...4).contains(group.utf8.count), group.allSatisfy({ $0.isASCII && $0.isHexDigit }) else {
                    return false
                }
                groups += 1
            }
        }
        return halves.count == 2 ? groups < 8 : groups == 8
    }

    /// An address of either family, but no IPv4 address in IPv6's clothes.
    static func isIP(_ text: String) -> Bool {
        isIPv4(text) || isIPv6(text) && !(text.contains(".") && text.lowercased().hasPrefix("::ffff:"))
    }

    static func isCIDR(_ text: String) -> Bool {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, let length = Int(parts[1]), String(length) == parts[1], length >= 0 else {
            return false
        }
        return isIPv4(parts[0]) && length <= 32 || isIPv6(parts[0]) && length <= 128
    }
}
