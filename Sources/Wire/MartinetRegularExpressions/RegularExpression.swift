/// A regular expression with the syntax of RE2, matched in time linear in the text.
///
/// It answers whether the pattern is found anywhere in a text, and where it and its groups are found: the leftmost
/// match, and of those the one that the pattern prefers, as in Perl. Patterns come from clients: their nesting, their repetitions and the compiled size are bounded, and
/// matching takes a bounded number of steps whatever pattern and text are.
/// Source: the RE2 syntax page and the documentation of Go's regexp/syntax.
package struct RegularExpression: Sendable {
    package let pattern: String
    let program: [Instruction]
    /// How many groups capture what they match.
    package let groupCount: Int
    /// Which ASCII characters each instruction accepts, two words an instruction.
    let bitmaps: [UInt64]

    /// - Throws: where the pattern does not follow the syntax, or is larger than what is accepted.
    package init(_ pattern: String) throws(RegularExpressionError) {
        self.pattern = pattern
        var parser = PatternParser(pattern)
        var compiler = PatternCompiler()
        program = try compiler.compile(try parser.parse())
        groupCount = parser.groupCount
        var bitmaps: [UInt64] = []
        for instruction in program {
            guard case .scalar(let set) = instruction else {
                bitmaps += [0, 0]
                continue
            }
            bitmaps += [set.ascii.low, set.ascii.high]
        }
        self.bitmaps = bitmaps
    }

    /// Whether an instruction reads the scalar.
    @inline(__always)
    func reads(_ state: Int, _ scalar: Unicode.Scalar) -> Bool {
        if scalar.value < 128 {
            return bitmaps[state * 2 + Int(scalar.value >> 6)] >> UInt64(scalar.value & 63) & 1 == 1
        }
        guard case .scalar(let set) = program[state] else { return false }
        return set.contains(scalar)
    }

    /// How many steps one match may take: some seconds of an unoptimized build.
    package static let stepsMax = 100_000_000

    /// Whether it is found in the text; nil where finding out takes more steps than are allowed.
    package func isFound(in text: String) -> Bool? {
        var matcher = PatternMatcher(self)
        return matcher.run(text)
    }
}

package struct RegularExpressionError: Error, Sendable, CustomStringConvertible {
    package let pattern: String
    package let message: String
    package var description: String { "\(message): \(pattern)" }
}

/// One step of a compiled pattern; targets are places in the program.
enum Instruction: Sendable {
    case scalar(ScalarSet)
    case split(Int, Int)
    case jump(Int)
    case assert(Assertion)
    /// Remembers the position: twice a group's number where it begins, one more where it ends.
    case save(Int)
    case match
}

enum Assertion: Sendable {
    case textStart, textEnd, lineStart, lineEnd, wordBoundary, noWordBoundary
}

/// A pattern as a tree.
indirect enum PatternNode {
    case empty
    case set(ScalarSet)
    case assertion(Assertion)
    case sequence([PatternNode])
    case alternatives([PatternNode])
    case repeated(PatternNode, min: Int, max: Int?, isGreedy: Bool)
    case group(Int, PatternNode)
}
