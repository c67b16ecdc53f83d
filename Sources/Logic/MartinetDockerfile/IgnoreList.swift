/// What of a build's context is left out (`.dockerignore`): the last pattern that matches decides.
package struct IgnoreList: Sendable {
    private var rules: [(pattern: PathPattern, keeps: Bool)] = []

    package init(_ content: String = "") {
        for line in content.split(whereSeparator: \.isNewline).prefix(10_000) {
            var body = text(trim(Array(line.utf8)[...]))
            if body.isEmpty || body.hasPrefix("#") { continue }
            let keeps = body.hasPrefix("!")
            if keeps { body = text(trim(Array(body.utf8).dropFirst())) }
            rules.append((PathPattern(body), keeps))
        }
    }

    /// Whether `path`, relative to the context, is left out. A folder's rule holds for all that is in it.
    package func ignores(_ path: String) -> Bool {
        let parts = path.split(separator: "/").map(String.init)
        var ignored = false
        for rule in rules where rule.keeps == ignored {
            if (1...max(1, parts.count)).contains(where: { rule.pattern.matches(Array(parts.prefix($0))) }) {
                ignored = !rule.keeps
            }
        }
        return ignored
    }

    /// Whether something below a folder that is left out may be kept after all.
    package var hasExceptions: Bool { rules.contains { $0.keeps } }
}

/// A path with `*`, `?`, `[a-z]` in its parts and `**` for any number of parts (Go, filepath.Match).
package struct PathPattern: Sendable {
    private let parts: [[UInt8]]

    package init(_ pattern: String) {
        var parts: [[UInt8]] = []
        for part in pattern.utf8.split(separator: UInt8(ascii: "/")) where !part.elementsEqual(".".utf8) {
            if part.elementsEqual("..".utf8) { _ = parts.popLast() } else { parts.append(Array(part)) }
        }
        self.parts = parts
    }

    package var isLiteral: Bool { parts.allSatisfy { !$0.contains { [42, 63, 91].contains($0) } } }

    /// Table by table, so that no pattern takes more than parts times parts.
    package func matches(_ path: [String]) -> Bool {
        var reached = Set([0])
        if parts.isEmpty { return path.isEmpty }
        func close(_ set: inout Set<Int>) {
            for index in set.sorted() {
                var next = index
                while next < parts.count, parts[next].elementsEqual("**".utf8) {
                    next += 1
                    set.insert(next)
                }
            }
        }
        close(&reached)
        for component in path {
            let bytes = Array(component.utf8)
            var following: Set<Int> = []
            for index in reached where index < parts.count {
                if parts[index].elementsEqual("**".utf8) {
                    following.insert(index)
                } else if PathPattern.matches(parts[index], bytes) {
                    following.insert(index + 1)
                }
            }
            close(&following)
            reached = following
        }
        return reached.contains(parts.count)
    }

    /// One part; the last star is the only one ever tried again.
    private static func matches(_ pattern: [UInt8], _ name: [UInt8]) -> Bool {
        var p = 0
        var n = 0
        var retry: (pattern: Int, name: Int)?
        while n < name.count {
            if p < pattern.count, pattern[p] == UInt8(ascii: "*") {
                retry = (p + 1, n)
                p += 1
            } else if p < pattern.count, let next = step(pattern, p, name[n]) {
                p = next
                n += 1
            } else if let again = retry {
                retry = (again.pattern, again.name + 1)
                p = again.pattern
                n = again.name + 1
            } else {
                return false
            }
        }
        while p < pattern.count, pattern[p] == UInt8(ascii: "*") { p += 1 }
        return p == pattern.count
    }

    /// Where the pattern goes on after it took `byte`; nil where it does not take it.
    private static func step(_ pattern: [UInt8], _ at: Int, _ byte: UInt8) -> Int? {
        switch pattern[at] {
        case UInt8(ascii: "?"): return at + 1
        case UInt8(ascii: "\\") where at + 1 < pattern.count: return pattern[at + 1] == byte ? at + 2 : nil
        case UInt8(ascii: "["):
            guard let end = pattern[(at + 1)...].dropFirst().firstIndex(of: UInt8(ascii: "]")) else { return nil }
            var set = pattern[(at + 1)..<end]
            let negated = set.first == UInt8(ascii: "^") || set.first == UInt8(ascii: "!")
            if negated { set = set.dropFirst() }
            var found = false
            while let low = set.popFirst() {
                var high = low
                if set.count >= 2, set.first == UInt8(ascii: "-") {
                    set = set.dropFirst()
                    high = set.popFirst() ?? low
                }
                if low <= byte, byte <= high { found = true }
            }
            return found != negated ? end + 1 : nil
        default: return pattern[at] == byte ? at + 1 : nil
        }
    }
}
