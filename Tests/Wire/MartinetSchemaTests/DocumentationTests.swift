import MartinetSchema
import MartinetTesting
import Testing

/// The lines of documentation in `API/`: all there, saying something, and our own.
@Suite struct DocumentationTests {
    /// Each type that objects of a served kind are made of.
    private static let types: [ObjectType] = {
        var found: [ObjectType] = []
        var seen: Set<String> = []
        var queue = Schema.builtin.kinds.filter { !$0.plural.isEmpty }.flatMap {
            [$0.type] + ($0.listType.map { [$0] } ?? [])
        }
        while let type = queue.popLast() {
            guard seen.insert(type.name).inserted else { continue }
            found.append(type)
            queue += type.fields.compactMap(\.type)
        }
        return found.sorted { $0.name < $1.name }
    }()

    /// The type, the field's name (empty for the type itself) and the text.
    private static let lines: [(type: String, field: String, text: String)] = types.flatMap { type in
        [(type.name, "", type.documentation)]
            + type.fields.map { (type.name, $0.name, type.documentation(of: $0)) }
    }

    @Test func everyFieldOfAServedKindSaysWhatItIs() {
        #expect(Self.lines.count > 3000)
        #expect(Self.lines.filter { $0.text.isEmpty }.map { "\($0.type).\($0.field)" } == [])
        #expect(Self.lines.filter { $0.text.utf8.count > 210 }.map { "\($0.type).\($0.field)" } == [])
    }

    private static let fillers: Set<String> = [
        "a", "all", "an", "and", "any", "are", "as", "at", "be", "by", "each", "for", "from", "has", "have", "how",
        "if",
        "in", "into", "is", "it", "its", "may", "must", "no", "not", "of", "on", "one", "only", "or", "other", "so",
        "such",
        "than", "that", "the", "them", "then", "these", "they", "this", "those", "to", "what", "when", "where", "which",
        "who", "whose", "with",
    ]

    /// `podCIDRs` → pod, cidrs, cidr; `spec.replicas` → spec, replicas, replica
    private static func words(of text: String) -> [String] {
        var words: [String] = []
        var word = ""
        var wasLower = false
        for character in text {
            let isWord = character.isASCII && (character.isLetter || character.isNumber)
            if !isWord || (character.isUppercase && wasLower) {
                if !word.isEmpty { words.append(word.lowercased()) }
                word = ""
            }
            if isWord { word.append(character) }
            wasLower = isWord && !character.isUppercase
        }
        return word.isEmpty ? words : words + [word.lowercased()]
    }

    private static func stem(_ word: String) -> Substring { word.hasSuffix("s") ? word.dropLast() : word[...] }

    @Test func noTextMerelyRepeatsTheName() {
        let poor = Self.lines.filter { line in
            let name = line.field.isEmpty ? String(line.type.split(separator: ".").last ?? "") : line.field
            let known = Set(Self.words(of: name).map { Self.stem($0) })
            let rest = Self.words(of: line.text).filter { !Self.fillers.contains($0) && !known.contains(Self.stem($0)) }
            return rest.count < 3
        }
        #expect(poor.map { "\($0.type).\($0.field): \($0.text)" } == [])
    }

    private static let folder = "upstream-api/openapi-v3"
    private static let documents = SharedFiles.names(in: folder, suffix: ".json")

    @Test(.enabled(if: !documents.isEmpty, "upstream's texts are not beside this clone"))
    func noTextIsUpstreams() {
        var theirs: Set<[String]> = []
        for name in Self.documents { Self.collect(SharedFiles.read("\(Self.folder)/\(name).json"), into: &theirs) }
        #expect(theirs.count > 2000)
        let same = Self.lines.filter { theirs.contains(Self.words(of: $0.text)) }
        #expect(same.map { "\($0.type).\($0.field): \($0.text)" } == [])
    }

    /// The texts of all `"description": "…"` in a document. Where one holds a quote, the part before it is compared.
    private static func collect(_ document: [UInt8], into texts: inout Set<[String]>) {
        let key = Array("\"description\": \"".utf8)
        let compact = Array("\"description\":\"".utf8)
        var index = 0
        while let start = document[index...].firstIndex(of: UInt8(ascii: "\"")) {
            index = start + 1
            let rest = document[start...]
            guard let length = [key, compact].first(where: { rest.starts(with: $0) })?.count else { continue }
            let text = document[(start + length)...].prefix { $0 != UInt8(ascii: "\"") }
            texts.insert(words(of: String(decoding: text, as: UTF8.self)))
            index = text.endIndex
        }
    }
}
