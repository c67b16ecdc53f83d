import MartinetRegularExpressions

/// Turns a tree into steps, and computes at once what does not depend on variables.
struct CELPlanner {
    private let tree: CELTree
    private let environment: CELEnvironment
    private let references: [CELCheckedTree.Reference?]
    private var planned: [Int: any CELNode] = [:]
    private var scopes: [[String: any CELNode]] = []
    private var localCount = 0

    init(_ tree: CELTree, _ environment: CELEnvironment, references: [CELCheckedTree.Reference?]) {
        self.tree = tree
        self.environment = environment
        self.references = references
    }

    mutating func program(resultType: CELType) throws(CELIssues) -> CELProgram {
        let root = try plan(tree.root)
        return CELProgram(root: root, localCount: localCount, resultType: resultType)
    }

    private func failure(_ expression: CELExpression, _ message: String) -> CELIssues {
        CELIssues([tree.issue(at: expression.id, message)])
    }

    /// A node that a macro uses twice is planned once.
    private mutating func plan(_ expression: CELExpression) throws(CELIssues) -> any CELNode {
        if let node = planned[expression.id] { return node }
        let node = try plan(kindOf: expression)
        planned[expression.id] = node
        return node
    }

    private mutating func plan(_ expressions: [CELExpression]) throws(CELIssues) -> [any CELNode] {
        var nodes: [any CELNode] = []
        for expression in expressions { nodes.append(try plan(expression)) }
        return nodes
    }

    private mutating func plan(kindOf expression: CELExpression) throws(CELIssues) -> any CELNode {
        switch expression.kind {
        case .literal(let value): return CELConstantNode(value)
        case .identifier(let name):
            return named(name, references[expression.id]) ?? CELMissingNode(name)
        case .select(let operand, let field, let isTest):
            if let name = expression.qualifiedName, let node = named(name, references[expression.id], isExact: true) {
                return node
            }
            let operand = try plan(operand)
            guard !isTest else {
                return CELPresenceNode(operand, field: field, hasCost: environment.presenceTestHasCost)
            }
            return CELSelectNode(operand, key: .string(field), isOptional: false)
        case .call(let name, let target, let arguments): return try planCall(expression, name, target, arguments)
        case .list(let elements, let optional):
            let nodes = try plan(elements)
            let values = nodes.compactMap { ($0 as? CELConstantNode)?.value }
            guard values.count == nodes.count, optional.isEmpty else { return CELListNode(nodes, optional: optional) }
            return CELConstantNode(.list(CELArray(values)))
        case .map(let entries):
            var nodes: [CELMapNode.Entry] = []
            for entry in entries { nodes.append((try plan(entry.key), try plan(entry.value), entry.isOptional)) }
            let node = CELMapNode(nodes)
            let isConstant = nodes.allSatisfy { $0.key is CELConstantNode && $0.value is CELConstantNode }
            guard isConstant else { return node }
            return CELConstantNode(node.evaluate(CELFrame(variables: [], localCount: 0, costLimit: .max)))
        case .structure(let name, let fields):
            var nodes: [CELStructureNode.Field] = []
            for field in fields { nodes.append((field.name, try plan(field.value), field.isOptional)) }
            let found = environment.candidates(for: name).first(where: environment.types.hasType)
            guard let found else { throw failure(expression, "unknown type: \(name)") }
            return CELStructureNode(found, nodes, environment.types)
        case .comprehension(let fold): return try planFold(fold)
        }
    }

    // MARK: - Names

    private func named(
        _ name: String, _ reference: CELCheckedTree.Reference?, isExact: Bool = false
    ) -> (any CELNode)? {
        switch reference {
        case .constant(let value): return CELConstantNode(value)
        case .local(let name):
            for scope in scopes.reversed() {
                if let node = scope[name] { return node }
            }
            return nil
        case .variable(let full):
            return environment.slot(of: full).map { CELVariableNode(slot: $0) }
        case .function: return nil
        case nil: break
        }
        if !name.hasPrefix(".") {
            let first = name.split(separator: ".").first.map(String.init) ?? name
            for scope in scopes.reversed() {
                if let node = scope[name] { return node }
                if isExact, scope[first] != nil { return nil }
            }
        }
        for candidate in environment.candidates(for: name) {
            if let slot = environment.slot(of: candidate) { return CELVariableNode(slot: slot) }
            if let value = environment.constants[candidate] { return CELConstantNode(value) }
            if let type = environment.typeValue(candidate) { return CELConstantNode(.type(type)) }
        }
        return nil
    }

    // MARK: - Calls

    private mutating func planCall(
        _ expression: CELExpression, _ name: String, _ target: CELExpression?, _ arguments: [CELExpression]
    ) throws(CELIssues) -> any CELNode {
        if target == nil, let node = try planOperator(name, arguments) { return node }
        var function: CELFunction?
        var receiver = target
        var candidates: [CELOverload] = []
        if case .function(let overloads) = references[expression.id] {
            candidates = overloads
            function = environment.functions[name]
        } else {
            if let target {
                if let prefix = target.qualifiedName, let found = environment.function(prefix + "." + name) {
                    function = found
                    receiver = nil
                } else {
                    function = environment.functions[name]
                }
            } else {
                function = environment.function(name)
            }
            let count = arguments.count + (receiver == nil ? 0 : 1)
            candidates = (function?.overloads ?? []).filter {
                $0.isMember == (receiver != nil) && $0.arguments.count == count
            }
        }
        guard let function, !candidates.isEmpty else {
            // Only what was not checked can name what does not exist: that is an error where it is evaluated.
            return CELConstantNode(.noSuchOverload(name))
        }
        let nodes = try plan((receiver.map { [$0] } ?? []) + arguments)
        if receiver != nil, nodes.count == 2, candidates[0].id.hasPrefix("optional_or") {
            return CELAlternativeNode(nodes[0], nodes[1], unwraps: name == "orValue")
        }
        return try call(expression, function.name, candidates, nodes)
    }

