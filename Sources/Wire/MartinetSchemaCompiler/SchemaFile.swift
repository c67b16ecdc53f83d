package import MartinetSchema

/// Reads one file of the schema language (docs/schema-language.md) into declarations.
package struct SchemaFile: Sendable {
    /// `v1`, `apps/v1`
    package private(set) var apiVersion = ""
    package private(set) var protobufPackage = ""
    package private(set) var types: [Declaration] = []
    private var isServedByDefault = true
    private var isLegacy = false
    private var isForgotten = false
    private var priorities: (group: UInt32, version: UInt32) = (0, 0)

    package struct Declaration: Sendable {
        var name: String
        var flags: TypeFlags = []
        var kind: KindDefinition?
        var hasOwnList = true
        var documentation = ""
        var fields: [DeclaredField] = []
        var place: String
    }

    struct DeclaredField: Sendable {
        var definition: FieldDefinition
        var isInline = false
        var place: String
    }

    private static let scalars: [String: Scalar] = Dictionary(
        uniqueKeysWithValues: Scalar.allCases.filter { $0 != .object }.map { ("\($0)", $0) })

    private static let limits: Set<Substring> = [
        "min", "max", "minlen", "maxlen", "minitems", "maxitems", "maxbytes", "pattern", "check", "gate",
    ]

    /// - Parameter name: what errors call the file.
    package init(name: String, text: String) throws(SchemaError) {
        var number = 0
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            number += 1
            let place = "\(name):\(number)"
            let words = try SchemaFile.words(line, place)
            guard let first = words.first else { continue }
            if line.first == " " {
                guard !types.isEmpty else {
                    throw SchemaError(place: place, message: "this belongs to no type or kind")
                }
                if first.first?.isNumber == true || first == "-" {
                    types[types.count - 1].fields.append(try field(words, place))
                } else {
                    try property(words, place)
                }
            } else {
                try declaration(words, place)
            }
        }
        guard !apiVersion.isEmpty else {
            throw SchemaError(place: name, message: "expected a line `group NAME/VERSION`")
        }
    }

    /// Splits at blanks outside quotes, brackets and braces; a `#` or the documentation after `--` ends the line.
    private static func words(_ line: Substring, _ place: String) throws(SchemaError) -> [String] {
        var words: [String] = []
        var word = ""
        var depth = 0
        var quoted = false
        var escaped = false
        var rest = line[...]
        while let character = rest.first {
            if quoted {
                word.append(character)
                if escaped {
                    escaped = false
                } else if character == "\\" {
                    escaped = true
                } else if character == "\"" {
                    quoted = false
                }
            } else if character == " " || character == "\t", depth == 0 {
                if !word.isEmpty { words.append(word) }
                word = ""
                let tail = rest.drop { $0 == " " }
                if tail.hasPrefix("-- ") {
                    words.append("--")
                    words.append(String(tail.dropFirst(3)))
                    return words
                }
            } else if character == "#", word.isEmpty, depth == 0 {
                break
            } else {
                if character == "\"" { quoted = true }
                if "([{".contains(character) { depth += 1 }
                if ")]}".contains(character) { depth -= 1 }
                word.append(character)
            }
            rest = rest.dropFirst()
        }
        guard !quoted, depth == 0 else { throw SchemaError(place: place, message: "a quote or bracket is not closed") }
        if !word.isEmpty { words.append(word) }
        return words
    }

    private mutating func declaration(_ words: [String], _ place: String) throws(SchemaError) {
        if words == ["off"] {
            isServedByDefault = false
            return
        }
        if words.first == "legacy" {
            isServedByDefault = false
            isLegacy = true
            isForgotten = words.dropFirst().first == "forgotten"
            return
        }
        guard words.count >= 2 else { throw SchemaError(place: place, message: "expected a name after \(words[0])") }
        switch words[0] {
        case "priority":
            guard words.count == 3, let group = UInt32(words[1]), let version = UInt32(words[2]) else {
                throw SchemaError(place: place, message: "expected `priority GROUP VERSION`, two numbers")
            }
            priorities = (group, version)
        case "group": apiVersion = words[1]
        case "proto": protobufPackage = words[1]
        case "type", "kind":
            var declared = Declaration(name: words[1], place: place)
            if words[0] == "kind" {
                var kind = KindDefinition()
                let parts = apiVersion.split(separator: "/").map(String.init)
                kind.group = parts.count > 1 ? parts[0] : ""
                kind.version = parts.last ?? ""
                kind.name = words[1]
                kind.protobufPackage = protobufPackage
                kind.isServedByDefault = isServedByDefault
                kind.isLegacy = isLegacy
                kind.isForgotten = isForgotten
                kind.groupPriority = priorities.group
                kind.versionPriority = priorities.version
                declared.kind = kind
                declared.flags.insert(.root)
            }
            let attributes = words.dropFirst(2).prefix { $0 != "--" }
            declared.documentation = words.dropFirst(2 + attributes.count + 1).joined(separator: " ")
            for word in attributes {
                switch word {
                case "struct=atomic": declared.flags.insert(.atomic)
                case "json=propsOrBool": declared.flags.insert(.propsOrBool)
                case "json=propsOrArray": declared.flags.insert(.propsOrArray)
                case "json=propsOrStrings": declared.flags.insert(.propsOrStrings)
                default:
                    guard word.hasPrefix("apiversion="), declared.kind != nil else {
                        throw SchemaError(place: place, message: "\(word) is no attribute of a type")
                    }
                    let parts = word.dropFirst(11).split(separator: "/").map(String.init)
                    declared.kind?.group = parts.count > 1 ? parts[0] : ""
                    declared.kind?.version = parts.last ?? ""
                }
            }
            types.append(declared)
        default: throw SchemaError(place: place, message: "expected group, proto, kind or type, found \(words[0])")
        }
    }

    private mutating func property(_ words: [String], _ place: String) throws(SchemaError) {
        let last = types.count - 1
        guard var kind = types[last].kind else {
            throw SchemaError(place: place, message: "\(words[0]) belongs to kinds; a field starts with its number")
        }
        let values = Array(words.dropFirst())
        switch words[0] {
        case "resource":
            guard values.count >= 3, values[2] == "namespaced" || values[2] == "cluster" else {
                throw SchemaError(place: place, message: "expected `resource PLURAL SINGULAR namespaced|cluster`")
            }
            kind.plural = values[0]
            kind.singular = values[1] == "-" ? "" : values[1]
            kind.isNamespaced = values[2] == "namespaced"
            if kind.verbs.isEmpty { kind.verbs = KindDefinition.allVerbs }
        case "short": kind.shortNames = values
        case "categories": kind.categories = values
        case "verbs": kind.verbs = values
        case "select": kind.selectable = values
        case "stored": kind.storedAs = values.first ?? ""
        case "legacy":
            kind.isLegacy = true
            kind.isServedByDefault = false
        case "storage": kind.storageHash = values.first ?? ""
        case "subresource":
            let verbs = Array(values.dropFirst().prefix { $0 != "as" })
            let other = values.firstIndex(of: "as").map { values.dropFirst($0 + 1).first ?? "" } ?? ""
            kind.subresources.append((values.first ?? "", verbs, other))
        case "column": kind.columns.append(try column(values, place))
        case "default":
            guard values.count == 3, values[1] == "=" else {
                throw SchemaError(place: place, message: "expected `default .PATH = LITERAL`")
            }
            kind.defaults.append((values[0], values[2]))
        case "nolist": types[last].hasOwnList = false
        default: throw SchemaError(place: place, message: "\(words[0]) is no property of a kind")
        }
        types[last].kind = kind
    }

    private func column(_ words: [String], _ place: String) throws(SchemaError) -> Kind.Column {
        guard words.count >= 3 else { throw SchemaError(place: place, message: "expected `column NAME TYPE SOURCE`") }
        var format = ""
        var priority: Int32 = 0
        var description = ""
        var index = 3
        while index < words.count {
            let word = words[index]
            if word == "--" {
                description = words.dropFirst(index + 1).joined(separator: " ")
                break
            } else if word.hasPrefix("format=") {
                format = String(word.dropFirst(7))
            } else if word.hasPrefix("priority="), let number = Int32(word.dropFirst(9)) {
                priority = number
            } else {
                throw SchemaError(place: place, message: "\(word) is no attribute of a column")
            }
            index += 1
        }
        return Kind.Column(
            name: SchemaFile.unquoted(words[0]), type: words[1], source: SchemaFile.unquoted(words[2]), format: format,
            priority: priority, description: description)
    }

    private func field(_ words: [String], _ place: String) throws(SchemaError) -> DeclaredField {
        guard words.count >= 3, let number = words[0] == "-" ? 0 : UInt16(words[0]) else {
            throw SchemaError(place: place, message: "expected `NUMBER NAME TYPE`")
        }
        var definition = try type(of: words[2], place)
        definition.name = words[1]
        definition.number = number
        var field = DeclaredField(definition: definition, place: place)
        var index = 3
        while index < words.count {
            if words[index] == "--" {
                field.definition.documentation = words.dropFirst(index + 1).joined(separator: " ")
                break
            }
            if words[index] == "=" {
                guard index + 1 < words.count else {
                    throw SchemaError(place: place, message: "expected a literal after =")
                }
                field.definition.defaultLiteral = words[index + 1]
                index += 2
                continue
            }
            try attribute(words[index], of: &field)
            index += 1
        }
        return field
    }

    private func type(of text: String, _ place: String) throws(SchemaError) -> FieldDefinition {
        var text = text[...]
        var flags: FieldFlags = []
        while let last = text.last, last == "?" || last == "!" {
            flags.insert(last == "?" ? .pointer : .always)
            text = text.dropLast()
        }
        var container = Multiplicity.single
        if text.hasPrefix("["), text.hasSuffix("]") { container = .list }
        if text.hasPrefix("{"), text.hasSuffix("}") { container = .map }
        if container != .single { text = text.dropFirst().dropLast() }
        guard let first = text.split(separator: ".").last?.first ?? text.first else {
            throw SchemaError(place: place, message: "expected a type")
        }
        var definition: FieldDefinition
        if let scalar = SchemaFile.scalars[String(text)] {
            definition = FieldDefinition(name: "", scalar: scalar, container: container)
        } else if first.isUppercase {
            definition = FieldDefinition(name: "", scalar: .object, container: container, reference: String(text))
        } else {
            throw SchemaError(place: place, message: "\(text) is no scalar; types begin with a capital letter")
        }
        definition.flags = flags
        return definition
    }

    private func attribute(_ word: String, of field: inout DeclaredField) throws(SchemaError) {
        func argument(_ name: String) -> [String]? {
            guard word.hasPrefix(name + "("), word.hasSuffix(")") else { return nil }
            return word.dropFirst(name.count + 1).dropLast().split(separator: ",").map(String.init)
        }
        switch word {
        case "inline": field.isInline = true
        case "required": field.definition.flags.insert(.required)
        case "list=set": field.definition.flags.insert(.listSet)
        case "list=atomic", "map=atomic", "struct=atomic": field.definition.flags.insert(.atomic)
        case "map=granular", "struct=granular": field.definition.rules.append("granular")
        case "discriminator": break
        case "merge": field.definition.flags.insert(.merge)
        case "retainkeys": field.definition.flags.insert(.retainKeys)
        case "immutable": field.definition.flags.insert(.immutable)
        case "omitzero": field.definition.flags.insert(.omitZero)
        case "published", "replace", "bare": field.definition.rules.append(word)
        default:
            if let keys = argument("list=map") {
                field.definition.flags.insert(.listMap)
                field.definition.listKeys = keys
            } else if let values = argument("enum") {
                field.definition.enumeration = values.map(SchemaFile.unquoted)
            } else if word.hasPrefix("merge=") {
                field.definition.flags.insert(.merge)
                field.definition.mergeKey = String(word.dropFirst(6))
            } else if word.hasPrefix("format=") {
                field.definition.format = String(word.dropFirst(7))
            } else if argument("union") != nil {
                field.definition.rules.append(word)
            } else if let equals = word.firstIndex(of: "="),
                SchemaFile.limits.contains(word[..<equals])
            {
                field.definition.rules.append(word)
            } else {
                throw SchemaError(place: field.place, message: "\(word) is no attribute of a field")
            }
        }
    }

    private static func unquoted(_ word: String) -> String {
        word.hasPrefix("\"") && word.hasSuffix("\"") && word.count >= 2 ? String(word.dropFirst().dropLast()) : word
    }
}
