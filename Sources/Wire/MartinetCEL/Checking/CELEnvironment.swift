/// What an expression may name: variables, functions, types and macros.
package struct CELEnvironment: Sendable {
    package var limits = CELLimits()
    /// The namespace in which names are looked up first.
    package var container = ""
    package var allowsOptionalSyntax = false
    package var allowsQuotedIdentifiers = false
    /// Whether the elements of a list or map literal must be of one type.
    package var requiresHomogeneousLiterals = false
    /// The functions in whose arguments they may nevertheless differ.
    package var mixedLiteralFunctions: Set<String> = ["format"]
    /// Whether `has(x.y)` costs something itself.
    package var presenceTestHasCost = true
    /// Answers the contents of a time zone file by the zone's name, as in the IANA database.
    package var timeZones: @Sendable (String) -> [UInt8]? = { _ in nil } {
        didSet { addTimes() }
    }
    package var types: any CELTypeProvider = CELWellKnownTypes()
    package var costs: any CELCallCosts = CELStandardCosts()

    /// In the order of their slots.
    package private(set) var variables: [(name: String, type: CELType)] = []
    private var variableSlots: [String: Int] = [:]
    package private(set) var functions: [String: CELFunction] = [:]
    private(set) var macros: [CELMacro.Key: CELMacro] = [:]
    /// Types that are named as values.
    package private(set) var typeNames: [String: CELType] = [:]
    package private(set) var constants: [String: CELValue] = [:]

    package init() {}

    /// The slot of the variable, which is where its value is in the list that evaluation takes.
    @discardableResult
    package mutating func declare(_ name: String, _ type: CELType) -> Int {
        if let slot = variableSlots[name] {
            variables[slot].type = type
            return slot
        }
        variableSlots[name] = variables.count
        variables.append((name, type))
        return variables.count - 1
    }

    package mutating func declare(type: CELType, as name: String) { typeNames[name] = type }
    package mutating func declare(constant: CELValue, as name: String) { constants[name] = constant }

    /// Adds overloads; one with the id of an earlier one takes its place.
    package mutating func add(_ name: String, _ overloads: [CELOverload]) {
        var function = functions[name] ?? CELFunction(name: name, overloads: [])
        for overload in overloads {
            if let index = function.overloads.firstIndex(where: { $0.id == overload.id }) {
                function.overloads[index] = overload
            } else {
                function.overloads.append(overload)
            }
        }
        functions[name] = function
    }

    mutating func add(_ macros: [CELMacro]) { for macro in macros { self.macros[macro.key] = macro } }

    package func slot(of variable: String) -> Int? { variableSlots[variable] }

    /// The names that a name may stand for, the innermost namespace first.
    func candidates(for name: String) -> [String] {
        if name.hasPrefix(".") { return [String(name.dropFirst())] }
        guard !container.isEmpty else { return [name] }
        var names: [String] = []
        var parts = container.split(separator: ".")
        while !parts.isEmpty {
            names.append(parts.joined(separator: ".") + "." + name)
            parts.removeLast()
        }
        return names + [name]
    }

    func function(_ name: String) -> CELFunction? {
        for candidate in candidates(for: name) {
            if let function = functions[candidate] { return function }
        }
        return nil
    }

    func typeValue(_ name: String) -> CELType? {
        typeNames[name] ?? (types.hasType(name) ? types.type(named: name) : nil)
    }
}

/// Knows the types that have fields.
package protocol CELTypeProvider: Sendable {
    func hasType(_ name: String) -> Bool
    /// The type that the name stands for: of an object, or of a value that the name is another way to write.
    func type(named name: String) -> CELType
    func fieldType(_ field: String, of type: String) -> CELType?
    /// A value of the type with the fields, or an error.
    func construct(_ type: String, _ fields: [(name: String, value: CELValue)]) -> CELValue
}

package struct CELFunction: Sendable {
    package let name: String
    package var overloads: [CELOverload]
}

package typealias CELUnaryFunction = @Sendable (CELValue) -> CELValue
package typealias CELBinaryFunction = @Sendable (CELValue, CELValue) -> CELValue

/// One signature of a function.
package struct CELOverload: Sendable {
    package enum Implementation: Sendable {
        case unary(CELUnaryFunction)
        case binary(CELBinaryFunction)
        case variadic(@Sendable ([CELValue]) -> CELValue)
    }

    package let id: String
    /// Whether the first argument stands before a dot.
    package let isMember: Bool
    package let arguments: [CELType]
    package let result: CELType
    package let implementation: Implementation
    /// Whether it takes errors and unknowns as arguments.
    let isNonStrict: Bool
    /// Whether the implementation answers for any types of values, for every overload of its function.
    let isUniform: Bool

    package init(
        _ id: String, isMember: Bool = false, _ arguments: [CELType], _ result: CELType, isNonStrict: Bool = false,
        isUniform: Bool = false, _ implementation: Implementation
    ) {
        self.id = id
        self.isMember = isMember
        self.arguments = arguments
        self.result = result
        self.isNonStrict = isNonStrict
        self.isUniform = isUniform
        self.implementation = implementation
    }
}
