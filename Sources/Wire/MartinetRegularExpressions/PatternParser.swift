/// Reads a pattern into a tree.
struct PatternParser {
    /// As in the reference: a count in braces, and the depth of groups.
    static let repetitionMax = 1000
    static let depthMax = 250

    private struct Flags {
        var ignoresCase = false
        var isMultiline = false
        var dotMatchesNewline = false
        var isUngreedy = false
    }

    private let pattern: String
    private let scalars: [Unicode.Scalar]
    private var position = 0
    private var flags = Flags()
    private(set) var groupCount = 0

    init(_ pattern: String) {
        self.pattern = pattern
        scalars = Array(pattern.unicodeScalars)
    }

    mutating func parse() throws(RegularExpressionError) -> PatternNode {
        let node = try alternatives(depth: 0)
        guard position == scalars.count else { throw failure("unexpected )") }
        return node
    }

    func failure(_ message: String) -> RegularExpressionError {
        RegularExpressionError(pattern: pattern, message: message)
    }

    private var current: Unicode.Scalar? { position < scalars.count ? scalars[position] : nil }

    private mutating func accept(_ text: String) -> Bool {
        let wanted = Array(text.unicodeScalars)
        guard position + wanted.count <= scalars.count,
            scalars[position..<(position + wanted.count)].elementsEqual(wanted)
        else { return false }
        position += wanted.count
        return true
    }

    private mutating func alternatives(depth: Int) throws(RegularExpressionError) -> PatternNode {
        guard depth < PatternParser.depthMax else { throw failure("expression nests too deeply") }
        let saved = flags
        defer { flags = saved }
        var branches = [try sequence(depth: depth)]
        while accept("|") { branches.append(try sequence(depth: depth)) }
        return branches.count == 1 ? branches[0] : .alternatives(branches)
    }

    private mutating func sequence(depth: Int) throws(RegularExpressionError) -> PatternNode {
        var nodes: [PatternNode] = []
        while let scalar = current, scalar != "|", scalar != ")" {
            guard let atom = try atom(depth: depth) else { continue }
            nodes.append(try repetition(of: finished(atom)))
        }
        return nodes.isEmpty ? .empty : nodes.count == 1 ? nodes[0] : .sequence(nodes)
    }

    private func finished(_ node: PatternNode) -> PatternNode {
        switch node {
        case .set(var set):
            set.finish()
            return .set(set)
        // What was quoted is a sequence of its own.
        case .sequence(let nodes): return .sequence(nodes.map(finished))
        default: return node
        }
    }

    private mutating func repetition(of atom: PatternNode) throws(RegularExpressionError) -> PatternNode {
        var node = atom
        var operators = 0
        while let scalar = current {
            let bounds: (min: Int, max: Int?)
            switch scalar {
            case "*": bounds = (0, nil)
            case "+": bounds = (1, nil)
            case "?": bounds = (0, 1)
            case "{":
                let start = position
                guard let count = try braces() else {
                    position = start
                    return node
                }
                bounds = count
                position -= 1
            default: return node
            }
            position += 1
            let isGreedy = accept("?") == flags.isUngreedy
            operators += 1
            guard operators == 1 else { throw failure("invalid nested repetition operator") }
            node = .repeated(node, min: bounds.min, max: bounds.max, isGreedy: isGreedy)
        }
        return node
    }

    /// `{n}`, `{n,}` or `{n,m}`; nil where the brace is an ordinary character.
    private mutating func braces() throws(RegularExpressionError) -> (min: Int, max: Int?)? {
        position += 1
        guard let low = number() else { return nil }
        var high: Int? = low
        if accept(",") { high = current == "}" ? nil : number() ?? -1 }
        guard accept("}"), high != -1 else { return nil }
        guard low <= PatternParser.repetitionMax, high ?? 0 <= PatternParser.repetitionMax, low <= high ?? low else {
            throw failure("invalid repeat count")
        }
        return (low, high)
    }

    private mutating func number() -> Int? {
        var value: Int?
        while let scalar = current, scalar.value >= 48, scalar.value <= 57 {
            value = min((value ?? 0) * 10 + Int(scalar.value - 48), 100_000)
            position += 1
        }
        return value
    }

