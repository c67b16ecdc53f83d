/// The name of an image as people type it, made whole: `nginx` is `docker.io/library/nginx:latest`.
///
/// The grammar is docker's (distribution/reference, "Grammar"): `[host[:port]/]path[:tag][@digest]`.
package struct ImageReference: Hashable, Sendable, CustomStringConvertible {
    /// The registry's host and port: `docker.io`, `localhost:5000`.
    package let domain: String
    /// The repository inside the registry: `library/nginx`.
    package let path: String
    package let tag: String?
    package let digest: ContentDigest?

    package init(domain: String, path: String, tag: String?, digest: ContentDigest?) {
        self.domain = domain
        self.path = path
        self.tag = tag
        self.digest = digest
    }

    /// Reads a name. Where it has neither tag nor digest, the tag is `latest`.
    package init(_ text: String) throws(ImageError) {
        func refuse(_ reason: String) -> ImageError {
            ImageError(.invalidReference, "image name \(text.debugDescription): \(reason)")
        }
        guard !text.isEmpty else { throw refuse("is empty") }
        guard text.utf8.count <= 1024 else { throw ImageError(.invalidReference, "image name: longer than 1024 bytes") }
        var rest = text[...]
        if let at = rest.firstIndex(of: "@") {
            digest = try ContentDigest(String(rest[rest.index(after: at)...]))
            rest = rest[..<at]
        } else {
            digest = nil
        }
        // A colon after the last slash begins a tag; one before it, a port.
        let lastSlash = rest.lastIndex(of: "/")
        let afterSlash = lastSlash.map { rest.index(after: $0) } ?? rest.startIndex
        if let colon = rest[afterSlash...].firstIndex(of: ":") {
            let tag = String(rest[rest.index(after: colon)...])
            guard ImageReference.isTag(tag) else {
                throw refuse(
                    "tag \(tag.debugDescription): expected 1 to 128 letters, digits, underscores, dots or dashes, not "
                        + "beginning with a dot or a dash")
            }
            self.tag = tag
            rest = rest[..<colon]
        } else {
            tag = digest == nil ? "latest" : nil
        }
        (domain, path) = ImageReference.split(rest)
        guard ImageReference.isDomain(domain) else {
            throw refuse("\(domain.debugDescription) is no registry: expected host or host:port")
        }
        guard !path.isEmpty else { throw refuse("has no repository") }
        guard domain.utf8.count + 1 + path.utf8.count <= 255 else { throw refuse("longer than 255 bytes") }
        if path.utf8.contains(where: { (65...90).contains($0) }) {
            throw refuse("a repository is written in lower case: did you mean \(text.lowercased().debugDescription)?")
        }
        guard ImageReference.isPath(path) else {
            throw refuse(
                "repository \(path.debugDescription): expected lower-case letters and digits, between them one dot, "
                    + "one or two underscores or dashes, and slashes between the parts")
        }
        if rest.utf8.count == 64, rest.utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) }) {
            throw refuse("64 hexadecimal digits are an image's id, not a name")
        }
    }

    /// Docker's rule: the first part is a registry where it looks like a host.
    private static func split(_ text: Substring) -> (domain: String, path: String) {
        var domain = "docker.io"
        var path = String(text)
        if let slash = text.firstIndex(of: "/") {
            let first = text[..<slash]
            if first.contains(where: { $0 == "." || $0 == ":" }) || first == "localhost"
                || first.lowercased() != first
            {
                domain = String(first)
                path = String(text[text.index(after: slash)...])
            }
        }
        if domain == "index.docker.io" { domain = "docker.io" }
        if domain == "docker.io", !path.isEmpty, !path.contains("/") { path = "library/" + path }
        return (domain, path)
    }

    /// Domain and path: what a registry calls the repository, with the registry.
    package var repository: String { "\(domain)/\(path)" }

    /// The whole name, nothing left out: what the store keeps.
    package var description: String { repository + suffix }

    private var suffix: String { (tag.map { ":\($0)" } ?? "") + (digest.map { "@\($0)" } ?? "") }

    /// The shortest that means the same: what people are shown.
    package var familiar: String {
        guard domain == "docker.io" else { return description }
        return (path.hasPrefix("library/") ? String(path.dropFirst(8)) : path) + suffix
    }

    /// What a registry is asked for: the digest where there is one.
    package var target: String { digest?.description ?? tag ?? "latest" }

    package func with(tag: String) -> ImageReference {
        ImageReference(domain: domain, path: path, tag: tag, digest: nil)
    }
    package func with(digest: ContentDigest) -> ImageReference {
        ImageReference(domain: domain, path: path, tag: nil, digest: digest)
    }

    package static func isTag(_ tag: String) -> Bool {
        guard let first = tag.utf8.first, tag.utf8.count <= 128, first != 45, first != 46 else { return false }
        return tag.utf8.allSatisfy { isAlphanumeric($0) || (65...90).contains($0) || $0 == 95 || $0 == 46 || $0 == 45 }
    }

    /// A repository's path as registries take it in their addresses.
    package static func isPath(_ path: String) -> Bool {
        path.utf8.count <= 255
            && path.utf8.split(separator: 47, omittingEmptySubsequences: false).allSatisfy {
                isPathComponent(Array($0))
            }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool { (48...57).contains(byte) || (97...122).contains(byte) }

    private static func isPathComponent(_ bytes: [UInt8]) -> Bool {
        guard let first = bytes.first, let last = bytes.last, isAlphanumeric(first), isAlphanumeric(last) else {
            return false
        }
        var separator: [UInt8] = []
        for byte in bytes {
            if isAlphanumeric(byte) {
                guard
                    separator.isEmpty || separator == [46] || separator == [95] || separator == [95, 95]
                        || separator.allSatisfy({ $0 == 45 })
                else { return false }
                separator = []
            } else {
                guard byte == 46 || byte == 95 || byte == 45 else { return false }
                separator.append(byte)
            }
        }
        return true
    }

    private static func isDomain(_ domain: String) -> Bool {
        var host = domain[...]
        if domain.hasPrefix("[") {
            guard let close = domain.firstIndex(of: "]") else { return false }
            let address = domain[domain.index(after: domain.startIndex)..<close]
            guard !address.isEmpty, address.utf8.allSatisfy({ $0 == 58 || $0 == 46 || isHexadecimal($0) }) else {
                return false
            }
            let after = domain[domain.index(after: close)...]
            return after.isEmpty || (after.hasPrefix(":") && isPort(after.dropFirst()))
        }
        if let colon = domain.firstIndex(of: ":") {
            guard isPort(domain[domain.index(after: colon)...]) else { return false }
            host = domain[..<colon]
        }
        return host.utf8.split(separator: 46, omittingEmptySubsequences: false).allSatisfy { part in
            guard let first = part.first, let last = part.last, first != 45, last != 45 else { return false }
            return part.allSatisfy { isAlphanumeric($0) || (65...90).contains($0) || $0 == 45 }
        }
    }

    private static func isPort(_ text: Substring) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { (48...57).contains($0) } && (UInt16(text) ?? 0) > 0
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (97...102).contains(byte) || (65...70).contains(byte)
    }
}
