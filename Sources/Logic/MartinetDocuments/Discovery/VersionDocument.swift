/// What `/version` answers.
package struct VersionDocument: Sendable {
    /// The version of the API that is spoken; Martinet's own follows it as build metadata.
    package static let kubernetes = (major: 1, minor: 36, patch: 2)
    package static var gitVersion: String { "v\(kubernetes.major).\(kubernetes.minor).\(kubernetes.patch)+martinet" }

    package var gitCommit = ""
    package var buildDate = ""
    /// Such as `linux/amd64`.
    package var platform: String

    package init(platform: String) { self.platform = platform }

    package func document() -> ServedDocument {
        let (major, minor) = (String(Self.kubernetes.major), String(Self.kubernetes.minor))
        return ServedDocument(
            .object([
                "major": .string(major), "minor": .string(minor), "emulationMajor": .string(major),
                "emulationMinor": .string(minor), "minCompatibilityMajor": .string(major),
                "minCompatibilityMinor": .string(String(Self.kubernetes.minor - 1)),
                "gitVersion": .string(Self.gitVersion), "gitCommit": .string(gitCommit),
                "gitTreeState": .string("clean"), "buildDate": .string(buildDate), "goVersion": .string(""),
                "compiler": .string("swiftc"), "platform": .string(platform),
            ]))
    }
}
