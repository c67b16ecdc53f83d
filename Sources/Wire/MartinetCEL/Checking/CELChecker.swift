/// A tree whose names are resolved and whose types agree.
package struct CELCheckedTree {
    package enum Reference {
        case variable(String)
        /// A variable of a macro.
        case local(String)
        case constant(CELValue)
        case function([CELOverload])
    }
    package let tree: CELTree
    package var root: CELExpression { tree.root }
    package fileprivate(set) var types: [CELType]
    package fileprivate(set) var references: [Reference?]

    package func type(of expression: CELExpression) -> CELType { types[expression.id] }
    package var resultType: CELType { types[root.id] }
}

/// Resolves names and overloads and finds the type of every node.
///
/// Source: the language definition of CEL, "gradual type checking".
struct CELChecker {
    private let environment: CELEnvironment
    private let tree: CELTree
    private var types: [CELType?]
    private var references: [CELCheckedTree.Reference?]
    private var mapping = CELTypeMapping()
    private var scopes: [[String: CELType]] = []
    private var parameterCount = 1000
    private var issues: [CELIssue] = []
    /// Elements that must be of one type, and how many calls around a literal exempt it from that.
    private var literals: [[(id: Int, isOptional: Bool)]] = []
    private var exemptions = 0

    init(_ tree: CELTree, _ environment: CELEnvironment) {
        self.tree = tree
        self.environment = environment
        types = Array(repeating: nil, count: tree.nodeCount)
        references = Array(repeating: nil, count: tree.nodeCount)
    }

    mutating func check() throws(CELIssues) -> CELCheckedTree {
        check(tree.root)
        checkLiterals()
        guard issues.isEmpty else { throw CELIssues(issues) }
        let final = types.map { $0.map { mapping.substitute($0, parametersToDynamic: true) } ?? .dyn }
        return CELCheckedTree(tree: tree, types: final, references: references)
    }

    /// Elements of one literal must be of equal types once all types are known.
    private mutating func checkLiterals() {
        guard issues.isEmpty else { return }
        for literal in literals {
            var first: CELType?
            for (id, isOptional) in literal {
                var type = shown(types[id] ?? .error)
                if isOptional { type = type.optionalElement ?? type }
                if case .nullable(let inner) = type { type = inner }
                if let first, first != type {
                    report(id, "expected type '\(first)' but found '\(type)'")
                    break
                }
                first = first ?? type
            }
        }
    }

    private mutating func note(_ elements: [(id: Int, isOptional: Bool)]) {
        if environment.requiresHomogeneousLiterals, exemptions == 0, elements.count > 1 { literals.append(elements) }
    }

    // MARK: - Bookkeeping

    private mutating func report(_ id: Int, _ message: String) {
        if issues.count < 100 { issues.append(tree.issue(at: id, message)) }
    }

    private mutating func report(undeclared name: String, _ id: Int) {
        report(id, "undeclared reference to '\(name)' (in container '\(environment.container)')")
    }

    private func type(_ expression: CELExpression) -> CELType { types[expression.id] ?? .error }
    private func shown(_ type: CELType) -> CELType { mapping.substitute(type, parametersToDynamic: true) }

    private mutating func newParameter() -> CELType {
        parameterCount += 1
        return .parameter(parameterCount)
    }

    /// A variable, type or constant by its name.
    private func lookup(_ name: String) -> (CELType, CELCheckedTree.Reference, String)? {
        if !name.hasPrefix(".") {
            for scope in scopes.reversed() {
                if let type = scope[name] { return (type, .local(name), name) }
            }
        }
        for candidate in environment.candidates(for: name) {
            if let slot = environment.slot(of: candidate) {
                return (environment.variables[slot].type, .variable(candidate), candidate)
            }
            if let value = environment.constants[candidate] { return (value.type, .constant(value), candidate) }
            if let type = environment.typeValue(candidate) {
                return (.type(type), .constant(.type(type)), candidate)
            }
        }
        return nil
    }

    // MARK: - Nodes

    /// A node that a macro uses twice is checked once.
    private mutating func check(_ expression: CELExpression) {
        guard types[expression.id] == nil else { return }
        let type: CELType
        switch expression.kind {
        case .literal(let value): type = value.type
        case .identifier(let name): type = checkIdentifier(expression, name)
        case .select(let operand, let field, let isTest): type = checkSelect(expression, operand, field, isTest)
        case .call(let name, let target, let arguments): type = checkCall(expression, name, target, arguments)
        case .list(let elements, let optional): type = checkList(elements, optional)
        case .map(let entries): type = checkMap(entries)
        case .structure(let name, let fields): type = checkStructure(expression, name, fields)
        case .comprehension(let fold): type = checkComprehension(fold)
        }
        types[expression.id] = type
    }

    private mutating func checkIdentifier(_ expression: CELExpression, _ name: String) -> CELType {
        guard let (type, reference, full) = lookup(name) else {
            report(undeclared: name, expression.id)
            return .error
        }
        references[expression.id] = reference
        expression.kind = .identifier(full)
        return type
    }

