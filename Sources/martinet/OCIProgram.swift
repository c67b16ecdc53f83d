import MartinetBase
import MartinetContainers

/// The runtime's command line, which is runc's: `martinet oci …`, or this binary under the names `martinet-oci` and `runc`.
enum OCIProgram {
    @Sendable static func run(_ arguments: [String]) async -> Int32 {
        OCIRuntimeCommand.run(arguments, runtime: ProductionRuntime())
    }
}
