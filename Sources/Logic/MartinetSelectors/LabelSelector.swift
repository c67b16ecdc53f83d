package import MartinetSchema

/// A label selector as query strings and `kubectl -l` write it: `app=web,tier in (a,b),!old`.
///
/// Source: apimachinery's label selector grammar (labels.Parse).
package struct LabelSelector: Sendable, Hashable, CustomStringConvertible {
    package enum Operator: String, Sendable {
        case equals = "=", notEquals = "!=", `in` = "in", notIn = "notin", exists = "exists", doesNotExist = "!"
        case greaterThan = "gt", lessThan = "lt"
    }

    package struct Requirement: Sendable, Hashable {
        package let key: String
        package let `operator`: Operator
        package let values: [String]

        package init(key: String, operator: Operator, values: [String] = []) {
            self.key = key
            self.operator = `operator`
            self.values = values
        }

        /// - Parameter value: the label's value; nil where the object has no such label.
        package func matches(_ value: String?) -> Bool {
            switch `operator` {
            case .equals, .in: value.map(values.contains) ?? false
            case .notEquals, .notIn: value.map { !values.contains($0) } ?? true
            case .exists: value != nil
            case .doesNotExist: value == nil
            case .greaterThan, .lessThan: compares(value)
            }
        }

        private func compares(_ value: String?) -> Bool {
            guard let value, let number = Int64(value), let bound = Int64(values.first ?? "") else { return false }
            return `operator` == .greaterThan ? number > bound : number < bound
        }
    }

    package let requirements: [Requirement]

    /// Matches everything.
    package static let everything = LabelSelector(requirements: [])

    package init(requirements: [Requirement]) { self.requirements = requirements }

    package var isEmpty: Bool { requirements.isEmpty }

    package func matches(_ label: (String) -> String?) -> Bool {
        requirements.allSatisfy { $0.matches(label($0.key)) }
    }

    package func matches(_ labels: StringMap) -> Bool { matches { labels[$0] } }

    package var description: String {
        requirements.map { requirement in
            switch requirement.operator {
            case .equals, .notEquals:
                "\(requirement.key)\(requirement.operator.rawValue)\(requirement.values.first ?? "")"
            case .in, .notIn:
                "\(requirement.key) \(requirement.operator.rawValue) (\(requirement.values.joined(separator: ",")))"
            case .exists: requirement.key
            case .doesNotExist: "!\(requirement.key)"
            case .greaterThan: "\(requirement.key)>\(requirement.values.first ?? "")"
            case .lessThan: "\(requirement.key)<\(requirement.values.first ?? "")"
            }
        }.joined(separator: ",")
    }
}

/// A selector's text that does not follow the grammar.
package struct SelectorError: Error, Sendable, CustomStringConvertible {
    package let selector: String
    package let message: String
    package var description: String { "unable to parse the selector \(selector.debugDescription): \(message)" }
}

extension LabelSelector {
    /// Reads the text of a selector; an empty one matches everything.
    package init(parsing text: String) throws(SelectorError) {
        var parser = LabelSelectorParser(text)
        requirements = try parser.parse()
    }
}

private struct LabelSelectorParser {
    private let text: String
    private var tokens: [String] = []
    private var next = 0

    init(_ text: String) {
        self.text = text
        var word = ""
        var pending: Character?
        func flush(_ tokens: inout [String], _ word: inout String) {
            if !word.isEmpty { tokens.append(word) }
            word = ""
        }
        for character in text {
            if let first = pending {
                pending = nil
                if character == "=" {
                    tokens.append("\(first)=" == "==" ? "=" : "\(first)=")
                    continue
                }
                tokens.append(String(first))
            }
            switch character {
            case " ", "\t", "\r", "\n": flush(&tokens, &word)
            case "=", "!":
                flush(&tokens, &word)
                pending = character
            case ",", "(", ")", ">", "<":
                flush(&tokens, &word)
                tokens.append(String(character))
            default: word.append(character)
            }
        }
        if let pending { tokens.append(String(pending)) }
        flush(&tokens, &word)
    }

    private func failure(_ message: String) -> SelectorError { SelectorError(selector: text, message: message) }

    private var peek: String? { next < tokens.count ? tokens[next] : nil }

    private static let punctuation: Set<String> = ["=", "!=", "!", ",", "(", ")", ">", "<"]

    private mutating func word(_ what: String) throws(SelectorError) -> String {
        guard let token = peek, !LabelSelectorParser.punctuation.contains(token) else {
            throw failure("expected \(what), found \(peek ?? "the end")")
        }
        next += 1
        return token
    }

    mutating func parse() throws(SelectorError) -> [LabelSelector.Requirement] {
        var requirements: [LabelSelector.Requirement] = []
        guard !tokens.isEmpty else { return [] }
        while true {
            let requirement = try requirement()
            guard LabelSyntax.isKey(requirement.key) else {
                throw failure("\(requirement.key.debugDescription) can be no label's key")
            }
            if let wrong = requirement.values.first(where: { !LabelSyntax.isValue($0) }) {
                throw failure("\(wrong.debugDescription) can be no label's value")
            }
            requirements.append(requirement)
            guard let token = peek else { return requirements }
            guard token == "," else { throw failure("expected a comma or the end, found \(token)") }
            next += 1
        }
    }

    private mutating func requirement() throws(SelectorError) -> LabelSelector.Requirement {
        if peek == "!" {
            next += 1
            return .init(key: try word("a label's key"), operator: .doesNotExist)
        }
        let key = try word("a label's key")
        guard let token = peek, token != "," else { return .init(key: key, operator: .exists) }
        next += 1
        switch token {
        case "=", "!=":
            var value = ""
            if let word = peek, !LabelSelectorParser.punctuation.contains(word) {
                value = word
                next += 1
            }
            return .init(key: key, operator: token == "=" ? .equals : .notEquals, values: [value])
        case ">", "<":
            let value = try word("a whole number")
            guard Int64(value) != nil else { throw failure("expected a whole number after \(token), found \(value)") }
            return .init(key: key, operator: token == ">" ? .greaterThan : .lessThan, values: [value])
        case "in", "notin":
            return .init(key: key, operator: token == "in" ? .in : .notIn, values: try values())
        default: throw failure("expected =, !=, in, notin, > or < after \(key), found \(token)")
        }
    }

    private mutating func values() throws(SelectorError) -> [String] {
        guard peek == "(" else { throw failure("expected '(' before the values") }
        next += 1
        var values: [String] = []
        var value = ""
        while let token = peek {
            next += 1
            switch token {
            case ")":
                values.append(value)
                return values
            case ",":
                values.append(value)
                value = ""
            default:
                guard value.isEmpty, !LabelSelectorParser.punctuation.contains(token) else {
                    throw failure("expected ',' or ')', found \(token)")
                }
                value = token
            }
        }
        throw failure("expected ')' behind the values")
    }
}
