import MartinetBase
import MartinetCommandLine
import MartinetManifests
import MartinetToolPorts
import MartinetYAML

extension CommandContext {
    /// The texts that `-f` names: files, folders, standard input.
    private func manifestTexts() async throws -> [(file: String, bytes: [UInt8])] {
        guard flags.string("kustomize").isEmpty else {
            throw KubectlError("-k is not there yet in this kubectl: build the kustomization, then use -f")
        }
        var texts: [(file: String, bytes: [UInt8])] = []
        for path in flags.strings("filename") {
            if path == "-" {
                var bytes: [UInt8] = []
                while let piece = try await terminal.readInput() {
                    bytes += piece
                    if bytes.count > 256 << 20 { throw KubectlError("standard input is longer than 256 MiB") }
                }
                texts.append(("STDIN", bytes))
            } else if path.hasPrefix("http://") || path.hasPrefix("https://") {
                throw KubectlError("cannot read \(path): this kubectl fetches no URLs; save the file, then use -f FILE")
            } else {
                guard let isFolder = host.isFolder(path) else {
                    throw KubectlError("the path \"\(path)\" does not exist")
                }
                for file in isFolder ? try files(in: path) : [path] { texts.append((file, try host.readFile(file))) }
            }
        }
        return texts
    }

    private func files(in folder: String, depth: Int = 0) throws -> [String] {
        let extensions = [".json", ".yaml", ".yml"]
        var found: [String] = []
        for entry in try host.entries(of: folder) {
            let path = folder.hasSuffix("/") ? folder + entry.name : "\(folder)/\(entry.name)"
            if entry.isFolder {
                if flags.bool("recursive"), depth < 64 { found += try files(in: path, depth: depth + 1) }
            } else if extensions.contains(where: { entry.name.hasSuffix($0) }) {
                found.append(path)
            }
        }
        if found.isEmpty, depth == 0 {
            throw KubectlError("there are no .json, .yaml or .yml files in \"\(folder)\"")
        }
        return found
    }

    private var checksManifests: Bool { ["strict", "true", "warn", ""].contains(flags.string("validate")) }

    /// The objects of the files, checked. Problems are printed and end the command, unless `--validate` says otherwise.
    func manifests() async throws -> [Manifest] {
        let texts = try await manifestTexts()
        // Kinds that are not built in are asked for first; the check itself is pure.
        // Parts of objects, and what is only named to be deleted, are no objects that rules could judge.
        let asksRules = !flags.string("validate").isEmpty && !flags.bool("server-side")
        var reader = ManifestReader(asksRules: asksRules)
        var results = texts.map { reader.read($0.bytes, file: $0.file) }
        let strange = results.contains { result in
            result.problems.contains { $0.code == .unknownKind || $0.code == .wrongVersion }
        }
        if strange, let served = try? await discovery.all() {
            let known = Set(served.map { "\($0.apiVersion) \($0.kind)" })
            reader = ManifestReader(asksRules: asksRules) { known.contains("\($0) \($1)") ? .served : .absent }
            results = texts.map { reader.read($0.bytes, file: $0.file) }
        }
        let problems = results.flatMap(\.problems)
        let fatal = problems.filter { checksManifests || $0.code == .yaml || $0.code == .duplicateKey }
        let isWarning = flags.string("validate") == "warn"
        if !fatal.isEmpty {
            for problem in fatal { say("\(isWarning ? "Warning: " : "error: ")\(problem)") }
            let stops = !isWarning || fatal.contains { $0.code == .yaml || $0.code == .duplicateKey }
            if stops {
                let count = fatal.count == 1 ? "one problem" : "\(fatal.count) problems"
                throw KubectlError(
                    "nothing was sent: \(count) in the manifests"
                        + (checksManifests ? " (--validate=false leaves the check to the server)" : ""))
            }
        }
        let manifests = results.flatMap(\.manifests)
        guard !manifests.isEmpty else {
            throw KubectlError(texts.isEmpty ? "must specify one of -f and -k" : "no objects passed to this command")
        }
        return manifests
    }

