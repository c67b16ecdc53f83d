/// Turns a pattern's tree into a program of bounded size (Thompson's construction).
struct PatternCompiler {
    /// How many instructions a pattern may become.
    static let instructionsMax = 20_000

    private var program: [Instruction] = []

    mutating func compile(_ node: PatternNode) throws(RegularExpressionError) -> [Instruction] {
        try append(node)
        program.append(.match)
        return program
    }

    private mutating func emit(_ instruction: Instruction) throws(RegularExpressionError) {
        guard program.count < PatternCompiler.instructionsMax else {
            throw RegularExpressionError(pattern: "", message: "expression is too large")
        }
        program.append(instruction)
    }

    private mutating func append(_ node: PatternNode) throws(RegularExpressionError) {
        switch node {
        case .empty: break
        case .set(let set): try emit(.scalar(set))
        case .assertion(let assertion): try emit(.assert(assertion))
        case .sequence(let nodes): for node in nodes { try append(node) }
        case .alternatives(let nodes):
            var jumps: [Int] = []
            for node in nodes.dropLast() {
                let split = program.count
                try emit(.jump(0))
                try append(node)
                jumps.append(program.count)
                try emit(.jump(0))
                program[split] = .split(split + 1, program.count)
            }
            if let last = nodes.last { try append(last) }
            for jump in jumps { program[jump] = .jump(program.count) }
        case .repeated(let node, let min, let max, let isGreedy): try appendRepeated(node, min, max, isGreedy)
        case .group(let number, let node):
            try emit(.save(number * 2))
            try append(node)
            try emit(.save(number * 2 + 1))
        }
    }

    private mutating func appendRepeated(
        _ node: PatternNode, _ min: Int, _ max: Int?, _ isGreedy: Bool
    ) throws(RegularExpressionError) {
        for _ in 0..<min { try append(node) }
        guard let max else {
            let split = program.count
            try emit(.jump(0))
            try append(node)
            try emit(.jump(split))
            program[split] = fork(split, isGreedy)
            return
        }
        guard max > min else { return }
        var splits: [Int] = []
        for _ in min..<max {
            splits.append(program.count)
            try emit(.jump(0))
            try append(node)
        }
        for split in splits { program[split] = fork(split, isGreedy) }
    }

    /// Into what follows, or past it; the preferred way first.
    private func fork(_ split: Int, _ isGreedy: Bool) -> Instruction {
        isGreedy ? .split(split + 1, program.count) : .split(program.count, split + 1)
    }
}
