/// Warnings as headers (RFC 7234, section 5.5), with upstream's code and agent.
///
/// A text counts once. What a header cannot hold is left out: no name in somebody's object may begin a header of its own.
enum WarningHeaders {
    /// When they are more than this together, each is cut.
    private static let charactersMax = 4 << 10
    private static let charactersMaxWhenCut = 256

    static func fields(_ warnings: [String]) -> [(String, String)] {
        guard !warnings.isEmpty else { return [] }
        var seen: Set<String> = []
        let texts = warnings.filter { text in
            !text.isEmpty && !text.unicodeScalars.contains { $0.properties.generalCategory == .control }
                && seen.insert(text).inserted
        }
        let isTooMuch = texts.reduce(0) { $0 + $1.unicodeScalars.count } > charactersMax
        var room = charactersMax
        var fields: [(String, String)] = []
        for text in texts {
            var text = text
            if isTooMuch {
                guard room > 0 else { break }
                text = String(String.UnicodeScalarView(text.unicodeScalars.prefix(charactersMaxWhenCut)))
                room -= text.unicodeScalars.count
            }
            let quoted = text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
            fields.append(("warning", "299 - \"\(quoted)\""))
        }
        return fields
    }
}
