import MartinetAPIServer
import MartinetBench

/// A load generator for any Kubernetes API server.
enum BenchProgram {
    @Sendable static func run(_ arguments: [String]) async -> Int32 {
        await Bench.run(arguments, command: ["martinet", "bench"], serve: BenchedAPIServer.run)
    }
}
