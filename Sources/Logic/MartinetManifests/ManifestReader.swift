package import MartinetSchema
package import MartinetYAML

/// Reads the files that people write: every document is checked against the schema, and every problem is told.
package struct ManifestReader: Sendable {
    /// What a caller knows about kinds that are not built in, or not served.
    package enum Knowledge: Sendable {
        /// The server has it.
        case served
        /// The server does not have it.
        case absent
        /// Nobody was asked.
        case unknown
    }

    /// Whether the server has a kind; `.unknown` where there is none to ask.
    package typealias Lookup = @Sendable (_ apiVersion: String, _ kind: String) -> Knowledge

    let schema: Schema
    let lookup: Lookup
    /// Whether the rules of the server are asked too, as for what is about to be made whole.
    let asksRules: Bool
    /// More problems than this are not collected: nobody reads them.
    package static let problemsMax = 200

    package init(
        schema: Schema = .builtin, asksRules: Bool = true, lookup: @escaping Lookup = { _, _ in .unknown }
    ) {
        self.schema = schema
        self.asksRules = asksRules
        self.lookup = lookup
    }

    package struct Result: Sendable {
        package var manifests: [Manifest] = []
        package var problems: [ManifestProblem] = []
    }

    /// Reads one file; a document that cannot be parsed does not hide the problems of the others.
    package func read(_ bytes: [UInt8], file: String) -> Result {
        var result = Result()
        for part in Self.documents(bytes, file: file, &result.problems) {
            check(part, file: file, &result)
        }
        if !result.problems.isEmpty {
            let hints = LineHints(bytes)
            result.problems = result.problems.map(hints.improved)
        }
        if result.problems.count > Self.problemsMax {
            result.problems.removeLast(result.problems.count - Self.problemsMax)
        }
        return result
    }

    /// A document that is there already, such as the answer of a server.
    package func check(_ node: YAMLNode, file: String, _ result: inout Result) {
        if node.isNull { return }
        if node["kind"]?.string == "List", node["apiVersion"]?.string == "v1", let items = node["items"]?.list {
            for item in items { check(item, file: file, &result) }
            return
        }
        var checker = ManifestChecker(reader: self, file: file)
        let kind = checker.document(node)
        result.problems += checker.problems
        // Faults of form are told first; the rules are asked of what can be read all the same.
        if asksRules, let kind, checker.problems.allSatisfy({ $0.code != .wrongVersion && $0.code != .unknownKind }) {
            result.problems += RuleCheck.problems(node, kind, file: file, told: checker.problems)
        }
        result.manifests.append(Manifest(file: file, node: node, kind: kind))
    }

    /// The documents of a text. Where the text as a whole cannot be read, each document alone, at its own lines.
    private static func documents(
        _ bytes: [UInt8], file: String, _ problems: inout [ManifestProblem]
    ) -> [YAMLNode] {
        let whole: YAMLError
        do {
            return try YAML.read(bytes, file: file)
        } catch {
            whole = error
        }
        let parts = split(bytes)
        guard parts.count > 1 else {
            problems.append(ManifestProblem(whole, file: file))
            return []
        }
        var nodes: [YAMLNode] = []
        var failed = false
        for part in parts {
            do {
                nodes += try YAML.read(part, file: file)
            } catch {
                failed = true
                problems.append(ManifestProblem(error, file: file))
            }
        }
        if !failed { problems.append(ManifestProblem(whole, file: file)) }
        return nodes
    }

    /// Cuts at lines that are `---`. Each part begins with as many empty lines as stood before it.
    private static func split(_ bytes: [UInt8]) -> [[UInt8]] {
        let linesMax = 100_000
        var parts: [[UInt8]] = [[]]
        var count = 0
        for line in bytes.split(separator: 10, omittingEmptySubsequences: false) {
            count += 1
            if line.starts(with: [45, 45, 45]), line.dropFirst(3).allSatisfy({ $0 == 32 || $0 == 13 }) {
                guard parts.count < 100, count < linesMax else { return [bytes] }
                parts.append(Array(repeating: 10, count: count))
            } else {
                parts[parts.count - 1] += line
                parts[parts.count - 1].append(10)
            }
        }
        return parts.filter { part in part.contains { $0 != 10 && $0 != 32 && $0 != 13 } }
    }
}
