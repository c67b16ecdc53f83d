package import MartinetDockerfile

/// Why a build failed, and at which instruction.
package struct BuildError: Error, Sendable, CustomStringConvertible {
    package let place: SourcePlace?
    package let message: String
    package let cause: (any Error)?

    package init(_ place: SourcePlace?, _ message: String, cause: (any Error)? = nil) {
        self.place = place
        self.message = message
        self.cause = cause
    }

    package var description: String {
        (place.map { "\($0): " } ?? "") + message + (cause.map { ": \($0)" } ?? "")
    }
}
