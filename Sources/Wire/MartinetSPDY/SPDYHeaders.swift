/// The header block of a SPDY frame: names in lower case, in the order they came. A name comes once; several values of
/// it are joined by a zero byte (SPDY/3.1 §2.6.10).
package struct SPDYHeaders: Sendable, Hashable, ExpressibleByDictionaryLiteral {
    package private(set) var fields: [Field] = []

    package struct Field: Sendable, Hashable {
        package let name: String
        package let value: String
    }

    package init() {}
    package init(dictionaryLiteral elements: (String, String)...) {
        for (name, value) in elements { append(name, value) }
    }

    package mutating func append(_ name: String, _ value: String) {
        fields.append(Field(name: name.lowercased(), value: value))
    }

    /// The first value of `name`, which is compared without regard to case.
    package subscript(name: String) -> String? {
        let wanted = name.lowercased()
        guard let field = fields.first(where: { $0.name == wanted }) else { return nil }
        return field.value.split(separator: "\0", omittingEmptySubsequences: false).first.map(String.init)
    }
}
