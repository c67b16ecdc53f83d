package import MartinetImageSpec

/// Where the images of a registry come from: containerd's `hosts.toml`, in the part that concerns mirrors, plain http and
/// authorities. What it does not know it refuses by name.
///
///     server = "https://registry-1.docker.io"
///
///     [host."https://mirror.example:5000"]
///       capabilities = ["pull", "resolve"]
///       ca = "mirror.crt"
package struct HostsFile: Sendable, Equatable {
    package struct Host: Sendable, Equatable {
        /// `https://mirror:5000`, as it was written.
        package var server: String
        package var capabilities: Set<String> = ["pull", "resolve", "push"]
        /// Files of authorities, from the folder of the file on.
        package var authorities: [String] = []
        package var skipsVerification = false
        /// The address is whole: `/v2/` is not added.
        package var overridesPath = false
    }

    /// The registry itself, asked last; nil: what the images' names say.
    package var server: Host?
    /// Mirrors, in the order of the file.
    package var mirrors: [Host] = []

    package init() {}

    package init(_ text: String, file: String) throws(ImageError) {
        var number = 0
        func refuse(_ what: String) -> ImageError { ImageError(.invalidDocument, "\(file), line \(number): \(what)") }
        var top = Host(server: "")
        var current: Host?
        for raw in text.split(separator: "\n", omittingEmptySubsequences: false) {
            number += 1
            let line = HostsFile.trimmed(HostsFile.withoutComment(raw))
            guard !line.isEmpty else { continue }
            if line.hasPrefix("[") {
                if let current { mirrors.append(current) }
                guard line.hasPrefix("[host."), line.hasSuffix("]"),
                    let name = HostsFile.quoted(line.dropFirst(6).dropLast())
                else { throw refuse("expected [host.\"https://NAME\"], found \(line.debugDescription)") }
                current = Host(server: name)
                continue
            }
            guard let equals = line.firstIndex(of: "=") else { throw refuse("expected a name, = and a value") }
            let name = HostsFile.trimmed(line[..<equals])
            let value = HostsFile.trimmed(line[line.index(after: equals)...])
            let isTop = current == nil
            var host = current ?? top
            switch name {
            case "server" where isTop:
                guard let text = HostsFile.quoted(value) else { throw refuse("server: expected a text in quotes") }
                host.server = text
            case "capabilities":
                guard let list = HostsFile.list(value) else { throw refuse("capabilities: expected a list of texts") }
                host.capabilities = Set(list)
            case "ca":
                guard let list = HostsFile.quoted(value).map({ [$0] }) ?? HostsFile.list(value) else {
                    throw refuse("ca: expected a file or a list of files")
                }
                host.authorities = list
            case "skip_verify", "override_path":
                guard value == "true" || value == "false" else { throw refuse("\(name): expected true or false") }
                if name == "skip_verify" {
                    host.skipsVerification = value == "true"
                } else {
                    host.overridesPath = value == "true"
                }
            default: throw refuse("\(name) is not supported")
            }
            if isTop { top = host } else { current = host }
        }
        if let current { mirrors.append(current) }
        if top != Host(server: "") { server = top }
    }

    private static func withoutComment(_ line: Substring) -> Substring {
        var inside = false
        for index in line.indices {
            if line[index] == "\"" { inside.toggle() }
            if line[index] == "#", !inside { return line[..<index] }
        }
        return line
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var rest = text.drop { $0.isWhitespace }
        while rest.last?.isWhitespace == true { rest.removeLast() }
        return rest
    }

    private static func quoted(_ text: Substring) -> String? {
        guard text.count >= 2, let quote = text.first, quote == "\"" || quote == "'", text.last == quote else {
            return nil
        }
        let inner = text.dropFirst().dropLast()
        guard !inner.contains(quote), !inner.contains("\\") else { return nil }
        return String(inner)
    }

    private static func list(_ text: Substring) -> [String]? {
        guard text.hasPrefix("["), text.hasSuffix("]") else { return nil }
        var all: [String] = []
        for part in text.dropFirst().dropLast().split(separator: ",") where !trimmed(part).isEmpty {
            guard let item = quoted(trimmed(part)) else { return nil }
            all.append(item)
        }
        return all
    }
}