    private mutating func planOperator(
        _ name: String, _ arguments: [CELExpression]
    ) throws(CELIssues) -> (any CELNode)? {
        switch (name, arguments.count) {
        case ("_&&_", 2): return CELLogicNode(try plan(arguments[0]), try plan(arguments[1]), deciding: false)
        case ("_||_", 2): return CELLogicNode(try plan(arguments[0]), try plan(arguments[1]), deciding: true)
        case ("_?_:_", 3):
            return CELConditionalNode(try plan(arguments[0]), try plan(arguments[1]), try plan(arguments[2]))
        case ("_[_]", 2), ("_[?_]", 2), ("_?._", 2):
            let operand = try plan(arguments[0])
            let index = try plan(arguments[1])
            guard let constant = index as? CELConstantNode else {
                return CELIndexNode(operand, index: index, isOptional: name != "_[_]")
            }
            return CELSelectNode(operand, key: constant.value, isOptional: name != "_[_]")
        default: return nil
        }
    }

    private static let conversions: Set<String> = [
        "bool", "bytes", "double", "duration", "dyn", "int", "string", "timestamp", "type", "uint",
    ]

    private func call(
        _ expression: CELExpression, _ name: String, _ candidates: [CELOverload], _ nodes: [any CELNode]
    ) throws(CELIssues) -> any CELNode {
        let overload = candidates.count == 1 ? candidates[0].id : ""
        let id = name == "_==_" ? "equals" : name == "_!=_" ? "not_equals" : overload
        let cost =
            environment.costs.runtimeCost(function: name, overload: id) ?? CELStandardCosts.standard(id)
        if name == "@in", overload == "in_list", let node = membership(nodes) { return node }
        if name == "matches", nodes.count == 2, let pattern = nodes[1] as? CELConstantNode,
            case .string(let text) = pattern.value
        {
            do throws(RegularExpressionError) {
                let regex = try RegularExpression(text)
                return CELBinaryNode(nodes[0], nodes[1], cost) { text, _ in CELText.matches(text, regex) }
            } catch {
                throw failure(expression, "error parsing regexp: \(error.message)")
            }
        }
        let isNonStrict = candidates[0].isNonStrict
        let node: any CELNode
        switch nodes.count {
        case 1: node = CELUnaryNode(nodes[0], cost, isNonStrict: isNonStrict, CELDispatch.unary(name, candidates))
        case 2 where !isNonStrict: node = CELBinaryNode(nodes[0], nodes[1], cost, CELDispatch.binary(name, candidates))
        default: node = CELVariadicNode(nodes, cost, isNonStrict: isNonStrict, CELDispatch.variadic(name, candidates))
        }
        guard nodes.count == 1, nodes[0] is CELConstantNode, CELPlanner.conversions.contains(name) else { return node }
        let value = node.evaluate(CELFrame(variables: [], localCount: 0, costLimit: .max))
        if case .error(let error) = value { throw failure(expression, error.message) }
        return CELConstantNode(value)
    }

    /// Membership in a list of constants that can be keys.
    private func membership(_ nodes: [any CELNode]) -> (any CELNode)? {
        guard nodes.count == 2, let list = nodes[1] as? CELConstantNode, case .list(let elements) = list.value else {
            return nil
        }
        var keys: Set<CELKey> = []
        if elements.count == 0 { return CELConstantNode(.bool(false)) }
        for index in 0..<elements.count {
            guard let key = CELKey(elements.element(at: index)) else { return nil }
            keys.insert(key)
        }
        return CELMembershipNode(nodes[0], keys: keys)
    }

    // MARK: - Folds

    private mutating func newLocal() -> Int {
        localCount += 1
        return localCount - 1
    }

    private mutating func planFold(_ fold: CELExpression.Comprehension) throws(CELIssues) -> any CELNode {
        if fold.shape == .binding {
            let value = try plan(fold.initial)
            let slot = newLocal()
            scopes.append([fold.accumulator: CELBoundNode(slot: slot, value: value)])
            defer { scopes.removeLast() }
            return CELBindingNode(slot: slot, result: try plan(fold.result))
        }
        let range = CELFoldRange(
            range: try plan(fold.range), slot: newLocal(), secondSlot: fold.secondVariable == nil ? nil : newLocal())
        var scope: [String: any CELNode] = [fold.variable: CELLocalNode(slot: range.slot)]
        if let name = fold.secondVariable, let slot = range.secondSlot { scope[name] = CELLocalNode(slot: slot) }
        scopes.append(scope)
        defer { scopes.removeLast() }
        let filter: (any CELNode)?
        if let condition = fold.filter { filter = try plan(condition) } else { filter = nil }
        let body = try plan(fold.body)
        switch fold.shape {
        case .all: return CELQuantifierNode(range, body, isAll: true)
        case .exists: return CELQuantifierNode(range, body, isAll: false)
        case .existsOne: return CELExistsOneNode(range, body)
        case .list, .binding: return CELListFoldNode(range, filter: filter, body)
        case .map: return CELMapFoldNode(range, filter: filter, body, isEntry: false)
        case .mapEntry: return CELMapFoldNode(range, filter: filter, body, isEntry: true)
        }
    }
}
