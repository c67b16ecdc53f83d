import Foundation
import MartinetYAML
import Testing

/// The cases of the public YAML test suite: a broken text is refused, a whole one gives the JSON that the suite has.
@Suite(.enabled(if: Shared.folder != nil, "the folder shared is not beside the clone"))
struct SuiteTests {
    @Test func theSuiteIsReadButForWhatIsListed() throws {
        var differing: [String: String] = [:]
        var seen = 0
        for file in Shared.files("upstream-api/yaml-test-suite", ending: "yaml") {
            let name = file.deletingPathExtension().lastPathComponent
            let cases = try YAML.read(Shared.bytes(file), file: file.lastPathComponent).first?.list ?? []
            #expect(!cases.isEmpty)
            var inherited = YAMLNode(.map([]))
            for (index, item) in cases.enumerated() {
                // A later case of a file repeats what it does not say.
                for entry in item.map ?? [] { inherited[entry.key] = entry.node }
                if item["fail"] == nil { inherited["fail"] = nil }
                seen += 1
                if let difference = difference(inherited) {
                    differing[cases.count == 1 ? name : "\(name)/\(index)"] = difference
                }
            }
        }
        #expect(seen > 380)
        for (name, difference) in differing.sorted(by: { $0.key < $1.key })
        where SuiteDifferences.reasons[name] == nil {
            Issue.record("\(name): \(difference)")
        }
        for name in SuiteDifferences.reasons.keys where differing[name] == nil {
            Issue.record("\(name) is listed as differing and does not")
        }
    }

    private func difference(_ item: YAMLNode) -> String? {
        let text = unescape(item["yaml"]?.string ?? "")
        let read = Result { try YAML.read(text) }
        switch (read, item["fail"]?.bool == true, item["json"]?.string) {
        case (.success(let documents), true, _): return "broken, but read as \(documents.map { YAML.text($0) })"
        case (.failure, true, _): return nil
        case (.failure(let error), false, let json): return json == nil ? nil : "\(error)"
        case (.success, false, nil): return nil
        case (.success(let documents), false, let json?):
            guard let expected = try? YAML.readJSON(Array(json.utf8)) else { return "the suite's JSON is not read" }
            if documents.map({ normal($0.sorted()) }) == expected.map({ normal($0.sorted()) }) { return nil }
            return "\(documents.map { YAML.text($0) }) is not \(expected.map { YAML.text($0) })"
        }
    }

    /// `1.0` and `1` are the same number in JSON.
    private func normal(_ node: YAMLNode) -> YAMLNode {
        switch node.value {
        case .double(let number): Int64(exactly: number).map { YAMLNode(.int($0)) } ?? node
        case .list(let items): YAMLNode(.list(items.map { normal($0) }))
        case .map(let entries): YAMLNode(.map(entries.map { .init(key: $0.key, node: normal($0.node)) }))
        default: node
        }
    }

    /// The suite shows what cannot be seen: `␣` a space, `»` and dashes before it a tab, `↵` a line's end, `∎` the end
    /// of a text without a line's end, `←` a carriage return, `⇔` a byte order mark.
    private func unescape(_ text: String) -> String {
        var text = text.replacingOccurrences(of: "␣", with: " ")
        while let range = text.range(of: "—*»", options: .regularExpression) {
            text.replaceSubrange(range, with: "\t")
        }
        text = text.replacingOccurrences(of: "⇔", with: "\u{FEFF}").replacingOccurrences(of: "↵", with: "")
        text = text.replacingOccurrences(of: "←", with: "\r")
        return text.replacingOccurrences(of: "∎\n", with: "")
    }
}
