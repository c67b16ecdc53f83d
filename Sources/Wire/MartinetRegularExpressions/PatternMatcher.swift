/// Runs a program over a text, all of its states at once (Pike's simulation).
struct PatternMatcher {
    private let expression: RegularExpression
    private let program: [Instruction]
    /// The text position for which a state was last added, so that each is added once a position.
    private var added: [Int]
    private var stack: [Int] = []
    private var steps = 0

    init(_ expression: RegularExpression) {
        self.expression = expression
        program = expression.program
        added = [Int](repeating: -1, count: program.count)
    }

    /// Whether the program is found; nil where that takes too many steps.
    mutating func run(_ text: String) -> Bool? {
        var states: [Int] = []
        var next: [Int] = []
        var before: Unicode.Scalar?
        var position = 0
        var iterator = text.unicodeScalars.makeIterator()
        var current = iterator.next()
        while true {
            if follow(0, into: &states, at: position, before, current) { return true }
            guard let scalar = current else { return false }
            before = scalar
            current = iterator.next()
            next.removeAll(keepingCapacity: true)
            for state in states {
                guard expression.reads(state, scalar) else { continue }
                if follow(state + 1, into: &next, at: position + 1, before, current) { return true }
            }
            steps += states.count + 1
            guard steps <= RegularExpression.stepsMax else { return nil }
            swap(&states, &next)
            position += 1
        }
    }

    /// Adds a state and all that follow from it without reading. True where one of them is the match.
    private mutating func follow(
        _ start: Int, into states: inout [Int], at position: Int, _ before: Unicode.Scalar?, _ after: Unicode.Scalar?
    ) -> Bool {
        stack.append(start)
        defer { stack.removeAll(keepingCapacity: true) }
        while let state = stack.popLast() {
            guard added[state] != position else { continue }
            added[state] = position
            steps += 1
            switch program[state] {
            case .match: return true
            case .scalar: states.append(state)
            case .jump(let target): stack.append(target)
            case .save: stack.append(state + 1)
            case .split(let first, let second):
                stack.append(second)
                stack.append(first)
            case .assert(let assertion):
                if PatternMatcher.holds(assertion, before, after) { stack.append(state + 1) }
            }
        }
        return false
    }

    static func holds(_ assertion: Assertion, _ before: Unicode.Scalar?, _ after: Unicode.Scalar?) -> Bool {
        func isWord(_ scalar: Unicode.Scalar?) -> Bool { scalar.map(ScalarSet.word.contains) ?? false }
        return switch assertion {
        case .textStart: before == nil
        case .textEnd: after == nil
        case .lineStart: before == nil || before == "\n"
        case .lineEnd: after == nil || after == "\n"
        case .wordBoundary: isWord(before) != isWord(after)
        case .noWordBoundary: isWord(before) == isWord(after)
        }
    }
}
