package import MartinetCEL

/// A version of semver.org, with its precedence.
final class CELSemanticVersion: CELOpaque {
    static let name = "kubernetes.Semver"
    static let type = CELType.opaque(name, [])

    private enum Part: Equatable {
        case number(UInt64)
        case text(String)
    }

    let numbers: [UInt64]
    private let release: [Part]
    private let isReleased: Bool

    var type: CELType { CELSemanticVersion.type }
    func isEqual(to other: any CELOpaque) -> Bool {
        (other as? CELSemanticVersion).map { compare($0) == 0 } ?? false
    }

    /// - Parameter normalizes: accepts a `v` in front, leading zeros, and fewer than three numbers.
    init?(_ text: String, normalizes: Bool = false) {
        let source = normalizes ? CELSemanticVersion.normalized(text) : text
        guard let source, source.utf8.count <= 1000 else { return nil }
        var rest = Substring(source)
        if let plus = rest.firstIndex(of: "+") {
            guard CELSemanticVersion.identifiers(rest[rest.index(after: plus)...]) != nil else { return nil }
            rest = rest[..<plus]
        }
        var release: [Part] = []
        if let dash = rest.firstIndex(of: "-") {
            guard let parts = CELSemanticVersion.identifiers(rest[rest.index(after: dash)...]) else { return nil }
            for part in parts {
                if part.utf8.allSatisfy({ $0 >= 48 && $0 <= 57 }) {
                    guard part.utf8.count == 1 || !part.hasPrefix("0"), let number = UInt64(part) else { return nil }
                    release.append(.number(number))
                } else {
                    release.append(.text(part))
                }
            }
            rest = rest[..<dash]
        }
        let parts = rest.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3 else { return nil }
        var numbers: [UInt64] = []
        for part in parts {
            guard !part.isEmpty, part.utf8.allSatisfy({ $0 >= 48 && $0 <= 57 }),
                part.utf8.count == 1 || !part.hasPrefix("0"), let number = UInt64(part)
            else { return nil }
            numbers.append(number)
        }
        self.numbers = numbers
        self.release = release
        isReleased = release.isEmpty
    }

    private static func identifiers(_ text: Substring) -> [String]? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let isValid = parts.allSatisfy { part in
            !part.isEmpty
                && part.utf8.allSatisfy { byte in
                    byte == 45 || (byte >= 48 && byte <= 57) || (byte | 32 >= 97 && byte | 32 <= 122)
                }
        }
        return isValid ? parts.map(String.init) : nil
    }

    private static func normalized(_ text: String) -> String? {
        let plain = text.hasPrefix("v") ? text.dropFirst() : text[...]
        var parts = plain.split(separator: ".", maxSplits: 2, omittingEmptySubsequences: false).map { part in
            guard part.utf8.count > 1 else { return String(part) }
            let trimmed = part.drop { $0 == "0" }
            let startsWithDigit = trimmed.utf8.first.map { $0 >= 48 && $0 <= 57 } ?? false
            return startsWithDigit ? String(trimmed) : "0" + trimmed
        }
        if parts.count < 3 {
            if parts[parts.count - 1].contains(where: { $0 == "+" || $0 == "-" }) { return nil }
            while parts.count < 3 { parts.append("0") }
        }
        return parts.joined(separator: ".")
    }

    func compare(_ other: CELSemanticVersion) -> Int {
        for (first, second) in zip(numbers, other.numbers) where first != second { return first < second ? -1 : 1 }
        if isReleased || other.isReleased { return isReleased == other.isReleased ? 0 : isReleased ? 1 : -1 }
        for (first, second) in zip(release, other.release) where first != second {
            switch (first, second) {
            case (.number(let first), .number(let second)): return first < second ? -1 : 1
            case (.number, .text): return -1
            case (.text, .number): return 1
            case (.text(let first), .text(let second)): return first.isTextBefore(second) ? -1 : 1
            }
        }
        return release.count == other.release.count ? 0 : release.count < other.release.count ? -1 : 1
    }
}

extension CELEnvironment {
    /// Versions. Source: apiserver's cel/library/semverlib.go, version 1.
    package mutating func addSemanticVersions() {
        let type = CELSemanticVersion.type
        declare(type: type, as: CELSemanticVersion.name)
        for (name, isTest) in [("semver", false), ("isSemver", true)] {
            let parse: @Sendable ([CELValue]) -> CELValue = { values in
                guard case .string(let text) = values[0] else { return .noSuchOverload(name) }
                var normalizes = false
                if values.count > 1, case .bool(let flag) = values[1] { normalizes = flag }
                let version = CELSemanticVersion(text, normalizes: normalizes)
                if isTest { return .bool(version != nil) }
                return version.map { .opaque($0) } ?? .failure("no semantic version")
            }
            let result: CELType = isTest ? .bool : type
            let ids =
                isTest
                ? ["is_semver_string", "is_semver_string_bool"] : ["string_to_semver", "string_bool_to_semver"]
            add(
                name,
                [
                    CELOverload(ids[0], [.string], result, .of(1, parse)),
                    CELOverload(ids[1], [.string, .bool], result, .of(2, parse)),
                ])
        }
        for (index, name) in ["major", "minor", "patch"].enumerated() {
            add(
                name,
                [
                    CELOverload(
                        "semver_\(name)", isMember: true, [type], .int,
                        .unary {
                            guard case .opaque(let value as CELSemanticVersion) = $0 else {
                                return .noSuchOverload(name)
                            }
                            return .int(Int64(truncatingIfNeeded: value.numbers[index]))
                        })
                ])
        }
        let pairs: [(String, String, CELType, @Sendable (Int) -> CELValue)] = [
            ("isGreaterThan", "semver_is_greater_than", .bool, { .bool($0 > 0) }),
            ("isLessThan", "semver_is_less_than", .bool, { .bool($0 < 0) }),
            ("compareTo", "semver_compare_to", .int, { .int(Int64($0)) }),
        ]
        for (name, id, result, function) in pairs {
            add(
                name,
                [
                    CELOverload(
                        id, isMember: true, [type, type], result,
                        .binary {
                            guard case .opaque(let first as CELSemanticVersion) = $0,
                                case .opaque(let second as CELSemanticVersion) = $1
                            else { return .noSuchOverload(name) }
                            return function(first.compare(second))
                        })
                ])
        }
    }
}