    private mutating func checkSelect(
        _ expression: CELExpression, _ operand: CELExpression, _ field: String, _ isTest: Bool
    ) -> CELType {
        if let name = expression.qualifiedName, !isShadowed(name), let (type, reference, full) = lookup(name) {
            references[expression.id] = reference
            expression.kind = .identifier(full)
            return type
        }
        let result = checkField(expression, operand, field, isOptional: false)
        return isTest ? .bool : mapping.substitute(result)
    }

    /// Whether the first part of a qualified name is a variable of a macro.
    private func isShadowed(_ name: String) -> Bool {
        guard !name.hasPrefix("."), let first = name.split(separator: ".").first.map(String.init) else { return false }
        return scopes.contains { $0[first] != nil }
    }

    private mutating func checkField(
        _ expression: CELExpression, _ operand: CELExpression, _ field: String, isOptional: Bool
    ) -> CELType {
        check(operand)
        let operandType = mapping.substitute(type(operand))
        let target = operandType.optionalElement ?? operandType
        var result = CELType.error
        switch target {
        case .map(_, let value): result = value
        case .object(let name):
            if !environment.types.hasType(name) {
                report(expression.id, "unexpected failed resolution of '\(name)'")
            } else if let type = environment.types.fieldType(field, of: name) {
                result = type
            } else {
                report(expression.id, "undefined field '\(field)'")
            }
        case .parameter:
            _ = mapping.assign(.dyn, to: target)
            result = .dyn
        default:
            if !target.isDynamicOrError {
                report(expression.id, "type '\(shown(target))' does not support field selection")
            }
            result = .dyn
        }
        return operandType.optionalElement != nil || isOptional ? .optional(result) : result
    }

    private mutating func checkCall(
        _ expression: CELExpression, _ name: String, _ target: CELExpression?, _ arguments: [CELExpression]
    ) -> CELType {
        if name == "_?._", target == nil, arguments.count == 2 {
            guard case .literal(.string(let field)) = arguments[1].kind else {
                report(arguments[1].id, "unsupported optional field selection")
                return .error
            }
            types[arguments[1].id] = .string
            let result = checkField(expression, arguments[0], field, isOptional: true)
            references[expression.id] = .function(environment.functions[name]?.overloads ?? [])
            return mapping.substitute(result.optionalElement?.optionalElement == nil ? result : .optional(.dyn))
        }
        let isExempt = environment.mixedLiteralFunctions.contains(name)
        if isExempt { exemptions += 1 }
        defer { if isExempt { exemptions -= 1 } }
        for argument in arguments { check(argument) }
        guard let target else {
            guard let function = environment.function(name) else {
                report(undeclared: name, expression.id)
                return .error
            }
            expression.kind = .call(function.name, target: nil, arguments)
            return resolve(expression, function, nil, arguments)
        }
        if let prefix = target.qualifiedName, !isShadowed(prefix),
            let function = environment.function(prefix + "." + name)
        {
            expression.kind = .call(function.name, target: nil, arguments)
            return resolve(expression, function, nil, arguments)
        }
        check(target)
        guard let function = environment.functions[name] else {
            report(undeclared: name, expression.id)
            return .error
        }
        return resolve(expression, function, target, arguments)
    }

    private mutating func resolve(
        _ expression: CELExpression, _ function: CELFunction, _ target: CELExpression?, _ arguments: [CELExpression]
    ) -> CELType {
        let given = ((target.map { [$0] } ?? []) + arguments).map { type($0) }
        if function.name == "_&&_" || function.name == "_||_" {
            for (argument, type) in zip(arguments, given) where !mapping.assign(type, to: .bool) {
                report(argument.id, "expected type 'bool' but found '\(shown(type))'")
            }
            references[expression.id] = .function(function.overloads)
            return .bool
        }
        var result: CELType?
        var candidates: [CELOverload] = []
        for overload in function.overloads where overload.isMember == (target != nil) {
            guard overload.arguments.count == given.count else { continue }
            let base = parameterCount
            parameterCount += 4
            let wanted = overload.arguments.map { CELChecker.instantiate($0, base) }
            guard mapping.assign(given, to: wanted) else { continue }
            candidates.append(overload)
            let type = mapping.substitute(CELChecker.instantiate(overload.result, base))
            if let earlier = result {
                if !earlier.isDynamic, type != earlier { result = .dyn }
            } else {
                result = type
            }
        }
        guard let result else {
            let shownTypes = given.map { shown($0).description }
            let applied =
                target == nil
                ? "(\(shownTypes.joined(separator: ", ")))"
                : "\(shownTypes[0]).(\(shownTypes.dropFirst().joined(separator: ", ")))"
            report(expression.id, "found no matching overload for '\(function.name)' applied to '\(applied)'")
            return .error
        }
        references[expression.id] = .function(candidates)
        return result
    }

