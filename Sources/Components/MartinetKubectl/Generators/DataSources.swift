import MartinetCommandLine
import MartinetToolPorts

/// The keys and values of `--from-literal`, `--from-file` and `--from-env-file`.
struct DataSources {
    let context: CommandContext
    init(_ context: CommandContext) { self.context = context }

    func read() throws -> [(String, [UInt8])] {
        var data: [(String, [UInt8])] = []
        func add(_ key: String, _ value: [UInt8]) throws {
            let isKey =
                !key.isEmpty && key.utf8.count <= 253 && key != "." && key != ".."
                && key.utf8.allSatisfy {
                    $0 < 128
                        && (Character(Unicode.Scalar($0)).isLetter || (48...57).contains($0)
                            || [45, 46, 95].contains($0))
                }
            guard isKey else {
                throw KubectlError(
                    "\"\(key)\" is not a valid key name: a valid config key must consist of alphanumeric characters, "
                        + "'-', '_' or '.'")
            }
            guard !data.contains(where: { $0.0 == key }) else {
                throw KubectlError("cannot add key \"\(key)\", another key by that name already exists")
            }
            data.append((key, value))
        }
        if !context.flags.strings("from-env-file").isEmpty,
            !context.flags.strings("from-file").isEmpty || !context.flags.strings("from-literal").isEmpty
        {
            throw KubectlError("from-env-file cannot be combined with from-file or from-literal")
        }
        for source in context.flags.strings("from-file") {
            for (key, path) in try files(source) { try add(key, try context.host.readFile(path)) }
        }
        for literal in context.flags.strings("from-literal") {
            let sides = literal.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard sides.count == 2, !sides[0].isEmpty else {
                throw KubectlError("invalid literal source \(literal), expected key=value")
            }
            try add(sides[0], Array(Self.unquoted(sides[1]).utf8))
        }
        for path in context.flags.strings("from-env-file") {
            for (key, value) in try environment(path) { try add(key, Array(value.utf8)) }
        }
        return data
    }

    /// One pair of quotes around a value is not part of it.
    private static func unquoted(_ text: String) -> String {
        guard text.count >= 2, let first = text.first, first == text.last, first == "\"" || first == "'" else {
            return text
        }
        return String(text.dropFirst().dropLast())
    }

    private func files(_ source: String) throws -> [(key: String, path: String)] {
        let sides = source.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        if sides.count == 2 {
            guard !sides[0].isEmpty else { throw KubectlError("key name for file path \(sides[1]) missing") }
            guard !sides[1].isEmpty else { throw KubectlError("file path for key name \(sides[0]) missing") }
            guard context.host.isFolder(sides[1]) != true else {
                throw KubectlError("cannot give a key name for a directory path")
            }
            return [(sides[0], sides[1])]
        }
        guard context.host.isFolder(source) == true else {
            return [(source.split(separator: "/").last.map(String.init) ?? source, source)]
        }
        return try context.host.entries(of: source).filter { !$0.isFolder }.map { ($0.name, "\(source)/\($0.name)") }
    }

    private func environment(_ path: String) throws -> [(String, String)] {
        let text = String(decoding: try context.host.readFile(path), as: UTF8.self)
        return text.split(whereSeparator: \.isNewline).compactMap { line in
            let line = String(line).trimmed
            guard !line.isEmpty, !line.hasPrefix("#") else { return nil }
            let sides = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            // A name alone takes its value from here.
            return (sides[0], sides.count == 2 ? sides[1] : context.environment[sides[0]] ?? "")
        }
    }
}