    /// Nil for what sets flags and matches nothing.
    private mutating func atom(depth: Int) throws(RegularExpressionError) -> PatternNode? {
        guard let scalar = current else { return nil }
        position += 1
        switch scalar {
        case "(": return try group(depth: depth)
        case "[": return .set(try characterClass())
        case ".": return .set(flags.dotMatchesNewline ? .anything : .anythingButNewline)
        case "^": return .assertion(flags.isMultiline ? .lineStart : .textStart)
        case "$": return .assertion(flags.isMultiline ? .lineEnd : .textEnd)
        case "*", "+", "?": throw failure("missing argument to repetition operator")
        case "\\": return try escape()
        default: return literal(scalar)
        }
    }

    private func literal(_ scalar: Unicode.Scalar) -> PatternNode {
        var set = ScalarSet(scalar.value...scalar.value)
        set.ignoresCase = flags.ignoresCase
        return .set(set)
    }

    private mutating func group(depth: Int) throws(RegularExpressionError) -> PatternNode? {
        if accept("?") {
            if accept("P<") || accept("<") {
                if current == "=" || current == "!" { throw failure("look-behind is not part of RE2") }
                while let scalar = current, scalar != ">" {
                    guard ScalarSet.word.contains(scalar) else { throw failure("invalid named capture") }
                    position += 1
                }
                guard accept(">") else { throw failure("invalid named capture") }
            } else {
                let outer = flags
                try readFlags()
                if accept(")") { return nil }
                guard accept(":") else { throw failure("invalid or unsupported Perl syntax") }
                let node = try alternatives(depth: depth + 1)
                flags = outer
                guard accept(")") else { throw failure("missing closing )") }
                return node
            }
        }
        groupCount += 1
        let number = groupCount
        let node = try alternatives(depth: depth + 1)
        guard accept(")") else { throw failure("missing closing )") }
        return .group(number, node)
    }

    private mutating func readFlags() throws(RegularExpressionError) {
        var value = true
        while let scalar = current, scalar != ":", scalar != ")" {
            switch scalar {
            case "-": value = false
            case "i": flags.ignoresCase = value
            case "m": flags.isMultiline = value
            case "s": flags.dotMatchesNewline = value
            case "U": flags.isUngreedy = value
            default: throw failure("invalid or unsupported Perl syntax")
            }
            position += 1
        }
    }

    private mutating func escape() throws(RegularExpressionError) -> PatternNode {
        guard let scalar = current else { throw failure("trailing backslash at end of expression") }
        switch scalar {
        case "A", "z", "b", "B":
            position += 1
            let assertions: [Unicode.Scalar: Assertion] = [
                "A": .textStart, "z": .textEnd, "b": .wordBoundary, "B": .noWordBoundary,
            ]
            return .assertion(assertions[scalar] ?? .textEnd)
        case "Q":
            position += 1
            var nodes: [PatternNode] = []
            while let quoted = current, !accept("\\E") {
                nodes.append(literal(quoted))
                position += 1
            }
            return nodes.count == 1 ? nodes[0] : .sequence(nodes)
        case "C": throw failure("\\C (any byte) is not supported")
        default:
            var set = ScalarSet()
            if let single = try classEscape(into: &set) { return literal(single) }
            set.ignoresCase = flags.ignoresCase
            return .set(set)
        }
    }

    // MARK: - Classes

    private mutating func characterClass() throws(RegularExpressionError) -> ScalarSet {
        var set = ScalarSet()
        set.isNegated = accept("^")
        set.ignoresCase = flags.ignoresCase
        var isFirst = true
        while let scalar = current {
            if scalar == "]", !isFirst {
                position += 1
                return set
            }
            isFirst = false
            if try posixClass(into: &set) { continue }
            guard let low = try classScalar(into: &set) else { continue }
            guard current == "-", position + 1 < scalars.count, scalars[position + 1] != "]" else {
                set.insert(low.value...low.value)
                continue
            }
            position += 1
            guard let high = try classScalar(into: &set), low.value <= high.value else {
                throw failure("invalid character class range")
            }
            set.insert(low.value...high.value)
        }
        throw failure("missing closing ]")
    }

