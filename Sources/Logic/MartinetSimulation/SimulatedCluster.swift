package import MartinetBase
package import MartinetClient

/// Components, an API server and a network under one seed and virtual time.
package final class SimulatedCluster {
    package let runtime: SimulatedRuntime
    /// Everything the components wrote.
    package let recorder: RecordingClient
    /// The API server without faults and unrecorded, for the test itself.
    package let server: any APIClient
    private var drivers: [ComponentDriver] = []
    private let log: Log
    private let client: any APIClient

    /// - Parameter makeServer: an API server that runs on the simulated runtime.
    package init(
        seed: UInt64, faults: FaultyClient.Faults = .init(), log: Log = Log(component: "simulation", minimum: .error),
        makeServer: (SimulatedRuntime) -> any APIClient
    ) {
        runtime = SimulatedRuntime(seed: seed)
        server = makeServer(runtime)
        recorder = RecordingClient(server, runtime: runtime)
        client = FaultyClient(recorder, runtime: runtime, faults: faults)
        self.log = log
    }

    /// Starts components that share a driver. Returns it, for tests that stop it again.
    @discardableResult
    package func run(_ components: [any Component]) -> ComponentDriver {
        let driver = ComponentDriver(components, client: client, runtime: runtime, log: log)
        drivers.append(driver)
        driver.start()
        return driver
    }

    /// Lets virtual time pass, at most `limit` of it, until `condition` holds; `check` runs after every step.
    package func advance(
        atMost limit: Duration, until condition: () -> Bool = { false }, check: () -> Void = {}
    ) -> Bool {
        let end = runtime.monotonic() + limit
        while !condition() {
            guard runtime.step(until: end) else { return condition() }
            check()
        }
        return true
    }
}
