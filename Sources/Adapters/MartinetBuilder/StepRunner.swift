/// One RUN: a program in a root file system that is mounted and writable.
package struct BuildStep: Sendable {
    package var rootfs: String
    package var arguments: [String]
    /// `name=value`.
    package var environment: [String]
    package var workingDirectory: String
    /// `user[:group]` by name or number, to be found in the root file system; empty means root.
    package var user: String

    package init(rootfs: String, arguments: [String], environment: [String], workingDirectory: String, user: String) {
        self.rootfs = rootfs
        self.arguments = arguments
        self.environment = environment
        self.workingDirectory = workingDirectory
        self.user = user
    }
}

/// Runs the steps of a build; what it is made of (containers, a chroot) is not the builder's business.
package protocol StepRunner: Sendable {
    /// Runs one step to its end and returns its exit status (128 + n after signal n). `output` gets both its streams.
    /// Whatever it mounts in the root file system must be gone when it returns.
    func run(_ step: BuildStep, output: @Sendable ([UInt8]) -> Void) throws -> Int32
}

/// For builds without RUN.
package struct NoStepRunner: StepRunner {
    package init() {}
    package func run(_ step: BuildStep, output: @Sendable ([UInt8]) -> Void) throws -> Int32 {
        throw BuildError(nil, "RUN: this build has nothing to run programs with")
    }
}
