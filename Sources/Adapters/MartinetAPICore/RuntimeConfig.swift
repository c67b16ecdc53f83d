package import MartinetSchema

/// Which kinds and versions are served, as `--runtime-config` says it.
///
/// `GROUP/VERSION/RESOURCE` outweighs `GROUP/VERSION` (`v1` or `api/v1` for the core group), and that the classes `api/all`,
/// `api/ga`, `api/beta` and `api/alpha`; what is not named is served as upstream does by default. Versions that upstream has
/// dropped are served where `servesLegacy` is set or their group-version is named.
package struct RuntimeConfig: Sendable, Hashable {
    package var servesLegacy: Bool
    private var settings: [String: Bool] = [:]

    /// What upstream serves by default.
    package init(servesLegacy: Bool = false) { self.servesLegacy = servesLegacy }

    package struct Invalid: Error, Sendable, CustomStringConvertible {
        package let description: String
    }

    /// - Parameter pairs: `KEY=true`, `KEY=false`, or `KEY` alone for true.
    /// - Throws: where a key names nothing that the schema knows.
    package init(_ pairs: [String], servesLegacy: Bool = false) throws(Invalid) {
        self.servesLegacy = servesLegacy
        for pair in pairs where !pair.isEmpty {
            let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            let value = sides.count > 1 ? sides[1] : ""
            guard ["", "true", "false"].contains(value) else {
                throw Invalid(description: "runtime-config \(sides[0]): expected true or false, found \(value)")
            }
            let key = sides[0].hasPrefix("api/v") ? String(sides[0].dropFirst(4)) : sides[0]
            guard RuntimeConfig.classes.contains(key) || RuntimeConfig.known.contains(key) else {
                throw Invalid(description: "runtime-config \(key): no such group-version or resource")
            }
            settings[key] = value != "false"
        }
    }

    private static let classes: Set<String> = ["api/all", "api/ga", "api/beta", "api/alpha"]

    /// Every key that names a group-version or one of its resources.
    private static let known: Set<String> = Set(
        BuiltinResources.kinds.flatMap { [$0.apiVersion, "\($0.apiVersion)/\($0.plural)"] })

    package func serves(_ kind: Kind) -> Bool {
        let named = settings["\(kind.apiVersion)/\(kind.plural)"] ?? settings[kind.apiVersion]
        if kind.isLegacy { return named ?? servesLegacy }
        let stage = kind.version.contains("alpha") ? "alpha" : kind.version.contains("beta") ? "beta" : "ga"
        return named ?? settings["api/\(stage)"] ?? settings["api/all"] ?? kind.isServedByDefault
    }
}
