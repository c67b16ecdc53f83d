/// Why the node's network cannot be as configured. `message` names what is in the way.
package struct NetworkProblem: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Code: Hashable, Sendable {
        case badConfiguration, noBridge, rangeTaken, rangeExhausted, bridgeTaken, foreignRules, unknownOwner
    }
    package let code: Code
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}
