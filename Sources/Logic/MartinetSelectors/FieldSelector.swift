/// A field selector: `metadata.name=web,status.phase!=Running`.
///
/// Source: apimachinery's fields.ParseSelector. `\`, `,` and `=` in values are escaped by a backslash.
package struct FieldSelector: Sendable, Hashable {
    package struct Requirement: Sendable, Hashable {
        package let path: String
        package let value: String
        package let isEqual: Bool
    }

    package let requirements: [Requirement]

    package static let everything = FieldSelector(requirements: [])

    init(requirements: [Requirement]) { self.requirements = requirements }

    package var isEmpty: Bool { requirements.isEmpty }

    package init(parsing text: String) throws(SelectorError) {
        var requirements: [Requirement] = []
        for term in FieldSelector.split(text) where !term.isEmpty {
            guard let (path, isEqual, value) = FieldSelector.parts(term) else {
                throw SelectorError(selector: text, message: "expected FIELD=VALUE or FIELD!=VALUE, found \(term)")
            }
            // Nothing that is nothing: upstream takes it for everything.
            if path.isEmpty, value.isEmpty { continue }
            requirements.append(Requirement(path: path, value: value, isEqual: isEqual))
        }
        self.requirements = requirements
    }

    /// A value as it is written in a selector.
    package static func escape(_ value: String) -> String {
        var text = ""
        for character in value {
            if character == "\\" || character == "," || character == "=" { text.append("\\") }
            text.append(character)
        }
        return text
    }

    /// - Parameter field: the value at a path; empty where the object has none.
    package func matches(_ field: (String) -> String) -> Bool {
        requirements.allSatisfy { (field($0.path) == $0.value) == $0.isEqual }
    }

    /// The value that a path must have exactly, where the selector says so.
    package func exact(_ path: String) -> String? {
        requirements.first { $0.path == path && $0.isEqual }?.value
    }

    private static func split(_ text: String) -> [String] {
        var terms: [String] = []
        var term = ""
        var escaped = false
        for character in text {
            if !escaped, character == "," {
                terms.append(term)
                term = ""
                continue
            }
            escaped = !escaped && character == "\\"
            term.append(character)
        }
        return terms + [term]
    }

    /// The operator is the first one in the term. A field without a name is not refused here: there is none, says whoever
    /// knows the fields. Nil where there is no operator, or the value has an escape of nothing, or a bare `=`.
    private static func parts(_ term: String) -> (path: String, isEqual: Bool, value: String)? {
        guard let (path, isEqual, rest) = sides(term) else { return nil }
        var value = ""
        var escaped = false
        for character in rest {
            if escaped {
                guard "\\,=".contains(character) else { return nil }
                value.append(character)
                escaped = false
            } else if character == "\\" {
                escaped = true
            } else {
                guard character != "=" else { return nil }
                value.append(character)
            }
        }
        return escaped ? nil : (path, isEqual, value)
    }

    private static func sides(_ term: String) -> (path: String, isEqual: Bool, rest: Substring)? {
        for index in term.indices {
            for (token, isEqual) in [("!=", false), ("==", true), ("=", true)] where term[index...].hasPrefix(token) {
                return (String(term[..<index]), isEqual, term[index...].dropFirst(token.count))
            }
        }
        return nil
    }
}
