import Glibc

/// Where log lines go: one structured line per call, with the identity of who logs already attached.
///
/// Messages are constant and in lower case; what varies is in `fields`. See STYLE in docs/contributing.md.
package struct Log: Sendable {
    package enum Level: Int, Sendable, Comparable {
        case trace, info, warning, error
        package static func < (a: Level, b: Level) -> Bool { a.rawValue < b.rawValue }
    }

    package let component: String
    package let minimum: Level
    private let sink: @Sendable (String) -> Void

    package init(
        component: String, minimum: Level = .info, sink: @escaping @Sendable (String) -> Void = Log.standardError
    ) {
        self.component = component
        self.minimum = minimum
        self.sink = sink
    }

    /// The same log under another component's name.
    package func named(_ component: String) -> Log { Log(component: component, minimum: minimum, sink: sink) }

    package func trace(_ message: String, _ fields: [(String, String)] = []) { write(.trace, message, fields) }
    package func info(_ message: String, _ fields: [(String, String)] = []) { write(.info, message, fields) }
    package func warning(_ message: String, _ fields: [(String, String)] = []) { write(.warning, message, fields) }
    package func error(_ message: String, _ fields: [(String, String)] = []) { write(.error, message, fields) }

    private func write(_ level: Level, _ message: String, _ fields: [(String, String)]) {
        guard level >= minimum else { return }
        var line = "\(level) \(component): \(message)"
        for (key, value) in fields {
            line +=
                value.contains(where: { $0 == " " || $0 == "\n" || $0 == "\"" })
                ? " \(key)=\(value.debugDescription)" : " \(key)=\(value)"
        }
        sink(line)
    }

    /// Writes a line to standard error in one call, so that lines of several threads do not mix.
    package static let standardError: @Sendable (String) -> Void = { line in
        var text = line
        text.append("\n")
        text.withUTF8 { bytes in
            _ = Glibc.write(2, bytes.baseAddress, bytes.count)
        }
    }
}
