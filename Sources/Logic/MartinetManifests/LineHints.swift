import MartinetYAML

/// What a problem's line shows beyond the parser's words: templates that nobody filled in, a missing blank, typographic
/// quotes, numbers that were written otherwise than they were read.
struct LineHints {
    private let lines: [Substring]

    init(_ bytes: [UInt8]) {
        lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
    }

    func improved(_ problem: ManifestProblem) -> ManifestProblem {
        let line = text(problem.mark.line)
        let isTemplate = line.contains("{{") || problem.code == .yaml && text(problem.mark.line - 1).contains("{{")
        if isTemplate, problem.code != .unknownField, problem.code != .missing {
            return changed(problem, "\"{{ … }}\" belongs to a template: fill it in first, as helm template does", nil)
        }
        if let raw = rawScalar(problem), problem.suggestion?.hasSuffix(" in quotes") == true {
            return changed(problem, problem.message, "\"\(raw)\" in quotes")
        }
        if problem.path.hasSuffix("Mode") || problem.path.hasSuffix(".mode"), problem.code == .badValue,
            let raw = rawScalar(problem), raw.count == 3 || raw.count == 4, raw.allSatisfy({ ("0"..."7").contains($0) })
        {
            return changed(problem, "\(problem.message) (0777 in octal)", raw.first == "0" ? nil : "0\(raw)")
        }
        if let hint = documentHint(problem) { return changed(problem, "\(problem.message); \(hint)", nil) }
        guard problem.code == .yaml || problem.code == .wrongType || problem.code == .badValue else { return problem }
        if line.contains(where: { "“”‘’„".contains($0) }) {
            return changed(problem, "\(problem.message); this line has typographic quotes, YAML's are \" and '", nil)
        }
        guard problem.code == .yaml else { return problem }
        for number in max(1, problem.mark.line - 3)...max(1, problem.mark.line) {
            guard let mark = missingBlank(text(number)) else { continue }
            return changed(problem, "\(problem.message); line \(number) needs a blank after \"\(mark)\"", nil)
        }
        return problem
    }

    /// Documents that run into each other.
    private func documentHint(_ problem: ManifestProblem) -> String? {
        let line = text(problem.mark.line)
        if problem.code == .duplicateKey, line.hasPrefix("apiVersion") || line.hasPrefix("kind") {
            return "a line of \"---\" parts two documents"
        }
        guard problem.code == .yaml else { return nil }
        for number in [problem.mark.line, problem.mark.line - 1] {
            let bare = text(number).filter { !$0.isWhitespace }
            let isMarker = bare.count == 3 && text(number).hasPrefix("---")
            guard bare.count > 2, bare.allSatisfy({ $0 == "-" }), !isMarker else { continue }
            return "line \(number) should be \"---\" alone, at its beginning, to part two documents"
        }
        return nil
    }

    private func changed(_ problem: ManifestProblem, _ message: String, _ suggestion: String?) -> ManifestProblem {
        ManifestProblem(
            problem.code, file: problem.file, mark: problem.mark, path: problem.path, message: message,
            suggestion: suggestion)
    }

    private func text(_ number: Int) -> Substring {
        lines.indices.contains(number - 1) ? lines[number - 1].prefix(4096) : ""
    }

    /// The plain scalar at the place of a problem, as it is written; nil for anything else.
    private func rawScalar(_ problem: ManifestProblem) -> String? {
        let rest = text(problem.mark.line).dropFirst(problem.mark.column - 1)
        let raw = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || "+-._:".contains($0)) }
        let next = rest.dropFirst(raw.count).first
        guard !raw.isEmpty, raw.count < 40, next == nil || next?.isWhitespace == true || ",]}".contains(next ?? " ")
        else {
            return nil
        }
        return String(raw)
    }

    /// `-name: web` and `kind:Pod`: text to YAML.
    private func missingBlank(_ line: Substring) -> Character? {
        let rest = line.drop { $0 == " " }
        guard let first = rest.first else { return nil }
        func isWord(_ character: Character) -> Bool { character.isASCII && character.isLetter }
        if first == "-" { return rest.dropFirst().first.map(isWord) == true && rest.contains(":") ? "-" : nil }
        let word = rest.prefix { isWord($0) || $0.isASCII && $0.isNumber }
        guard isWord(first), let colon = rest.dropFirst(word.count).first, colon == ":" else { return nil }
        guard let next = rest.dropFirst(word.count + 1).first else { return nil }
        return next.isWhitespace || next == "/" ? nil : ":"
    }
}
