/// What can be a label (apimachinery's IsQualifiedName and IsValidLabelValue).
enum LabelSyntax {
    private static let partMax = 63
    private static let prefixMax = 253

    static func isKey(_ text: String) -> Bool {
        let parts = text.utf8.split(separator: 47, omittingEmptySubsequences: false)
        switch parts.count {
        case 1: return isName(parts[0])
        case 2: return isDomain(parts[0]) && isName(parts[1])
        default: return false
        }
    }

    static func isValue(_ text: String) -> Bool { text.isEmpty || isName(Substring(text).utf8) }

    private static func isName(_ part: Substring.UTF8View) -> Bool {
        guard let first = part.first, let last = part.last, part.count <= partMax else { return false }
        return isAlphanumeric(first) && isAlphanumeric(last)
            && part.allSatisfy { isAlphanumeric($0) || $0 == 45 || $0 == 46 || $0 == 95 }
    }

    private static func isDomain(_ part: Substring.UTF8View) -> Bool {
        part.count <= prefixMax
            && part.split(separator: 46, omittingEmptySubsequences: false).allSatisfy { label in
                guard let first = label.first, let last = label.last else { return false }
                return first != 45 && last != 45 && label.allSatisfy { isLower($0) || isDigit($0) || $0 == 45 }
            }
    }

    private static func isLower(_ byte: UInt8) -> Bool { byte >= 97 && byte <= 122 }
    private static func isDigit(_ byte: UInt8) -> Bool { byte >= 48 && byte <= 57 }
    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        isLower(byte) || isDigit(byte) || byte >= 65 && byte <= 90
    }
}
