import Glibc

/// A value of the Common Expression Language.
///
/// Lists, maps and objects are references to something that answers questions, so that a tree that exists already is
/// read without being copied. Errors and unknowns are values: `&&`, `||` and the macros absorb them.
package enum CELValue: Sendable {
    case null
    case bool(Bool)
    case int(Int64)
    case uint(UInt64)
    case double(Double)
    case string(String)
    case bytes([UInt8])
    case timestamp(CELTimestamp)
    case duration(CELDuration)
    case type(CELType)
    case list(any CELList)
    case map(any CELMap)
    case object(any CELObject)
    case optional(CELOptional)
    case opaque(any CELOpaque)
    case unknown(CELUnknown)
    case error(CELFailure)
}

/// A list that is read element by element. Answers must not change while an expression is evaluated.
package protocol CELList: AnyObject, Sendable {
    var count: Int { get }
    /// The element at an index within bounds.
    func element(at index: Int) -> CELValue
    /// Whether two lists are equal where that is not element by element; nil for the usual comparison.
    func isEqual(to other: any CELList, _ budget: inout CELBudget) -> Bool?
    /// The concatenation where that is not one list behind the other; nil for the usual one.
    func appending(_ other: any CELList) -> CELValue?
}

extension CELList {
    package func isEqual(to other: any CELList, _ budget: inout CELBudget) -> Bool? { nil }
    package func appending(_ other: any CELList) -> CELValue? { nil }
}

/// A map that is read key by key, or by position in an order of its own that does not change.
package protocol CELMap: AnyObject, Sendable {
    var count: Int { get }
    func value(for key: CELValue) -> CELValue?
    func entry(at index: Int) -> (key: CELValue, value: CELValue)
}

/// Something with named fields.
package protocol CELObject: AnyObject, Sendable {
    var typeName: String { get }
    /// The field's value, or its default where the type has one; nil where there is no such field.
    func field(_ name: String) -> CELValue?
    func has(_ name: String) -> Bool
    func isEqual(to other: any CELObject, _ budget: inout CELBudget) -> Bool
}

/// A value of a type that the language does not know, such as a network address.
package protocol CELOpaque: AnyObject, Sendable {
    var type: CELType { get }
    /// What `size` counts for the run-time cost, where the type has a size.
    var costSize: UInt64? { get }
    func isEqual(to other: any CELOpaque) -> Bool
}

extension CELOpaque {
    package var costSize: UInt64? { nil }
}

/// A value that may be absent.
package final class CELOptional: Sendable {
    package let value: CELValue?
    package init(_ value: CELValue?) { self.value = value }
    package static let none = CELOptional(nil)
}

/// The places whose values are not known.
package final class CELUnknown: Sendable {
    package let names: [String]
    package init(_ names: [String]) { self.names = names }
}

/// Why an evaluation failed. An absence is a key or an index that is not there, which optional selection takes as none.
package final class CELFailure: Sendable, Error, CustomStringConvertible {
    package enum Code: Sendable { case evaluation, costLimit, absence }
    package let code: Code
    package let message: String
    package init(_ message: String, code: Code = .evaluation) {
        self.message = message
        self.code = code
    }
    package var description: String { message }
}

/// How many steps a comparison or a rendering may still take: values may share parts, so that their unfolded size is
/// exponential in what they occupy.
package struct CELBudget {
    package var steps: Int
    package init(steps: Int = 1_000_000) { self.steps = steps }
    package mutating func spend(_ count: Int = 1) -> Bool {
        steps -= count
        return steps >= 0
    }

    /// What looking at two values takes: long texts and bytes take more than a step.
    package mutating func spend(on first: CELValue, _ second: CELValue) -> Bool {
        switch (first, second) {
        case (.string(let first), .string(let second)): spend(1 + min(first.utf8.count, second.utf8.count) / 64)
        case (.bytes(let first), .bytes(let second)): spend(1 + min(first.count, second.count) / 64)
        default: spend()
        }
    }
}

extension CELValue {
    package static func failure(_ message: String) -> CELValue { .error(CELFailure(message)) }
    package static func noSuchOverload(_ function: String) -> CELValue { .failure("no such overload: \(function)") }
    package static func noSuchKey(_ key: String) -> CELValue { .failure("no such key: \(key)") }
    static let overflow = CELValue.failure("integer overflow")
    static let tooLarge = CELValue.failure("the result is too large")

    package static func list(_ elements: [CELValue]) -> CELValue { .list(CELArray(elements)) }

    package var isErrorOrUnknown: Bool {
        switch self {
        case .error, .unknown: true
        default: false
        }
    }

    /// The type a value has while it is evaluated: lists and maps do not say of what.
    package var type: CELType {
        switch self {
        case .null: .null
        case .bool: .bool
        case .int: .int
        case .uint: .uint
        case .double: .double
        case .string: .string
        case .bytes: .bytes
        case .timestamp: .timestamp
        case .duration: .duration
        case .type: .type(nil)
        case .list: .list(.dyn)
        case .map: .map(.dyn, .dyn)
        case .object(let object): .object(object.typeName)
        case .optional: .opaque("optional_type", [.dyn])
        case .opaque(let opaque): opaque.type
        case .unknown: .dyn
        case .error: .error
        }
    }

    /// What a cost counts for this value: characters, bytes, elements, entries, else one.
    package var costSize: UInt64 {
        switch self {
        case .string(let text): UInt64(text.scalarCount)
        case .bytes(let bytes): UInt64(bytes.count)
        case .list(let list): UInt64(list.count)
        case .map(let map): UInt64(map.count)
        case .optional(let optional): optional.value?.costSize ?? 1
        case .opaque(let opaque): opaque.costSize ?? 1
        default: 1
        }
    }
}

/// A list that an expression made.
package final class CELArray: CELList {
    package let elements: [CELValue]
    package init(_ elements: [CELValue]) { self.elements = elements }
    package static let empty = CELArray([])
    package var count: Int { elements.count }
    package func element(at index: Int) -> CELValue { elements[index] }
}

extension String {
    /// How many Unicode scalars it has: what the language calls the size of a string.
    package var scalarCount: Int {
        // Only ASCII has as many bytes as UTF-16 units, and of such texts both are known without looking.
        let byteCount = utf8.count
        if utf16.count == byteCount { return byteCount }
        var text = self
        return text.withUTF8 { bytes in
            var count = 0
            for byte in bytes where byte & 0xC0 != 0x80 { count += 1 }
            return count
        }
    }

    /// Equality of scalars: Swift's own also holds between differently composed texts.
    package func isSameText(as other: String) -> Bool {
        guard utf8.count == other.utf8.count else { return false }
        return withBytes(of: other) { first, second in
            guard let start = first.baseAddress, let otherStart = second.baseAddress else { return true }
            return start == otherStart || memcmp(start, otherStart, first.count) == 0
        }
    }

    /// Both texts as bytes.
    func withBytes<Result>(
        of other: String, _ body: (UnsafeBufferPointer<UInt8>, UnsafeBufferPointer<UInt8>) -> Result
    ) -> Result {
        var (first, second) = (self, other)
        return first.withUTF8 { first in second.withUTF8 { second in body(first, second) } }
    }

    package func isTextBefore(_ other: String) -> Bool { utf8.lexicographicallyPrecedes(other.utf8) }
}
