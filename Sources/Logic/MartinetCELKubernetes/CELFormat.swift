package import MartinetCEL
import MartinetRegularExpressions

/// A named form of texts, which tells what is wrong with a text.
final class CELFormat: CELOpaque {
    static let name = "kubernetes.NamedFormat"
    static let type = CELType.opaque(name, [])
    let format: String
    /// What the cost of a match is estimated by.
    let patternSize: UInt64
    let check: @Sendable (String) -> [String]
    init(_ format: String, patternSize: UInt64, _ check: @escaping @Sendable (String) -> [String]) {
        self.format = format
        self.patternSize = patternSize
        self.check = check
    }
    var type: CELType { CELFormat.type }
    func isEqual(to other: any CELOpaque) -> Bool { (other as? CELFormat)?.format == format }
}

/// The formats by name. Source: apiserver's cel/library/format.go and apimachinery's names.
enum CELFormats {
    static let all: [String: CELFormat] = {
        var formats: [String: CELFormat] = [:]
        func add(_ name: String, _ size: UInt64, _ check: @escaping @Sendable (String) -> [String]) {
            formats[name] = CELFormat(name, patternSize: size, check)
        }
        func pattern(_ name: String, _ size: UInt64, _ text: String, _ most: Int?, _ message: String, isPrefix: Bool) {
            guard let regex = try? RegularExpression("^(?:\(text))$") else { return }
            add(name, size) { value in
                var problems: [String] = []
                // A prefix is checked as what it becomes once something follows it.
                let whole = isPrefix && value.utf8.count > 1 && value.hasSuffix("-") ? value.dropLast() + "a" : value
                if let most, whole.utf8.count > most { problems.append("must be no more than \(most) bytes") }
                if regex.isFound(in: whole) != true { problems.append(message) }
                return problems
            }
        }
        let label = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
        for (suffix, isPrefix) in [("", false), ("Prefix", true)] {
            pattern(
                "dns1123Label" + suffix, 30, label, 63,
                "must consist of lower case letters, digits or '-', and start and end with a letter or digit",
                isPrefix: isPrefix)
            pattern(
                "dns1123Subdomain" + suffix, 60, "\(label)(\\.\(label))*", 253,
                "must consist of DNS labels in lower case, separated by dots", isPrefix: isPrefix)
            pattern(
                "dns1035Label" + suffix, 30, "[a-z]([-a-z0-9]*[a-z0-9])?", 63,
                "must consist of lower case letters, digits or '-', and start with a letter", isPrefix: isPrefix)
        }
        let name = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
        pattern("labelValue", 40, "(\(name))?", 63, "must be empty or a label's value", isPrefix: false)
        if let part = try? RegularExpression("^\(name)$"), let domain = formats["dns1123Subdomain"] {
            add("qualifiedName", 60) { text in
                let parts = text.split(separator: "/", omittingEmptySubsequences: false)
                guard parts.count <= 2 else { return ["must be a name with an optional DNS prefix and '/'"] }
                var problems: [String] = []
                if parts.count == 2 {
                    problems += parts[0].isEmpty ? ["the prefix must not be empty"] : domain.check(String(parts[0]))
                }
                let last = String(parts[parts.count - 1])
                if last.isEmpty { problems.append("the name must not be empty") }
                if last.utf8.count > 63 { problems.append("the name must be no more than 63 bytes") }
                if part.isFound(in: last) != true {
                    problems.append("the name must consist of letters, digits, '-', '_' or '.'")
                }
                return problems
            }
        }
        add("uri", 1337) { CELURL($0) == nil ? ["must be an absolute URL or path"] : [] }
        let hex = "[0-9a-fA-F]"
        pattern(
            "uuid", 68, "\(hex){8}-?\(hex){4}-?\(hex){4}-?\(hex){4}-?\(hex){12}", nil, "does not match the UUID format",
            isPrefix: false)
        pattern(
            "byte", 84, "([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})", nil,
            "invalid base64", isPrefix: false)
        add("date", 127) { CELTimestamp(date: $0) == nil ? ["invalid date"] : [] }
        add("datetime", 127) { CELTimestamp(text: $0.uppercased()) == nil ? ["invalid datetime"] : [] }
        return formats
    }()
}

extension CELEnvironment {
    package mutating func addFormats() {
        declare(type: CELFormat.type, as: CELFormat.name)
        for (name, format) in CELFormats.all {
            let value = CELValue.opaque(format)
            add("format.\(name)", [CELOverload("format.\(name)", [], CELFormat.type, .variadic { _ in value })])
        }
        add(
            "format.named",
            [
                CELOverload(
                    "format-named", [.string], .optional(CELFormat.type),
                    .unary {
                        guard case .string(let name) = $0 else { return .noSuchOverload("format.named") }
                        return .optional(CELOptional(CELFormats.all[name].map { .opaque($0) }))
                    })
            ])
        add(
            "validate",
            [
                CELOverload(
                    "format-validate", isMember: true, [CELFormat.type, .string], .optional(.list(.string)),
                    .binary {
                        guard case .opaque(let format as CELFormat) = $0, case .string(let text) = $1 else {
                            return .noSuchOverload("validate")
                        }
                        let problems = format.check(text)
                        guard !problems.isEmpty else { return .optional(.none) }
                        return .optional(CELOptional(.list(problems.map { .string($0) })))
                    })
            ])
    }
}
