extension CELEnvironment {
    /// Functions on texts; positions count Unicode scalars. Source: the strings extension of the reference.
    ///
    /// - Parameter version: what has been there since which version: 1 adds `format` and `quote`, 2 `join`, 3 `reverse`;
    ///   4 changes how `format` shows lists, maps and numbers.
    package mutating func addStrings(version: Int = 4) {
        addMember("charAt", "string_char_at_int", [.string, .int], .string) { arguments in
            guard let text = arguments.scalars(0), let index = arguments.int(1) else { return arguments.mismatch }
            guard index >= 0, index <= text.count else { return .failure("index out of range: \(index)") }
            return index == text.count ? .string("") : .string(String(text[Int(index)]))
        }
        for (name, isLast) in [("indexOf", false), ("lastIndexOf", true)] {
            let id = isLast ? "string_last_index_of_string" : "string_index_of_string"
            addMember(name, id, [.string, .string], .int) { $0.index(isLast: isLast) }
            addMember(name, id + "_int", [.string, .string, .int], .int) { $0.index(isLast: isLast) }
        }
        addMember("lowerAscii", "string_lower_ascii", [.string], .string) { $0.mapped { $0.lowercasedInASCII } }
        addMember("upperAscii", "string_upper_ascii", [.string], .string) { $0.mapped { $0.uppercasedInASCII } }
        addMember("replace", "string_replace_string_string", [.string, .string, .string], .string) { $0.replaced() }
        addMember("replace", "string_replace_string_string_int", [.string, .string, .string, .int], .string) {
            $0.replaced()
        }
        addMember("split", "string_split_string", [.string, .string], .list(.string)) { $0.split() }
        addMember("split", "string_split_string_int", [.string, .string, .int], .list(.string)) { $0.split() }
        addMember("substring", "string_substring_int", [.string, .int], .string) { $0.substring() }
        addMember("substring", "string_substring_int_int", [.string, .int, .int], .string) { $0.substring() }
        addMember("trim", "string_trim", [.string], .string) { arguments in
            guard let text = arguments.string(0) else { return arguments.mismatch }
            let scalars = Array(text.unicodeScalars)
            let isBlank = { (scalar: Unicode.Scalar) in scalar.properties.isWhitespace }
            let start = scalars.firstIndex { !isBlank($0) } ?? scalars.count
            let end = scalars.lastIndex { !isBlank($0) }.map { $0 + 1 } ?? start
            return .string(text: scalars[start..<end])
        }
        if version >= 1 {
            addMember("format", "string_format", [.string, .list(.dyn)], .string) { arguments in
                guard let text = arguments.string(0), let values = arguments.list(1) else {
                    return arguments.mismatch
                }
                var formatter = CELFormatter(isQuoting: version < 4)
                return formatter.format(text, values)
            }
            add("strings.quote", [CELOverload("strings_quote", [.string], .string, .unary(CELText.quote))])
        }
        if version >= 2 {
            addMember("join", "list_join", [.list(.string)], .string) { $0.joined() }
            addMember("join", "list_join_string", [.list(.string), .string], .string) { $0.joined() }
        }
        if version >= 3 {
            addMember("reverse", "string_reverse", [.string], .string) { arguments in
                guard let text = arguments.scalars(0) else { return arguments.mismatch }
                return .string(text: text.reversed())
            }
        }
    }
}

extension CELEnvironment {
    /// Adds a function of which the first argument stands before a dot.
    mutating func addMember(
        _ name: String, _ id: String, _ arguments: [CELType], _ result: CELType,
        _ function: @escaping @Sendable (CELArguments) -> CELValue
    ) {
        let implementation = CELOverload.Implementation.of(arguments.count) { function(CELArguments($0, name)) }
        add(name, [CELOverload(id, isMember: true, arguments, result, implementation)])
    }
}

extension CELOverload.Implementation {
    /// An implementation for a number of arguments, in the form that is called fastest.
    package static func of(_ count: Int, _ function: @escaping @Sendable ([CELValue]) -> CELValue) -> Self {
        switch count {
        case 1: .unary { function([$0]) }
        case 2: .binary { function([$0, $1]) }
        default: .variadic(function)
        }
    }
}

