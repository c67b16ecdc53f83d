import MartinetSchema

/// Checks what the schema declares of each field: `required`, `enum`, `min`, `max`, `maxlen`, `minitems`, `maxitems`.
///
/// For kinds without rules of their own. Where there are rules, they say when a declared limit counts, because upstream
/// checks some of what it publishes later, elsewhere or not at all. Status and metadata have rules of their own.
enum DeclaredLimits {
    private static let depthMax = 64

    static func check(_ root: Part) {
        guard let type = root.type else { return }
        for field in type.fields where field.name != "metadata" && field.name != "status" {
            check(field, root[field.name], depth: 0)
        }
    }

    private static func check(_ field: Field, _ part: Part, depth: Int) {
        guard depth < depthMax else { return }
        let isAlwaysThere = field.scalar == .object && field.container == .single && !field.flags.contains(.pointer)
        if !part.isSet, !isAlwaysThere {
            if field.flags.contains(.required) { part.required() }
            return
        }
        let known = field.enumeration
        if !known.isEmpty {
            for text in part.count > 0 ? part.items : [part] where !text.isEmpty { text.oneOf(known) }
        }
        for rule in field.rules {
            let words = rule.split(separator: "=", maxSplits: 1).map(String.init)
            guard words.count == 2, let limit = Int(words[1]) else { continue }
            switch words[0] {
            case "maxitems": part.atMost(items: limit)
            case "minitems": if part.count < limit { part.invalid("needs at least \(limit) items") }
            case "maxlen": part.atMost(bytes: limit)
            case "min": if part.int < limit { part.invalid("must be at least \(limit)") }
            case "max": if part.int > limit { part.invalid("must be at most \(limit)") }
            default: break
            }
        }
        guard field.scalar == .object else { return }
        for inner in field.container == .single ? [part] : part.items + part.pairs.map({ $0.value }) {
            guard let type = inner.type, !type.name.hasPrefix("meta/v1.") else { continue }
            for field in type.fields { check(field, inner[field.name], depth: depth + 1) }
        }
    }
}
