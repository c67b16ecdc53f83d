import MartinetBase
import MartinetSchema

/// Pieces of text that many columns share.
enum CellText {
    static let none = "<none>"
    static let unset = "<unset>"
    static let unknown = "<unknown>"

    static func age(_ time: Timestamp?, _ now: Timestamp) -> String {
        time.map { HumanDuration.text(now.duration(since: $0)) } ?? unknown
    }

    /// `a=1,b=2`
    static func labels(_ map: Map) -> String {
        map.isEmpty
            ? none
            : map.entries.map { entry in
                if case .string(let text) = entry.value { "\(entry.key)=\(text)" } else { entry.key }
            }.joined(separator: ",")
    }

    /// A label selector as a query has it; nil where it is none.
    static func selector(_ selector: Object?) -> String? {
        guard let selector else { return "" }
        var parts: [(key: String, text: String)] = selector.map("matchLabels").entries.map { entry in
            if case .string(let text) = entry.value {
                (entry.key, "\(entry.key)=\(text)")
            } else {
                (entry.key, entry.key)
            }
        }
        for expression in selector.objects("matchExpressions") {
            let key = expression.text("key")
            let values = Set(expression.texts("values")).sorted { $0.precedes($1) }.joined(separator: ",")
            let hasValues = !expression.texts("values").isEmpty
            switch expression.text("operator") {
            case "In" where hasValues: parts.append((key, "\(key) in (\(values))"))
            case "NotIn" where hasValues: parts.append((key, "\(key) notin (\(values))"))
            case "Exists" where !hasValues: parts.append((key, key))
            case "DoesNotExist" where !hasValues: parts.append((key, "!\(key)"))
            default: return nil
            }
        }
        let order = parts.indices.sorted {
            parts[$0].key == parts[$1].key ? $0 < $1 : parts[$0].key.precedes(parts[$1].key)
        }
        return order.map { parts[$0].text }.joined(separator: ",")
    }

    static func selectorOrNone(_ selector: Object?) -> String {
        guard let text = self.selector(selector) else { return "<error>" }
        return text.isEmpty ? none : text
    }

    /// At most `limit` of the items, and how many more there are.
    static func list(_ items: [String], limit: Int = 3, empty: String = unset) -> String {
        let text = items.prefix(limit).joined(separator: ",")
        if items.count > limit { return "\(text) + \(items.count - limit) more..." }
        return text.isEmpty ? empty : text
    }

    static func accessModes(_ modes: [String]) -> String {
        let short = [
            ("ReadWriteOnce", "RWO"), ("ReadOnlyMany", "ROX"), ("ReadWriteMany", "RWX"), ("ReadWriteOncePod", "RWOP"),
        ]
        return short.filter { modes.contains($0.0) }.map(\.1).joined(separator: ",")
    }

    /// The addresses under which a load balancer is reached, sorted, cut to 16 bytes unless there is room.
    static func loadBalancer(_ object: Object, wide: Bool) -> String {
        let addresses = object.objects("status.loadBalancer.ingress").compactMap { ingress -> String? in
            let text = ingress.text("ip").isEmpty ? ingress.text("hostname") : ingress.text("ip")
            return text.isEmpty ? nil : text
        }
        let text = Set(addresses).sorted { $0.precedes($1) }.joined(separator: ",")
        if wide || text.utf8.count <= 16 { return text }
        return (String(text.utf8.prefix(13)) ?? "") + "..."
    }

    static func or(_ text: String, _ fallback: String = none) -> String { text.isEmpty ? fallback : text }
}
