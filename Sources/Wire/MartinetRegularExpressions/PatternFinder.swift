/// Runs a program over a text and tells where it and its groups match: all states at once, in order of preference, each
/// with the positions it has passed.
struct PatternFinder {
    private struct Thread {
        let state: Int
        let positions: [Int]
    }

    private let expression: RegularExpression
    private let program: [Instruction]
    private let text: [Unicode.Scalar]
    private let slotCount: Int
    private var added: [Int]
    private var generation = 0
    private var steps = 0

    init(_ expression: RegularExpression, _ text: [Unicode.Scalar]) {
        self.expression = expression
        program = expression.program
        self.text = text
        slotCount = (expression.groupCount + 1) * 2
        added = [Int](repeating: -1, count: program.count)
    }

    /// The leftmost match at or behind a position: where it and each group begin and end, -1 where a group has no part.
    /// - Throws: where finding it takes more steps than are allowed.
    mutating func find(from start: Int) throws(RegularExpressionError) -> [Int]? {
        var threads: [Thread] = []
        var next: [Thread] = []
        var found: [Int]?
        var position = start
        generation += 1
        while true {
            if found == nil {
                var positions = [Int](repeating: -1, count: slotCount)
                positions[0] = position
                follow(0, positions, at: position, into: &threads)
            }
            if threads.isEmpty, found != nil || position >= text.count { return found }
            generation += 1
            next.removeAll(keepingCapacity: true)
            scan: for thread in threads {
                switch program[thread.state] {
                case .match:
                    found = thread.positions
                    found?[1] = position
                    break scan
                case .scalar:
                    guard position < text.count, expression.reads(thread.state, text[position]) else { continue }
                    follow(thread.state + 1, thread.positions, at: position + 1, into: &next)
                default: continue
                }
            }
            steps += threads.count + 1
            guard steps <= RegularExpression.stepsMax / 5 else {
                throw RegularExpressionError(pattern: "", message: "matching takes too many steps")
            }
            swap(&threads, &next)
            if position >= text.count { return found }
            position += 1
        }
    }

    /// Adds a state and all that follow from it without reading, the preferred ones first.
    private mutating func follow(_ start: Int, _ positions: [Int], at position: Int, into threads: inout [Thread]) {
        var stack = [(start, positions)]
        while let (state, positions) = stack.popLast() {
            guard added[state] != generation else { continue }
            added[state] = generation
            steps += 1
            switch program[state] {
            case .match, .scalar: threads.append(Thread(state: state, positions: positions))
            case .jump(let target): stack.append((target, positions))
            case .split(let first, let second):
                stack.append((second, positions))
                stack.append((first, positions))
            case .save(let slot):
                var changed = positions
                if slot < changed.count { changed[slot] = position }
                stack.append((state + 1, changed))
            case .assert(let assertion):
                let before = position > 0 ? text[position - 1] : nil
                let after = position < text.count ? text[position] : nil
                if PatternMatcher.holds(assertion, before, after) { stack.append((state + 1, positions)) }
            }
        }
    }
}

extension RegularExpression {
    /// The matches from left to right, none inside another: the positions, in scalars, at which each and each of its
    /// groups begin and end, -1 where a group has no part in the match.
    /// - Throws: where finding them takes more steps than are allowed.
    package func matches(
        in text: [Unicode.Scalar], limit: Int = .max
    ) throws(RegularExpressionError) -> [[Int]] {
        var finder = PatternFinder(self, text)
        var matches: [[Int]] = []
        var position = 0
        var lastEnd = -1
        while position <= text.count, matches.count < limit, let match = try finder.find(from: position) {
            let isEmpty = match[1] == match[0]
            if !isEmpty || match[0] != lastEnd { matches.append(match) }
            // An empty match moves on by one scalar, so that the search ends.
            position = match[1] == position && isEmpty ? position + 1 : match[1]
            lastEnd = match[1]
        }
        return matches
    }
}
