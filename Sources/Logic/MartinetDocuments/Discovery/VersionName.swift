/// A version's name as Kubernetes orders them: stable above beta above alpha, then by number; all others below, where
/// the one that comes first in the alphabet is the highest.
package struct VersionName: Comparable, Sendable {
    private let stability: Int
    private let major: Int
    private let minor: Int
    private let text: String

    package init(_ text: String) {
        self.text = text
        var rest = text.utf8.dropFirst()
        func number() -> Int? {
            let digits = rest.prefix { $0 >= 48 && $0 <= 57 }
            guard !digits.isEmpty, digits.first != 48, let value = Int(String(digits) ?? "") else { return nil }
            rest = rest.dropFirst(digits.count)
            return value
        }
        guard text.utf8.first == 118, let major = number() else {
            (stability, major, minor) = (0, 0, 0)
            return
        }
        let level = String(rest.prefix { $0 >= 97 && $0 <= 122 }) ?? ""
        rest = rest.dropFirst(level.utf8.count)
        switch level {
        case "" where rest.isEmpty: (stability, self.major, minor) = (3, major, 0)
        case "beta", "alpha":
            if let minor = number(), rest.isEmpty {
                (stability, self.major, self.minor) = (level == "beta" ? 2 : 1, major, minor)
            } else {
                (stability, self.major, minor) = (0, 0, 0)
            }
        default: (stability, self.major, minor) = (0, 0, 0)
        }
    }

    package static func < (a: VersionName, b: VersionName) -> Bool {
        if a.stability != b.stability { return a.stability < b.stability }
        if a.stability == 0 { return b.text.utf8.lexicographicallyPrecedes(a.text.utf8) }
        return (a.major, a.minor) < (b.major, b.minor)
    }
}
