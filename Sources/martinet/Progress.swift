import MartinetBase

/// Shows what `up` is doing, and how long each step took.
struct Progress: Sendable {
    private let runtime = ProductionRuntime()
    private let start: Duration

    init() { start = runtime.monotonic() }

    @discardableResult
    func step<T>(_ name: String, _ body: () async throws -> T) async throws -> T {
        Log.standardError("• \(name)")
        let begin = runtime.monotonic()
        let made = try await body()
        Log.standardError("  done in \(Progress.text(runtime.monotonic() - begin))")
        return made
    }

    func now(_ name: String, _ body: () throws -> Void) throws {
        Log.standardError("• \(name)")
        let begin = runtime.monotonic()
        try body()
        Log.standardError("  done in \(Progress.text(runtime.monotonic() - begin))")
    }

    private static func text(_ duration: Duration) -> String {
        let milliseconds = duration.nanoseconds / 1_000_000
        return milliseconds < 10_000 ? "\(milliseconds) ms" : "\(milliseconds / 1000) s"
    }

    func finish(_ settings: Settings, kubeconfig: String, workload: Bool) {
        print(
            """

            The cluster is up, \(Progress.text(runtime.monotonic() - start)) after the start. Its context `\(settings.name)` is in \(kubeconfig).

              kubectl get nodes
              kubectl get pods -A
            """)
        if workload {
            print("  kubectl get service hello        # its node port answers: curl http://127.0.0.1:30080")
        }
        print("  martinet down                    # ends everything and leaves nothing behind")
    }
}
