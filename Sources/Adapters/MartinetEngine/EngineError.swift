/// Why the engine could not do what a pod asks; `reason` is Kubernetes' word for it.
package struct EngineError: Error, Sendable, CustomStringConvertible {
    /// `CreateContainerConfigError`, `ErrImagePull`, `ErrImageNeverPull`, `InvalidImageName`, `FailedMount`, …
    package let reason: String
    package let message: String

    package init(_ reason: String, _ message: String) {
        self.reason = reason
        self.message = message
    }

    package static func config(_ message: String) -> EngineError { EngineError("CreateContainerConfigError", message) }
    package static func mount(_ message: String) -> EngineError { EngineError("FailedMount", message) }
    package var description: String { message }
}