    /// Gives a signature's parameters numbers of their own.
    static func instantiate(_ type: CELType, _ base: Int) -> CELType {
        switch type {
        case .parameter(let number): .parameter(base + 1 + number)
        case .list(let element): .list(instantiate(element, base))
        case .map(let key, let value): .map(instantiate(key, base), instantiate(value, base))
        case .type(let inner): .type(inner.map { instantiate($0, base) })
        case .opaque(let name, let parameters): .opaque(name, parameters.map { instantiate($0, base) })
        default: type
        }
    }

    // MARK: - Literals

    private mutating func join(_ previous: CELType?, _ current: CELType) -> CELType {
        guard let previous else { return current }
        if mapping.assign(previous, to: current) { return CELTypeMapping.mostGeneral(previous, current) }
        return .dyn
    }

    /// The type of an element that is left out where it is empty.
    private mutating func unwrap(_ expression: CELExpression) -> CELType {
        let found = mapping.substitute(type(expression))
        if let inner = found.optionalElement { return inner }
        if !found.isDynamicOrError {
            report(expression.id, "expected type 'optional_type(\(shown(found)))' but found '\(shown(found))'")
        }
        return found
    }

    private mutating func checkList(_ elements: [CELExpression], _ optional: Set<Int>) -> CELType {
        var joined: CELType?
        for (index, element) in elements.enumerated() {
            check(element)
            joined = join(joined, optional.contains(index) ? unwrap(element) : type(element))
        }
        note(elements.enumerated().map { ($1.id, optional.contains($0)) })
        return .list(joined ?? newParameter())
    }

    private mutating func checkMap(_ entries: [CELExpression.Entry]) -> CELType {
        var keys: CELType?
        var values: CELType?
        for entry in entries {
            check(entry.key)
            keys = join(keys, checkedKey(entry.key))
            check(entry.value)
            values = join(values, entry.isOptional ? unwrap(entry.value) : type(entry.value))
        }
        note(entries.map { ($0.key.id, false) })
        note(entries.map { ($0.value.id, $0.isOptional) })
        return .map(keys ?? newParameter(), values ?? newParameter())
    }

    /// A list or map as a key never works, and types of such keys would grow exponentially.
    private mutating func checkedKey(_ key: CELExpression) -> CELType {
        let found = mapping.substitute(type(key))
        switch found {
        case .list, .map, .opaque, .object, .type:
            report(key.id, "unsupported type of a map's key: '\(shown(found))'")
            return .error
        default: return found
        }
    }

    private mutating func checkStructure(
        _ expression: CELExpression, _ name: String, _ fields: [CELExpression.Field]
    ) -> CELType {
        guard let found = environment.candidates(for: name).first(where: environment.types.hasType) else {
            for field in fields { check(field.value) }
            report(undeclared: name, expression.id)
            return .error
        }
        expression.kind = .structure(found, fields)
        for field in fields {
            check(field.value)
            let valueType = field.isOptional ? unwrap(field.value) : type(field.value)
            guard let wanted = environment.types.fieldType(field.name, of: found) else {
                report(field.id, "undefined field '\(field.name)'")
                continue
            }
            if !mapping.assign(wanted, to: valueType) {
                report(
                    field.id,
                    "expected type of field '\(field.name)' is '\(wanted)' but provided type is '\(shown(valueType))'")
            }
        }
        return environment.types.type(named: found)
    }

    private mutating func checkComprehension(_ fold: CELExpression.Comprehension) -> CELType {
        check(fold.range)
        check(fold.initial)
        let range = mapping.substitute(type(fold.range))
        let accumulator = type(fold.initial)
        scopes.append([fold.accumulator: accumulator])
        let first: CELType
        let second: CELType
        switch range {
        case .list(let element): (first, second) = fold.secondVariable == nil ? (element, element) : (.int, element)
        case .map(let key, let value): (first, second) = (key, value)
        case .dyn, .any, .error, .parameter:
            _ = mapping.assign(.dyn, to: range)
            (first, second) = (.dyn, .dyn)
        default:
            report(
                fold.range.id,
                "expression of type '\(shown(range))' cannot be range of a comprehension "
                    + "(must be list, map, or dynamic)")
            (first, second) = (.error, .error)
        }
        var loop = [fold.variable: first]
        if let name = fold.secondVariable { loop[name] = second }
        scopes.append(loop)
        check(fold.condition)
        assert(fold.condition, is: .bool)
        check(fold.step)
        assert(fold.step, is: accumulator)
        scopes.removeLast()
        check(fold.result)
        scopes.removeLast()
        return mapping.substitute(type(fold.result))
    }

    private mutating func assert(_ expression: CELExpression, is wanted: CELType) {
        if !mapping.assign(wanted, to: type(expression)) {
            report(expression.id, "expected type '\(shown(wanted))' but found '\(shown(type(expression)))'")
        }
    }
}
