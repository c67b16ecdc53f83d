/// A flag of a command: a row of the table that parsing, help and completion come from.
package struct Flag: Sendable {
    package enum Kind: Sendable, Equatable {
        case bool
        case string
        case int
        case float
        /// Go's syntax: `1m30s`.
        case duration
        /// Counts how often it is there: `-vvv`.
        case count
        /// Repeated or separated by commas; quotes as in CSV.
        case stringSlice
        /// Repeated; a comma is part of the value.
        case stringArray
        /// `a=b,c=d`, repeated.
        case stringToString
    }

    package var name: String
    package var shorthand: Character?
    package var kind: Kind
    /// The default, as it would be typed; empty for none.
    package var defaultValue: String
    /// What a flag without `=value` means; such a flag never takes the next word.
    package var valueWhenBare: String?
    package var usage: String
    package var isHidden: Bool
    /// Why it should not be used any more, and what to use.
    package var deprecated: String?
    package var shorthandDeprecated: String?
    /// The values to choose from; others are refused. Empty: any.
    package var choices: [String]
    package var completion: ValueKind

    package init(
        _ name: String, _ shorthand: Character? = nil, _ kind: Kind = .string, default defaultValue: String? = nil,
        bare: String? = nil, _ usage: String, hidden: Bool = false, deprecated: String? = nil,
        shorthandDeprecated: String? = nil, choices: [String] = [], completion: ValueKind = .nothing
    ) {
        self.name = name
        self.shorthand = shorthand
        self.kind = kind
        self.usage = usage
        self.deprecated = deprecated
        self.shorthandDeprecated = shorthandDeprecated
        self.choices = choices
        self.completion = completion
        isHidden = hidden || deprecated != nil
        switch kind {
        case .bool: (self.defaultValue, valueWhenBare) = (defaultValue ?? "false", bare ?? "true")
        case .count: (self.defaultValue, valueWhenBare) = (defaultValue ?? "0", bare ?? "+1")
        case .int, .float: (self.defaultValue, valueWhenBare) = (defaultValue ?? "0", bare)
        case .duration: (self.defaultValue, valueWhenBare) = (defaultValue ?? "0s", bare)
        default: (self.defaultValue, valueWhenBare) = (defaultValue ?? "", bare)
        }
    }

    /// How messages name it: `-o, --output`.
    package var display: String { shorthand.map { "-\($0), --\(name)" } ?? "--\(name)" }
}

/// What stands in a place of the command line, for completion.
package enum ValueKind: Sendable, Equatable {
    case nothing, file, directory, namespace, context, cluster, user, node, container
    /// A kind of object, then names of that kind.
    case resource
    /// A name of one kind of object, such as `pods`.
    case name(of: String)
    case oneOf([String])
}
