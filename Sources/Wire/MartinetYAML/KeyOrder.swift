extension YAMLNode {
    /// The same tree with every map's keys in the order of kubectl's output.
    package func sorted() -> YAMLNode {
        var copy = self
        switch value {
        case .list(let items): copy.value = .list(items.map { $0.sorted() })
        case .map(let entries):
            let sorted = entries.map { Entry(key: $0.key, keyMark: $0.keyMark, node: $0.node.sorted()) }
            copy.value = .map(sorted.sorted { KeyOrder.precedes($0.key, $1.key) })
        default: break
        }
        return copy
    }
}

/// The order in which go-yaml v2 writes the keys of a map: letters by code point after everything else, and runs of
/// digits by their value (`a2` before `a10`).
package enum KeyOrder {
    package static func precedes(_ a: String, _ b: String) -> Bool {
        let a = Array(a.unicodeScalars)
        let b = Array(b.unicodeScalars)
        for index in 0..<min(a.count, b.count) where a[index] != b[index] {
            let aLetter = a[index].properties.isLetter
            let bLetter = b[index].properties.isLetter
            if aLetter && bLetter { return a[index] < b[index] }
            if aLetter || bLetter { return bLetter }
            return digitsPrecede(a, b, at: index)
        }
        return a.count < b.count
    }

    private static func digitsPrecede(_ a: [Unicode.Scalar], _ b: [Unicode.Scalar], at index: Int) -> Bool {
        // A zero inside a number is a digit like others; at its start it counts for nothing.
        var start: Int64 = 0
        if a[index] == "0" || b[index] == "0" {
            var before = index - 1
            while before >= 0, a[before].properties.isDigit {
                if a[before] != "0" {
                    start = 1
                    break
                }
                before -= 1
            }
        }
        let (aValue, aEnd) = number(a, index, start)
        let (bValue, bEnd) = number(b, index, start)
        if aValue != bValue { return aValue < bValue }
        if aEnd != bEnd { return aEnd < bEnd }
        return a[index] < b[index]
    }

    private static func number(_ text: [Unicode.Scalar], _ start: Int, _ initial: Int64) -> (Int64, Int) {
        var value = initial
        var index = start
        while index < text.count, text[index].properties.isDigit {
            value = value &* 10 &+ (Int64(text[index].value) - 0x30)
            index += 1
        }
        return (value, index)
    }
}

extension Unicode.Scalar.Properties {
    fileprivate var isLetter: Bool {
        switch generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: true
        default: false
        }
    }
    fileprivate var isDigit: Bool { generalCategory == .decimalNumber }
}
