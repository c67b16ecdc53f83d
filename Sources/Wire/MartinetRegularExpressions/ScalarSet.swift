/// A set of Unicode scalars: what one place of a pattern accepts.
struct ScalarSet: Sendable {
    private(set) var ranges: [ClosedRange<UInt32>] = []
    /// Two-letter or one-letter general categories, and whether each is negated.
    var categories: [(name: String, isNegated: Bool)] = []
    /// Sets inside a class that stand for everything but themselves, such as `\D`.
    var complements: [ScalarSet] = []
    var isNegated = false
    var ignoresCase = false
    /// Which ASCII characters it contains, once it is finished.
    private(set) var ascii: (low: UInt64, high: UInt64) = (0, 0)

    init() {}
    init(_ ranges: ClosedRange<UInt32>...) { self.ranges = ranges }

    static let anything = ScalarSet(0...0x10FFFF)
    static let anythingButNewline = ScalarSet(0...9, 11...0x10FFFF)
    static let digits = ScalarSet(48...57)
    static let word = ScalarSet(48...57, 65...90, 95...95, 97...122)
    static let space = ScalarSet(9...10, 12...13, 32...32)

    mutating func insert(_ range: ClosedRange<UInt32>) { ranges.append(range) }
    mutating func insert(_ set: ScalarSet, negated: Bool) {
        if negated { complements.append(set) } else { ranges += set.ranges }
    }

    /// Works out what it says of ASCII, so that matching looks at a bit there.
    mutating func finish() {
        func bits(_ range: ClosedRange<UInt32>, _ word: UInt32) -> UInt64 {
            let low = max(range.lowerBound, word * 64)
            let high = min(range.upperBound, word * 64 + 63)
            guard low <= high else { return 0 }
            return (.max >> UInt64(63 - (high - low))) << UInt64(low - word * 64)
        }
        ascii = (0, 0)
        if !ignoresCase, categories.isEmpty, complements.isEmpty {
            for range in ranges {
                ascii.low |= bits(range, 0)
                ascii.high |= bits(range, 1)
            }
            if isNegated { ascii = (~ascii.low, ~ascii.high) }
            return
        }
        for value in UInt8(0)..<128 where contains(Unicode.Scalar(value)) {
            if value < 64 { ascii.low |= 1 << UInt64(value) } else { ascii.high |= 1 << UInt64(value - 64) }
        }
    }

    func contains(_ scalar: Unicode.Scalar) -> Bool {
        var found = holds(scalar)
        if !found, ignoresCase {
            let properties = scalar.properties
            for text in [properties.lowercaseMapping, properties.uppercaseMapping] {
                let scalars = text.unicodeScalars
                if scalars.count == 1, let other = scalars.first, other != scalar, holds(other) { found = true }
            }
        }
        return found != isNegated
    }

    private func holds(_ scalar: Unicode.Scalar) -> Bool {
        let value = scalar.value
        for range in ranges where range.contains(value) { return true }
        for set in complements where !set.contains(scalar) { return true }
        for (name, isNegated) in categories where ScalarSet.category(name, scalar) != isNegated { return true }
        return false
    }

    /// General categories by their short names (UAX #44).
    static let categoryNames: [Unicode.GeneralCategory: String] = [
        .uppercaseLetter: "Lu", .lowercaseLetter: "Ll", .titlecaseLetter: "Lt", .modifierLetter: "Lm",
        .otherLetter: "Lo", .nonspacingMark: "Mn", .spacingMark: "Mc", .enclosingMark: "Me", .decimalNumber: "Nd",
        .letterNumber: "Nl", .otherNumber: "No", .connectorPunctuation: "Pc", .dashPunctuation: "Pd",
        .openPunctuation: "Ps", .closePunctuation: "Pe", .initialPunctuation: "Pi", .finalPunctuation: "Pf",
        .otherPunctuation: "Po", .mathSymbol: "Sm", .currencySymbol: "Sc", .modifierSymbol: "Sk", .otherSymbol: "So",
        .spaceSeparator: "Zs", .lineSeparator: "Zl", .paragraphSeparator: "Zp", .control: "Cc", .format: "Cf",
        .surrogate: "Cs", .privateUse: "Co",
    ]

    static func isCategory(_ name: String) -> Bool {
        name == "Any" || categoryNames.values.contains { $0.hasPrefix(name) && !name.isEmpty }
    }

    private static func category(_ name: String, _ scalar: Unicode.Scalar) -> Bool {
        if name == "Any" { return true }
        return categoryNames[scalar.properties.generalCategory]?.hasPrefix(name) ?? false
    }
}
