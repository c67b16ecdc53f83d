/// A node of the tree. Identifiers of nodes are small and dense: tables beside the tree are arrays.
package final class CELExpression {
    package enum Kind {
        case literal(CELValue)
        case identifier(String)
        case select(CELExpression, field: String, isTest: Bool)
        case call(String, target: CELExpression?, [CELExpression])
        case list([CELExpression], optional: Set<Int>)
        case map([Entry])
        case structure(String, [Field])
        case comprehension(Comprehension)
    }

    package struct Entry {
        package let key: CELExpression
        package let value: CELExpression
        package let isOptional: Bool
    }

    package struct Field {
        package let id: Int
        package let name: String
        package let value: CELExpression
        package let isOptional: Bool
    }

    /// A fold over a range, with one or two variables; every macro over lists and maps is one.
    package final class Comprehension {
        package let range: CELExpression
        package let variable: String
        package let secondVariable: String?
        package let accumulator: String
        package let initial: CELExpression
        package let condition: CELExpression
        package let step: CELExpression
        package let result: CELExpression
        /// Which macro it comes from; `binding` binds a name and folds nothing.
        enum Shape { case all, exists, existsOne, list, map, mapEntry, binding }
        let shape: Shape
        /// What an element must fulfil to be folded, and what is made of it.
        let filter: CELExpression?
        let body: CELExpression

        init(
            range: CELExpression, variable: String, secondVariable: String? = nil, accumulator: String,
            initial: CELExpression, condition: CELExpression, step: CELExpression, result: CELExpression,
            shape: Shape, filter: CELExpression? = nil, body: CELExpression
        ) {
            self.range = range
            self.variable = variable
            self.secondVariable = secondVariable
            self.accumulator = accumulator
            self.initial = initial
            self.condition = condition
            self.step = step
            self.result = result
            self.shape = shape
            self.filter = filter
            self.body = body
        }
    }

    package let id: Int
    package var kind: Kind
    /// How many levels the tree below it has.
    package let depth: Int

    init(id: Int, _ kind: Kind) {
        self.id = id
        self.kind = kind
        var below = 0
        CELExpression.visitChildren(of: kind) { below = max(below, $0.depth) }
        depth = below + 1
    }

    package static func visitChildren(of kind: Kind, _ visit: (CELExpression) -> Void) {
        switch kind {
        case .literal, .identifier: break
        case .select(let operand, _, _): visit(operand)
        case .call(_, let target, let arguments):
            if let target { visit(target) }
            arguments.forEach(visit)
        case .list(let elements, _): elements.forEach(visit)
        case .map(let entries):
            for entry in entries {
                visit(entry.key)
                visit(entry.value)
            }
        case .structure(_, let fields): for field in fields { visit(field.value) }
        case .comprehension(let fold):
            for child in [fold.range, fold.initial, fold.condition, fold.step, fold.result] { visit(child) }
        }
    }

    /// `a.b.c` as a name; nil for anything else.
    package var qualifiedName: String? {
        switch kind {
        case .identifier(let name): name
        case .select(let operand, let field, false): operand.qualifiedName.map { $0 + "." + field }
        default: nil
        }
    }
}

/// A tree with the place of each of its nodes.
package struct CELTree {
    package let root: CELExpression
    /// Offsets in Unicode scalars, by node.
    let offsets: [Int]
    private let lineStarts: [Int]

    init(root: CELExpression, offsets: [Int], source: [Unicode.Scalar]) {
        self.root = root
        self.offsets = offsets
        lineStarts = CELTree.lineStarts(of: source)
    }

    static func lineStarts(of source: [Unicode.Scalar]) -> [Int] {
        var starts = [0]
        for (index, scalar) in source.enumerated() where scalar == "\n" { starts.append(index + 1) }
        return starts
    }

    static func issue(at offset: Int, _ message: String, lineStarts: [Int]) -> CELIssue {
        let line = (lineStarts.firstIndex { $0 > offset } ?? lineStarts.count) - 1
        return CELIssue(line: line + 1, column: offset - lineStarts[line] + 1, message: message)
    }

    func issue(at id: Int, _ message: String) -> CELIssue {
        CELTree.issue(at: id < offsets.count ? offsets[id] : 0, message, lineStarts: lineStarts)
    }

    package var nodeCount: Int { offsets.count }
}
