import MartinetSchema

/// What tests of recorded answers need of values.
extension Value {
    var integer: Int { if case .int(let number) = self { Int(number) } else { 0 } }
}

enum PlainText {
    static func text(_ object: Object) -> String { String(decoding: JSONEncoder.encode(object), as: UTF8.self) }

    static func plain(_ object: Object) -> Value {
        (try? JSONDecoder.decodeAny(JSONEncoder.encode(object)).value) ?? .null
    }

    /// With what differs between any two servers replaced, and managers as a set.
    static func normalised(_ value: Value) -> Value {
        guard case .map(var object) = value, case .map(var metadata)? = object["metadata"] else { return value }
        for (name, placeholder) in [("uid", "UID"), ("resourceVersion", "RV"), ("creationTimestamp", "TIME")]
        where metadata[name] != nil && metadata[name] != .null {
            metadata[name] = .string(placeholder)
        }
        if case .list(let entries)? = metadata["managedFields"] {
            let normal = entries.map { entry -> Value in
                guard case .map(var map) = entry else { return entry }
                if map["time"] != nil { map["time"] = .string("TIME") }
                return .map(map)
            }
            metadata["managedFields"] = .list(normal.sorted { $0.json < $1.json })
        }
        object["metadata"] = .map(metadata)
        return .map(object)
    }

    private static let wildcards: Set<String> = ["ALLOCATED-IP", "ALLOCATED-PORT", "MESSAGE", "TIME", "UID"]

    /// The first place where two values differ.
    static func difference(_ expected: Value, _ own: Value, _ path: String) -> String? {
        switch (expected, own) {
        case (.string(let text), _) where wildcards.contains(text): return own == .null ? "\(path)=absent" : nil
        case (.string(let text), .string(let other)) where text.contains("XXXXX"):
            return other.hasPrefix(String(text.prefix { $0 != "X" })) ? nil : "\(path)=\(other)"
        case (.map(let a), .map(let b)):
            for name in Set(a.entries.map(\.key)).union(b.entries.map(\.key)).sorted() {
                guard let left = a[name] else { return "\(path).\(name)=unexpected \(b[name]?.json ?? "")" }
                guard let right = b[name] else { return "\(path).\(name)=missing \(left.json)" }
                if let difference = difference(left, right, "\(path).\(name)") { return difference }
            }
            return nil
        case (.list(let a), .list(let b)):
            if a.count != b.count { return "\(path)=\(a.count) elements expected, \(b.count) found" }
            for (index, pair) in zip(a, b).enumerated() {
                if let difference = difference(pair.0, pair.1, "\(path)[\(index)]") { return difference }
            }
            return nil
        default:
            if expected == own { return nil }
            if case .int(let a) = expected, case .double(let b) = own, Double(a) == b { return nil }
            if case .double(let a) = expected, case .int(let b) = own, Double(b) == a { return nil }
            return "\(path)=\(own.json), expected \(expected.json)"
        }
    }

    /// The parts of `conflict with "m" with subresource "s" using v1`.
    static func conflict(_ message: String) -> (manager: String, subresource: String, apiVersion: String) {
        guard message.hasPrefix("conflict with ") else { return ("", "", "") }
        var rest = message.dropFirst(14)
        func quoted() -> String {
            guard rest.first == "\"" else { return "" }
            rest = rest.dropFirst()
            let text = rest.prefix { $0 != "\"" }
            rest = rest.dropFirst(text.count + 1)
            return String(text)
        }
        let manager = quoted()
        var subresource = ""
        if rest.hasPrefix(" with subresource ") {
            rest = rest.dropFirst(18)
            subresource = quoted()
        }
        return (manager, subresource, rest.hasPrefix(" using ") ? String(rest.dropFirst(7)) : "")
    }
}

/// Puts what is stored into the places of a recorded body that depend on the server.
enum Placeholders {
    static func filled(_ body: Value, from stored: Value) -> Value {
        switch body {
        case .string(let text):
            if text == "$RV" { return stored["metadata"]["resourceVersion"] }
            let isPlaceholder = ["UID", "TIME", "ALLOCATED-IP", "ALLOCATED-PORT", "RV"].contains(text)
            guard isPlaceholder || text.contains("XXXXX") else { return body }
            if stored == .null { return text == "TIME" ? .string("2026-01-01T00:00:00Z") : body }
            return stored
        case .map(let map):
            return .map(
                Map(
                    unsorted: map.entries.map { entry in
                        let isVersion = entry.key == "resourceVersion" && entry.value == .string("$RV")
                        return .init(
                            key: entry.key,
                            value: isVersion ? stored[entry.key] : filled(entry.value, from: stored[entry.key]))
                    }))
        case .list(let values):
            let others = stored.items
            return .list(
                values.enumerated().map { index, value in
                    // Managers are found again by who they are.
                    let same = others.first {
                        value["manager"] != .null && $0["manager"] == value["manager"]
                            && $0["operation"] == value["operation"] && $0["subresource"] == value["subresource"]
                    }
                    return filled(value, from: same ?? (index < others.count ? others[index] : .null))
                })
        default: return body
        }
    }
}
