/// The fields of a message in the order they came, looked up without regard to case (RFC 9110 §5.1).
package struct HTTPHeaderList: Sendable, ExpressibleByArrayLiteral {
    package private(set) var fields: [(name: String, value: String)]

    package init(_ fields: [(String, String)] = []) { self.fields = fields.map { (name: $0.0, value: $0.1) } }
    package init(arrayLiteral elements: (String, String)...) { self.init(elements) }

    /// The first value of `name`.
    package subscript(name: String) -> String? {
        for field in fields where HTTPHeaderList.same(field.name, name) { return field.value }
        return nil
    }

    /// Every value of `name`, in order.
    package func all(_ name: String) -> [String] {
        fields.compactMap { HTTPHeaderList.same($0.name, name) ? $0.value : nil }
    }

    /// The comma-separated members of every value of `name`, without white space, empty ones left out (RFC 9110 §5.6.1).
    package func tokens(_ name: String) -> [String] {
        var out: [String] = []
        for field in fields where HTTPHeaderList.same(field.name, name) {
            for part in field.value.utf8.split(separator: 44) {
                let trimmed = part.drop { $0 == 32 || $0 == 9 }
                var end = trimmed.endIndex
                while end > trimmed.startIndex {
                    let before = trimmed.index(before: end)
                    guard trimmed[before] == 32 || trimmed[before] == 9 else { break }
                    end = before
                }
                if trimmed.startIndex < end { out.append(String(trimmed[trimmed.startIndex..<end]) ?? "") }
            }
        }
        return out
    }

    /// Whether `token` is a member of `name`'s list, without regard to case.
    package func contains(_ name: String, token: String) -> Bool {
        tokens(name).contains { HTTPHeaderList.same($0, token) }
    }

    package mutating func append(_ name: String, _ value: String) { fields.append((name: name, value: value)) }

    /// Whether two field names or tokens are equal but for the case of ASCII letters.
    package static func same(_ a: String, _ b: String) -> Bool {
        let (a, b) = (a.utf8, b.utf8)
        guard a.count == b.count else { return false }
        for (x, y) in zip(a, b) where x != y {
            guard x ^ y == 0x20, x | 0x20 >= 97, x | 0x20 <= 122 else { return false }
        }
        return true
    }
}
