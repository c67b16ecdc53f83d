package import MartinetCEL
import MartinetSchema

final class CELQuantity: CELOpaque {
    static let name = "kubernetes.Quantity"
    static let type = CELType.opaque(name, [])
    let quantity: Quantity
    init(_ quantity: Quantity) { self.quantity = quantity }
    var type: CELType { CELQuantity.type }
    func isEqual(to other: any CELOpaque) -> Bool { (other as? CELQuantity)?.quantity == quantity }

    /// Nil where it is no whole number.
    var integer: Int64? {
        let (quotient, rest) = quantity.nanos.quotientAndRemainder(dividingBy: 1_000_000_000)
        return rest == 0 ? Int64(exactly: quotient) : nil
    }
}

extension CELEnvironment {
    /// Quantities. Source: apiserver's cel/library/quantity.go.
    package mutating func addQuantities() {
        let type = CELQuantity.type
        declare(type: type, as: CELQuantity.name)
        func read(_ name: String, _ result: @escaping @Sendable (Quantity?) -> CELValue) -> CELOverload.Implementation {
            .unary {
                guard case .string(let text) = $0 else { return .noSuchOverload(name) }
                return result(Quantity(text))
            }
        }
        add(
            "quantity",
            [
                CELOverload(
                    "string_to_quantity", [.string], type,
                    read("quantity") { quantity in
                        quantity.map { .opaque(CELQuantity($0)) }
                            ?? .failure("quantities must match the regular expression of quantities")
                    })
            ])
        add(
            "isQuantity", [CELOverload("is_quantity_string", [.string], .bool, read("isQuantity") { .bool($0 != nil) })]
        )
        func unary(_ name: String, _ function: @escaping @Sendable (CELQuantity) -> CELValue)
            -> CELOverload.Implementation
        {
            .unary {
                guard case .opaque(let value as CELQuantity) = $0 else { return .noSuchOverload(name) }
                return function(value)
            }
        }
        add(
            "sign",
            [CELOverload("quantity_sign", [type], .int, unary("sign") { .int(Int64($0.quantity.nanos.signum())) })])
        add(
            "asApproximateFloat",
            [
                CELOverload(
                    "quantity_get_float", isMember: true, [type], .double,
                    unary("asApproximateFloat") { .double(Double($0.quantity.nanos) / 1e9) })
            ])
        add(
            "asInteger",
            [
                CELOverload(
                    "quantity_get_int", isMember: true, [type], .int,
                    unary("asInteger") { $0.integer.map { .int($0) } ?? .failure("cannot convert value to integer") })
            ])
        add(
            "isInteger",
            [
                CELOverload(
                    "quantity_is_integer", isMember: true, [type], .bool,
                    unary("isInteger") { .bool($0.integer != nil) })
            ])
        let pairs: [(String, String, CELType, @Sendable (Quantity, Quantity) -> CELValue)] = [
            ("isGreaterThan", "quantity_is_greater_than", .bool, { .bool($0 > $1) }),
            ("isLessThan", "quantity_is_less_than", .bool, { .bool($0 < $1) }),
            ("compareTo", "quantity_compare_to", .int, { .int($0 < $1 ? -1 : $0 > $1 ? 1 : 0) }),
            ("add", "quantity_add", type, { .opaque(CELQuantity($0 + $1)) }),
            ("sub", "quantity_sub", type, { .opaque(CELQuantity($0 - $1)) }),
        ]
        for (name, id, result, function) in pairs {
            let implementation: CELBinaryFunction = { first, second in
                guard case .opaque(let first as CELQuantity) = first else { return .noSuchOverload(name) }
                switch second {
                case .opaque(let second as CELQuantity): return function(first.quantity, second.quantity)
                case .int(let number): return function(first.quantity, Quantity(number))
                default: return .noSuchOverload(name)
                }
            }
            add(name, [CELOverload(id, isMember: true, [type, type], result, .binary(implementation))])
            if name == "add" || name == "sub" {
                add(name, [CELOverload(id + "_int", isMember: true, [type, .int], result, .binary(implementation))])
            }
        }
    }
}
