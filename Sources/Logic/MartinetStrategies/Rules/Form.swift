import MartinetAddresses
import MartinetSchema

/// The forms that texts take. Each says what is wrong with a text, one fault for each way; nothing where it has the form.
package enum Form: Sendable {
    case dnsSubdomain, dnsLabel, dns1035Label, pathSegment, qualifiedName, labelValue, configKey, environmentName
    case portName, httpHeaderName, underscoredSubdomain, wildcardSubdomain, caselessSubdomain, conditionReason
    case ip, canonicalIP, cidr, canonicalCIDR, identifier, percentage
    /// A kind's name where there are no rules but those of a path.
    case anything

    func faults(_ text: String) -> [String] {
        switch self {
        case .dnsSubdomain: Names.dnsSubdomain(text)
        case .dnsLabel: Names.dnsLabel(text)
        case .dns1035Label: Names.dns1035Label(text)
        case .pathSegment: Names.pathSegment(text)
        case .qualifiedName: Names.qualifiedName(text)
        case .labelValue: Names.labelValue(text)
        case .configKey: Names.configKey(text)
        case .environmentName: Names.environmentName(text)
        case .portName: Names.portName(text)
        case .httpHeaderName: Names.httpHeaderName(text)
        case .underscoredSubdomain: Names.underscoredSubdomain(text)
        case .wildcardSubdomain: Names.wildcardSubdomain(text)
        case .caselessSubdomain: Names.dnsSubdomain(text.lowercased())
        case .conditionReason: Names.conditionReason(text)
        case .ip: Addresses.faults(ip: text)
        case .canonicalIP: Addresses.faults(canonicalIP: text)
        case .cidr: Addresses.faults(cidr: text)
        case .canonicalCIDR: Addresses.faults(canonicalCIDR: text)
        case .identifier: Names.identifier(text)
        case .percentage: Names.percentage(text)
        case .anything: []
        }
    }

    /// Letters, digits and the signs that stand for a hyphen: ' ', '-', '.', '_'.
    private static func isNearName(_ byte: UInt8) -> Bool {
        switch byte {
        case 97...122, 65...90, 48...57, 32, 45, 46, 95: true
        default: false
        }
    }

    /// The nearest text of this form, where it is plain what was meant: small letters, and '-' for what may not be there.
    func nearest(_ text: String) -> String? {
        switch self {
        case .dnsLabel, .dnsSubdomain, .dns1035Label, .portName, .labelValue: break
        default: return nil
        }
        // Other signs than these are of something else: an address, a pattern.
        guard text.utf8.count <= 253, text.utf8.allSatisfy({ Self.isNearName($0) }) else { return nil }
        func fits(_ byte: UInt8) -> Bool {
            switch byte {
            case 97...122, 48...57, 45: true
            case 46: self == .dnsSubdomain || self == .labelValue
            case 65...90, 95: self == .labelValue
            default: false
            }
        }
        let lower = self == .labelValue ? text : text.lowercased()
        var bytes = lower.utf8.map { fits($0) ? $0 : 45 }[...]
        while let first = bytes.first, !(97...122).contains(first | 0x20), !(48...57).contains(first) {
            bytes.removeFirst()
        }
        while let last = bytes.last, !(97...122).contains(last | 0x20), !(48...57).contains(last) { bytes.removeLast() }
        let meant = String(decoding: bytes, as: UTF8.self)
        // Names full of replacements are guesses.
        let changed = zip(lower.utf8, meant.utf8).count { $0 != $1 }
        return !meant.isEmpty && changed * 3 <= meant.utf8.count && faults(meant).isEmpty ? meant : nil
    }

    /// The faults of what names are generated from: what is appended may follow a hyphen.
    func faults(prefix text: String) -> [String] {
        switch self {
        case .dnsSubdomain, .dnsLabel, .dns1035Label:
            faults(text.utf8.count > 1 && text.hasSuffix("-") ? text.dropLast(2) + "a" : text)
        default: faults(text)
        }
    }
}
