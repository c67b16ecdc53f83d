import Glibc
import MartinetBase
import MartinetEtcdServer
import MartinetEtcdStore
import MartinetStore
import MartinetStoreContract
import MartinetTransport
import Testing

/// Polls until the condition holds or the time is over.
func waitUntil(_ limit: Duration, _ condition: () -> Bool) -> Bool {
    let runtime = ProductionRuntime()
    let deadline = runtime.monotonic() + limit
    while !condition() {
        if runtime.monotonic() > deadline { return condition() }
        usleep(500)
    }
    return true
}

func harness(_ cluster: EtcdCluster, scope: String, _ change: (inout EtcdConfiguration) -> Void = { _ in }) throws
    -> StoreHarness
{
    var configuration = EtcdConfiguration(endpoints: cluster.endpoints)
    configuration.scope = scope
    configuration.log = Log(component: "etcd", sink: { _ in })
    change(&configuration)
    let runtime = ProductionRuntime()
    let store = try EtcdStore(configuration, runtime: runtime)
    return StoreHarness(store: store, runtime: runtime, wait: { waitUntil($0, $1) })
}

extension StoreHarness {
    func closeAndWait() throws {
        let closed = Recorder<Bool>()
        store.close { closed.append(true) }
        guard wait(.seconds(30), { !closed.all.isEmpty }) else { throw ContractFailure("the store does not close") }
    }
}

@Suite(.serialized, .enabled(if: EtcdPrograms.isThere, "\(EtcdPrograms.absent)"))
struct EtcdContractTests {
    @Test("the contract on one member of a real etcd", arguments: ObjectStoreContract.cases)
    func oneMember(_ testCase: ObjectStoreContract.Case) throws {
        let cluster = try EtcdCluster()
        let harness = try harness(cluster, scope: "/")
        try testCase.run(harness)
        try harness.closeAndWait()
        cluster.kill(0)
    }
}

@Suite struct ServedContractTests {
    @Test("the contract on our own service of etcd's API", arguments: ObjectStoreContract.cases)
    func served(_ testCase: ObjectStoreContract.Case) async throws {
        let runtime = ProductionRuntime()
        let store = try SQLiteStore(
            inMemory: "served", runtime: runtime, executor: ThreadExecutor(name: "test-writer"),
            configuration: SQLiteStore.Configuration(log: Log(component: "store", sink: { _ in })))
        let server = try EtcdServer(store: store, runtime: runtime)
        let loops = EventLoops(threads: 1)
        let port = try server.listen(.ip("127.0.0.1", port: 0), loops: loops)
        var configuration = EtcdConfiguration(endpoints: ["http://127.0.0.1:\(port)"])
        configuration.scope = "/"
        configuration.log = Log(component: "etcd", sink: { _ in })
        let client = try EtcdStore(configuration, runtime: runtime)
        let harness = StoreHarness(store: client, runtime: runtime, wait: { waitUntil($0, $1) })
        try testCase.run(harness)
        try harness.closeAndWait()
        await server.shutdown()
        store.close()
        await loops.shutdown()
    }
}
