package import MartinetYAML

/// A kubeconfig that cannot be used, with the file and the place.
package struct KubeconfigError: Error, Hashable, Sendable, CustomStringConvertible {
    package struct Code: Hashable, Sendable {
        package let name: String
        /// A field is not of the type it should be, or one that must be there is not.
        package static let malformed = Code(name: "malformed")
        /// A context, cluster or user that something names is not there.
        package static let missing = Code(name: "missing")
        /// The name is taken by an entry that is not ours.
        package static let taken = Code(name: "taken")
    }

    package let code: Code
    package let file: String
    package let mark: Mark
    package let message: String

    package var isRetryable: Bool { false }
    package var description: String {
        let place = mark == .none ? "" : "\(mark): "
        return (file.isEmpty ? "" : "\(file): ") + place + message
    }
}