    /// Where the object of a manifest lives: its resource, and its namespace or the command's.
    func target(_ manifest: Manifest) async throws -> Target {
        let resource: ResourceInfo
        if let kind = manifest.kind, dryRun == .client {
            resource = ResourceInfo(kind)
        } else if let found = try await discovery.resource(apiVersion: manifest.apiVersion, kind: manifest.kindName) {
            resource = found
        } else {
            throw KubectlError(
                "resource mapping not found for name: \"\(manifest.name)\" namespace: \"\(manifest.namespace)\" from "
                    + "\"\(manifest.file)\": no matches for kind \"\(manifest.kindName)\" in version "
                    + "\"\(manifest.apiVersion)\"\nensure CRDs are installed first", prefixed: true)
        }
        var object = manifest.node
        if resource.isNamespaced {
            if manifest.namespace.isEmpty {
                object = object.setting(["metadata", "namespace"], YAMLNode(.string(namespace)))
            } else if isNamespaceGiven, manifest.namespace != flags.string("namespace") {
                throw KubectlError(
                    "the namespace from the provided object \"\(manifest.namespace)\" does not match the namespace "
                        + "\"\(flags.string("namespace"))\". You must pass '--namespace=\(manifest.namespace)' to perform "
                        + "this operation.")
            }
        }
        return Target(
            resource, namespace: object["metadata"]?["namespace"]?.string ?? namespace,
            name: manifest.name.isEmpty ? nil : manifest.name, object: object, file: manifest.file)
    }

    func fileTargets() async throws -> [Target] {
        var targets: [Target] = []
        for manifest in try await manifests() {
            let target = try await target(manifest)
            if !selector.isEmpty, !SimpleSelector.matches(selector, target.object?["metadata"]?["labels"]) { continue }
            targets.append(target)
        }
        return targets
    }
}

/// Equality selectors over the labels of files: `a=b,c!=d,e,!f`, and the sets `a in (b,c)`.
enum SimpleSelector {
    static func matches(_ selector: String, _ labels: YAMLNode?) -> Bool {
        var depth = 0
        var terms = [""]
        for letter in selector {
            if letter == "(" { depth += 1 }
            if letter == ")" { depth -= 1 }
            if letter == ",", depth == 0 { terms.append("") } else { terms[terms.count - 1].append(letter) }
        }
        return terms.allSatisfy { term($0.trimmed, labels) }
    }

    private static func term(_ term: String, _ labels: YAMLNode?) -> Bool {
        func value(_ key: String) -> String? { labels?[key.trimmed]?.string }
        if let range = term.firstRange(of: " notin ") {
            return value(String(term[..<range.lowerBound])).map { !set(term[range.upperBound...]).contains($0) } ?? true
        }
        if let range = term.firstRange(of: " in ") {
            return value(String(term[..<range.lowerBound])).map { set(term[range.upperBound...]).contains($0) } ?? false
        }
        if let range = term.firstRange(of: "!=") {
            return value(String(term[..<range.lowerBound])) != String(term[range.upperBound...]).trimmed
        }
        if let range = term.firstRange(of: "==") ?? term.firstRange(of: "=") {
            return value(String(term[..<range.lowerBound])) == String(term[range.upperBound...]).trimmed
        }
        return term.hasPrefix("!") ? value(String(term.dropFirst())) == nil : value(term) != nil
    }

    private static func set(_ text: Substring) -> Set<String> {
        Set(text.filter { $0 != "(" && $0 != ")" }.split(separator: ",").map { String($0).trimmed })
    }
}

extension String {
    var trimmed: String {
        var rest = self[...]
        while rest.first?.isWhitespace == true { rest.removeFirst() }
        while rest.last?.isWhitespace == true { rest.removeLast() }
        return String(rest)
    }
}