    private mutating func posixClass(into set: inout ScalarSet) throws(RegularExpressionError) -> Bool {
        guard accept("[:") else { return false }
        let isNegated = accept("^")
        var name = ""
        while let scalar = current, scalar != ":" {
            name.unicodeScalars.append(scalar)
            position += 1
        }
        guard accept(":]"), let ranges = PatternParser.posix[name] else {
            throw failure("invalid character class range")
        }
        var named = ScalarSet()
        for range in ranges { named.insert(range) }
        set.insert(named, negated: isNegated)
        return true
    }

    private static let posix: [String: [ClosedRange<UInt32>]] = [
        "alnum": [48...57, 65...90, 97...122], "alpha": [65...90, 97...122], "ascii": [0...127],
        "blank": [9...9, 32...32], "cntrl": [0...31, 127...127], "digit": [48...57], "graph": [33...126],
        "lower": [97...122], "print": [32...126], "punct": [33...47, 58...64, 91...96, 123...126],
        "space": [9...13, 32...32], "upper": [65...90], "word": [48...57, 65...90, 95...95, 97...122],
        "xdigit": [48...57, 65...70, 97...102],
    ]

    /// One character of a class; nil where an escape added a whole set.
    private mutating func classScalar(into set: inout ScalarSet) throws(RegularExpressionError) -> Unicode.Scalar? {
        guard let scalar = current else { throw failure("missing closing ]") }
        position += 1
        return scalar == "\\" ? try classEscape(into: &set) : scalar
    }

    /// What follows a backslash: one character, or a set that is added.
    private mutating func classEscape(into set: inout ScalarSet) throws(RegularExpressionError) -> Unicode.Scalar? {
        guard let scalar = current else { throw failure("trailing backslash at end of expression") }
        position += 1
        switch scalar {
        case "d", "D": set.insert(.digits, negated: scalar == "D")
        case "w", "W": set.insert(.word, negated: scalar == "W")
        case "s", "S": set.insert(.space, negated: scalar == "S")
        case "p", "P": try category(negated: scalar == "P", into: &set)
        case "a": return Unicode.Scalar(7)
        case "f": return Unicode.Scalar(12)
        case "n": return "\n"
        case "r": return "\r"
        case "t": return "\t"
        case "v": return Unicode.Scalar(11)
        case "x": return try hexadecimal()
        case "0"..."7":
            var value = scalar.value - 48
            while let digit = current, digit.value >= 48, digit.value <= 55, value < 0o40 {
                value = value * 8 + digit.value - 48
                position += 1
            }
            guard scalar == "0" || value > 7 else { throw failure("back-references are not part of RE2") }
            return Unicode.Scalar(value)
        default:
            guard scalar.value < 128, !ScalarSet.word.contains(scalar) else { throw failure("invalid escape sequence") }
            return scalar
        }
        return nil
    }

    private mutating func hexadecimal() throws(RegularExpressionError) -> Unicode.Scalar {
        var digits = ""
        if accept("{") {
            while let scalar = current, scalar != "}", digits.utf8.count < 8 {
                digits.unicodeScalars.append(scalar)
                position += 1
            }
            guard accept("}") else { throw failure("invalid escape sequence") }
        } else {
            while let scalar = current, digits.utf8.count < 2 {
                digits.unicodeScalars.append(scalar)
                position += 1
            }
            guard digits.utf8.count == 2 else { throw failure("invalid escape sequence") }
        }
        guard let value = UInt32(digits, radix: 16), let scalar = Unicode.Scalar(value) else {
            throw failure("invalid escape sequence")
        }
        return scalar
    }

    private mutating func category(negated: Bool, into set: inout ScalarSet) throws(RegularExpressionError) {
        var name = ""
        var isNegated = negated
        if accept("{") {
            if accept("^") { isNegated.toggle() }
            while let scalar = current, scalar != "}" {
                name.unicodeScalars.append(scalar)
                position += 1
            }
            guard accept("}") else { throw failure("invalid character class range") }
        } else if let scalar = current {
            name.unicodeScalars.append(scalar)
            position += 1
        }
        guard ScalarSet.isCategory(name) else {
            throw failure("\\p{\(name)} is no general category, and scripts are not supported")
        }
        set.categories.append((name, isNegated))
    }
}