/// The arguments of a call, by the types that are expected of them.
package struct CELArguments {
    package let values: [CELValue]
    private let function: String
    package init(_ values: [CELValue], _ function: String) {
        self.values = values
        self.function = function
    }

    package var count: Int { values.count }
    package var mismatch: CELValue { .noSuchOverload(function) }
    package func string(_ index: Int) -> String? {
        if index < values.count, case .string(let text) = values[index] { return text }
        return nil
    }
    package func scalars(_ index: Int) -> [Unicode.Scalar]? { string(index).map { Array($0.unicodeScalars) } }
    package func int(_ index: Int) -> Int64? {
        if index < values.count, case .int(let number) = values[index] { return number }
        return nil
    }
    package func list(_ index: Int) -> (any CELList)? {
        if index < values.count, case .list(let list) = values[index] { return list }
        return nil
    }
    func mapped(_ transform: (String) -> String) -> CELValue {
        string(0).map { .string(transform($0)) } ?? mismatch
    }

    func index(isLast: Bool) -> CELValue {
        guard let text = scalars(0), let part = scalars(1) else { return mismatch }
        var offset = isLast ? Int64(text.count) - 1 : 0
        if count == 3 {
            guard let given = int(2) else { return mismatch }
            offset = given
        } else if part.isEmpty {
            return .int(isLast ? Int64(text.count) : 0)
        } else if text.count < part.count {
            return .int(-1)
        }
        if part.isEmpty { return .int(offset) }
        guard offset >= 0 else { return .failure("index out of range: \(offset)") }
        guard offset < text.count else { return .int(-1) }
        guard isLast else {
            return .int(Int64(CELText.firstIndex(of: part, in: text, from: Int(offset)) ?? -1))
        }
        let end = min(Int(offset) + part.count, text.count)
        let found = CELText.firstIndex(of: Array(part.reversed()), in: Array(text[..<end].reversed()), from: 0)
        return .int(found.map { Int64(end - $0 - part.count) } ?? -1)
    }

    func substring() -> CELValue {
        guard let text = scalars(0), let start = int(1) else { return mismatch }
        let end = count == 3 ? int(2) ?? -1 : Int64(text.count)
        if count == 3, start > end { return .failure("invalid substring range. start: \(start), end: \(end)") }
        guard start >= 0, start <= text.count else { return .failure("index out of range: \(start)") }
        guard end >= 0, end <= text.count else { return .failure("index out of range: \(end)") }
        return .string(text: text[Int(start)..<Int(end)])
    }

    func replaced() -> CELValue {
        guard let source = string(0), let wanted = string(1), let replacement = string(2) else { return mismatch }
        let limit = count == 4 ? int(3) ?? 0 : -1
        var most = limit < 0 || limit > Int64(Int.max) ? Int.max : Int(limit)
        // An empty part stands before every scalar and at the end: that needs scalars, all else only bytes.
        var result: [UInt8] = []
        let new = Array(replacement.utf8)
        if wanted.isEmpty {
            for scalar in source.unicodeScalars {
                if most > 0 {
                    result += new
                    most -= 1
                }
                result += Array(String(scalar).utf8)
                guard result.count <= CELArithmetic.sizeMax else { return .tooLarge }
            }
            if most > 0 { result += new }
            return .string(String(decoding: result, as: UTF8.self))
        }
        let text = Array(source.utf8)
        let part = Array(wanted.utf8)
        var position = 0
        while most > 0, let found = CELText.firstIndex(of: part, in: text, from: position) {
            result += text[position..<found]
            result += new
            position = found + part.count
            most -= 1
            guard result.count <= CELArithmetic.sizeMax else { return .tooLarge }
        }
        return .string(String(decoding: result + text[position...], as: UTF8.self))
    }

    func split() -> CELValue {
        guard let source = string(0), let separator = string(1) else { return mismatch }
        let limit = count == 3 ? int(2) ?? 0 : -1
        if limit == 0 { return .list([]) }
        let most = limit < 0 || limit > Int64(Int.max) ? Int.max : Int(limit)
        var parts: [CELValue] = []
        if separator.isEmpty {
            let scalars = Array(source.unicodeScalars)
            guard scalars.count <= CELArithmetic.elementsMax else { return .tooLarge }
            for (index, scalar) in scalars.enumerated() {
                if parts.count + 1 == most {
                    parts.append(.string(text: scalars[index...]))
                    break
                }
                parts.append(.string(String(scalar)))
            }
            return .list(parts)
        }
        let text = Array(source.utf8)
        let part = Array(separator.utf8)
        var position = 0
        while parts.count + 1 < most, parts.count <= CELArithmetic.elementsMax,
            let found = CELText.firstIndex(of: part, in: text, from: position)
        {
            parts.append(.string(String(decoding: text[position..<found], as: UTF8.self)))
            position = found + part.count
        }
        guard parts.count <= CELArithmetic.elementsMax else { return .tooLarge }
        parts.append(.string(String(decoding: text[position...], as: UTF8.self)))
        return .list(parts)
    }

    func joined() -> CELValue {
        guard let list = list(0) else { return mismatch }
        let separator = count == 2 ? string(1) ?? "" : ""
        var text = ""
        for index in 0..<list.count {
            guard case .string(let part) = list.element(at: index) else {
                return .failure("join: invalid input: \(list.element(at: index).debugText)")
            }
            if index > 0 { text += separator }
            text += part
            guard text.utf8.count <= CELArithmetic.sizeMax else { return .tooLarge }
        }
        return .string(text)
    }
}

extension CELValue {
    package static func string(text: some Sequence<Unicode.Scalar>) -> CELValue {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: text)
        return .string(String(view))
    }
}

extension String {
    package var lowercasedInASCII: String {
        String(decoding: utf8.map { $0 >= 65 && $0 <= 90 ? $0 + 32 : $0 }, as: UTF8.self)
    }
    package var uppercasedInASCII: String {
        String(decoding: utf8.map { $0 >= 97 && $0 <= 122 ? $0 - 32 : $0 }, as: UTF8.self)
    }
}

extension CELText {
    static func quote(_ value: CELValue) -> CELValue {
        guard case .string(let text) = value else { return .noSuchOverload("strings.quote") }
        let escapes: [Unicode.Scalar: String] = [
            "\u{07}": "\\a", "\u{08}": "\\b", "\u{0C}": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t",
            "\u{0B}": "\\v", "\\": "\\\\", "\"": "\\\"",
        ]
        var result = "\""
        for scalar in text.unicodeScalars {
            if let escape = escapes[scalar] { result += escape } else { result.unicodeScalars.append(scalar) }
        }
        return .string(result + "\"")
    }
}
