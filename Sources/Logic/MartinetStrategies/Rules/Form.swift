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

    /// The faults of what names are generated from: what is appended may follow a hyphen.
    func faults(prefix text: String) -> [String] {
        switch self {
        case .dnsSubdomain, .dnsLabel, .dns1035Label:
            faults(text.utf8.count > 1 && text.hasSuffix("-") ? text.dropLast(2) + "a" : text)
        default: faults(text)
        }
    }
}
